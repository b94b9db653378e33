import { describe, expect, it } from "vitest";
import { seatPositions } from "./seat-positions";

describe("seats", () => {
  it.each([1, 2, 5, 10, 50])(
    "%i of them stand in a half circle, left to right, evenly",
    (count) => {
      const seats = seatPositions(count);
      expect(seats).toHaveLength(count);
      const xs = seats.map(({ x }) => x);
      expect(xs).toEqual(xs.toSorted((a, b) => a - b));
      const gaps = seats.slice(1).map((seat, i) => {
        const before = seats[i] ?? seat;
        return Math.hypot(seat.x - before.x, seat.y - before.y);
      });
      // Chords of a bent line differ a little even where the walks along it do not.
      if (gaps.length > 0) expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThan(10);
    },
  );

  it("puts a lone player on top", () => {
    expect(seatPositions(1)[0]?.x).toBeCloseTo(50, 0);
  });
});
