/**
 * The button's answer to a tap, painted past React with the next frame.
 *
 * Owns a fixed set of elements that are used again and again: however long a game is, the page grows by nothing.  All
 * of it moves by transform and opacity, which costs no layout, and the measures it needs are taken once.  One
 * motion of an element ends where the next begins: two at once the browser would run on the page's thread.
 */
import { stillness } from "../ui/stillness";
import { Rhythm } from "./rhythm";

const FLOATING = 12;
const FLOAT_MS = 560;
const PRESS_MS = 120;
const COOL_MS = 900;

export class TapFeedback {
  private readonly button: HTMLElement;
  private readonly glow: HTMLElement;
  private readonly floats: readonly HTMLElement[];
  private readonly rhythm = new Rhythm();
  private next = 0;
  private pressing: Animation | undefined;
  private glowing: Animation | undefined;
  private box = new DOMRect();
  private readonly watcher: ResizeObserver;
  private readonly measure = (): void => {
    this.box = this.button.getBoundingClientRect();
  };

  constructor(button: HTMLElement, glow: HTMLElement, layer: HTMLElement) {
    this.button = button;
    this.glow = glow;
    this.floats = Array.from({ length: FLOATING }, () => {
      const float = document.createElement("i");
      float.textContent = "+1";
      return float;
    });
    layer.replaceChildren(...this.floats);
    // Told after a layout, so that measuring costs none; a tap must not.
    this.watcher = new ResizeObserver(this.measure);
    this.watcher.observe(button);
    this.watcher.observe(document.body);
  }

  dispose(): void {
    this.watcher.disconnect();
  }

  /** `x`, `y`: where the finger is in the window; null for a key. */
  tap(x: number | null, y: number | null, nowMs: number): void {
    const heat = this.rhythm.tap(nowMs);
    if (stillness.matches) return;
    const { left, top, width, height } = this.box;
    this.press(heat);
    this.float(x === null ? width / 2 : x - left, y === null ? height / 3 : y - top);
  }

  private press(heat: number): void {
    const deep = `translateY(${(3 + 4 * heat).toFixed(1)}px) scale(${(0.985 - 0.015 * heat).toFixed(3)})`;
    this.pressing?.cancel();
    this.pressing = this.button.animate([{ transform: deep }, { transform: "none" }], {
      duration: PRESS_MS,
      easing: "ease-out",
    });
    this.glowing?.cancel();
    this.glowing = this.glow.animate(
      [
        { opacity: heat, transform: `scale(${(1 + 0.16 * heat).toFixed(3)})` },
        { opacity: 0, transform: "scale(1)" },
      ],
      { duration: COOL_MS, easing: "ease-out" },
    );
  }

  private float(x: number, y: number): void {
    const float = this.floats[this.next];
    this.next = (this.next + 1) % FLOATING;
    const at = (rise: number, scale: number): string =>
      `translate(${x.toFixed(0)}px, ${(y - rise).toFixed(0)}px) translate(-50%, -50%) scale(${scale})`;
    float?.animate(
      [
        { opacity: 1, transform: at(16, 1) },
        { opacity: 1, transform: at(60, 1.15), offset: 0.55 },
        { opacity: 0, transform: at(100, 1.2) },
      ],
      { duration: FLOAT_MS, easing: "ease-out" },
    );
  }
}
