/** A burst of paper for the winner, on a canvas of its own that is gone when it has fallen. */

const PIECES = 90;
const LASTS_MS = 2200;
const GRAVITY = 620;
const COLOURS = ["#ffc24b", "#ff9f0f", "#ffe9b5", "#7da2ff", "#f3f5fa"];

interface Piece {
  readonly x: number;
  readonly y: number;
  readonly vx: number;
  readonly vy: number;
  readonly size: number;
  readonly spin: number;
  readonly colour: string;
}

/** The answer ends it early. */
export function throwConfetti(canvas: HTMLCanvasElement): () => void {
  const context = canvas.getContext("2d");
  if (!context) return () => undefined;
  const { clientWidth: width, clientHeight: height } = canvas;
  // Paper needs no finer pixels than these, however fine the screen's are.
  const scale = Math.min(2, window.devicePixelRatio);
  canvas.width = width * scale;
  canvas.height = height * scale;
  context.scale(scale, scale);
  const pieces = Array.from({ length: PIECES }, (): Piece => {
    const angle = -Math.PI / 2 + (Math.random() - 0.5) * 2.2;
    const speed = 220 + Math.random() * 420;
    return {
      x: width / 2,
      y: height * 0.28,
      vx: Math.cos(angle) * speed,
      vy: Math.sin(angle) * speed,
      size: 5 + Math.random() * 6,
      spin: (Math.random() - 0.5) * 14,
      colour: COLOURS[Math.floor(Math.random() * COLOURS.length)] ?? "#fff",
    };
  });
  const startedAt = performance.now();
  let frame = requestAnimationFrame(function draw(now: number) {
    const ms = Math.max(0, now - startedAt);
    const s = ms / 1000;
    context.clearRect(0, 0, width, height);
    if (ms >= LASTS_MS) return;
    context.globalAlpha = Math.min(1, (LASTS_MS - ms) / 600);
    for (const { x, y, vx, vy, size, spin, colour } of pieces) {
      // The air slows paper down sideways.
      const drag = (1 - Math.exp(-1.6 * s)) / 1.6;
      context.save();
      context.translate(x + vx * drag, y + vy * drag + (GRAVITY * s * s) / 2.6);
      context.rotate(spin * s);
      context.fillStyle = colour;
      context.fillRect(-size / 2, (-size / 4) * Math.cos(spin * s), size, size / 2);
      context.restore();
    }
    frame = requestAnimationFrame(draw);
  });
  return () => {
    cancelAnimationFrame(frame);
  };
}
