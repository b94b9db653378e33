/** Where the seats of a room stand: pure geometry, in per cent of the scene. */

export interface Position {
  readonly x: number;
  readonly y: number;
}

const CENTRE: Position = { x: 50, y: 75 };
const RADIUS_X = 40.5;
const RADIUS_Y = 66.5;
/** The arc is walked in steps this small to measure it. */
const STEPS = 720;

/** `count` places at equal distances along the upper half of an ellipse, from the left to the right. */
export function seatPositions(count: number): Position[] {
  const points = Array.from({ length: STEPS + 1 }, (_, step) => at(step / STEPS));
  const lengths = [0];
  for (const [index, point] of points.entries()) {
    const before = points[index - 1];
    if (before) lengths.push((lengths[index - 1] ?? 0) + distance(before, point));
  }
  const total = lengths[STEPS] ?? 0;
  return Array.from({ length: count }, (_, seat) => {
    const wanted = count === 1 ? total / 2 : (total * seat) / (count - 1);
    const step = lengths.findIndex((length) => length >= wanted - 1e-9);
    return points[step] ?? at(1);
  });
}

/** From the left end (0) over the top to the right end (1). */
function at(part: number): Position {
  const angle = Math.PI * (1 - part);
  return {
    x: CENTRE.x + RADIUS_X * Math.cos(angle),
    y: CENTRE.y - RADIUS_Y * Math.sin(angle),
  };
}

function distance(a: Position, b: Position): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
