import { describe, expect, it } from "vitest";
import { planCrowd, SCENE_HEIGHT, SCENE_WIDTH } from "./crowd-positions";

/** The round button in the middle. */
const BUTTON_RADIUS = 56;
/** Of a name under a photo. */
const NAME_HEIGHT = 18;
const COUNTS = Array.from({ length: 50 }, (_, index) => index + 1);

describe("the places of a crowd", () => {
  it.each(COUNTS)("of %i overlap neither each other, nor the button, nor the edge", (count) => {
    const { spots, avatar, isRoomy } = planCrowd(count);
    expect(spots).toHaveLength(count);
    const places = spots.map(({ x, y }) => ({
      x: (x / 100) * SCENE_WIDTH,
      y: (y / 100) * SCENE_HEIGHT,
    }));
    for (const [index, { x, y }] of places.entries()) {
      expect(Math.min(x, SCENE_WIDTH - x)).toBeGreaterThanOrEqual(avatar / 2);
      expect(y).toBeGreaterThanOrEqual(avatar / 2);
      const below = SCENE_HEIGHT - y - avatar / 2;
      expect(below).toBeGreaterThanOrEqual(isRoomy ? NAME_HEIGHT : 0);
      const fromMiddle = Math.hypot(x - SCENE_WIDTH / 2, y - SCENE_HEIGHT / 2);
      expect(fromMiddle).toBeGreaterThanOrEqual(BUTTON_RADIUS + avatar / 2);
      for (const other of places.slice(index + 1)) {
        expect(Math.hypot(x - other.x, y - other.y)).toBeGreaterThanOrEqual(avatar);
      }
    }
  });
});
