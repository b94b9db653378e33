/** Where the players of a hero room stand: in circles round the button.  Pure geometry, in per cent of the scene. */

export interface Spot {
  readonly x: number;
  readonly y: number;
}

export interface CrowdPlan {
  /** The photo's diameter in pixels of a scene that is `SCENE_WIDTH` wide. */
  readonly avatar: number;
  /** There is room for names, and for fingers. */
  readonly isRoomy: boolean;
  readonly spots: readonly Spot[];
}

export const SCENE_WIDTH = 360;
export const SCENE_HEIGHT = 300;

interface Ring {
  readonly rx: number;
  readonly ry: number;
}

const ROOMY: Ring = { rx: 142, ry: 106 };
const ONE: Ring = { rx: 152, ry: 122 };
const OUTER: Ring = { rx: 163, ry: 134 };
const INNER: Ring = { rx: 115, ry: 91 };
const MOST_ROOMY = 10;
const MOST_IN_ONE = 20;
const STEPS = 720;

export function planCrowd(count: number): CrowdPlan {
  if (count <= MOST_ROOMY) return { avatar: 44, isRoomy: true, spots: along(ROOMY, count) };
  if (count <= MOST_IN_ONE) return { avatar: 36, isRoomy: false, spots: along(ONE, count) };
  // Each circle takes as many as its length has room for.
  const [outer, inner] = [lengthOf(OUTER), lengthOf(INNER)];
  const outside = Math.round((count * outer) / (outer + inner));
  return {
    avatar: 28,
    isRoomy: false,
    spots: [...along(OUTER, outside), ...along(INNER, count - outside)],
  };
}

/** `count` places at equal distances along an ellipse round the middle, from the top on with the clock. */
function along(ring: Ring, count: number): Spot[] {
  const lengths = [0];
  for (let step = 1; step <= STEPS; step++) {
    const [a, b] = [at(ring, (step - 1) / STEPS), at(ring, step / STEPS)];
    lengths.push((lengths[step - 1] ?? 0) + Math.hypot(a.x - b.x, a.y - b.y));
  }
  const total = lengths[STEPS] ?? 0;
  return Array.from({ length: count }, (_, seat) => {
    const step = lengths.findIndex((length) => length >= (total * seat) / count - 1e-9);
    const { x, y } = at(ring, step / STEPS);
    return { x: 50 + (x / SCENE_WIDTH) * 100, y: 50 + (y / SCENE_HEIGHT) * 100 };
  });
}

function lengthOf(ring: Ring): number {
  return 2 * Math.PI * Math.sqrt((ring.rx ** 2 + ring.ry ** 2) / 2);
}

function at({ rx, ry }: Ring, part: number): Spot {
  const angle = 2 * Math.PI * part;
  return { x: rx * Math.sin(angle), y: -ry * Math.cos(angle) };
}
