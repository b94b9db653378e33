import { describe, expect, it } from "vitest";
import type { Player } from "../../protocol/generated";
import { leadingTaps, scaleOf, positionOf } from "./race";

function player(user_id: string, taps: number, state: Player["state"] = "paid"): Player {
  return { user_id, name: user_id, photo_url: null, taps, seq: 0, state, place: null };
}

describe("how one stands", () => {
  const others = [player("ben", 30), player("chloe", 50), player("cheat", 99, "blocked")];

  it("counts one's own taps before the server does, and leaves the blocked out", () => {
    const players = [player("me", 10), ...others];
    expect(positionOf(players, "me", 10)).toEqual({ place: 3, lead: -40 });
    expect(positionOf(players, "me", 40)).toEqual({ place: 2, lead: -10 });
    expect(positionOf(players, "me", 52)).toEqual({ place: 1, lead: 2 });
  });

  it("is nothing for the blocked and for those who watch", () => {
    expect(positionOf([player("me", 60, "blocked"), ...others], "me", 60)).toBeNull();
    expect(positionOf(others, "me", 0)).toBeNull();
  });

  it("has a leader once somebody has tapped", () => {
    expect(leadingTaps([player("ben", 0), player("cheat", 9, "blocked")])).toBeNull();
    expect(leadingTaps(others)).toBe(50);
  });

  it("measures the bars against the target, or against a scale that grows in steps", () => {
    expect(scaleOf(200, 17)).toBe(200);
    expect([0, 120, 121, 138, 139, 400].map((best) => scaleOf(null, best))).toEqual([
      120, 120, 138, 138, 159, 422,
    ]);
  });
});
