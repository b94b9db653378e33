import { expect, it } from "vitest";
import { hasEqual } from "./tie";

const line = (place: number | null, taps: number) => ({
  user_id: String(place),
  place,
  taps,
  prize: 0,
});

it("is among those who have a place", () => {
  expect(hasEqual([line(1, 30), line(2, 25), line(3, 25)])).toBe(true);
  expect(hasEqual([line(1, 30), line(2, 25), line(null, 25)])).toBe(false);
});
