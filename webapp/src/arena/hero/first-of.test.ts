import { describe, expect, it } from "vitest";
import type { Player } from "../../protocol/generated";
import { firstOf } from "./first-of";

function player(user_id: string, taps: number, state: Player["state"] = "paid"): Player {
  return { user_id, name: user_id, photo_url: null, taps, seq: 0, state, place: null };
}

describe("the first of a crowd", () => {
  it("are those with the most taps, as they sit where they are equal", () => {
    const crowd = [
      player("a", 5),
      player("cheat", 99, "blocked"),
      player("b", 9),
      player("c", 5),
      player("idle", 0),
    ];
    expect(firstOf(crowd, 3).map(({ user_id }) => user_id)).toEqual(["b", "a", "c"]);
    expect(firstOf(crowd.slice(-1), 3)).toEqual([]);
  });
});
