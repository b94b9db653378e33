import { describe, expect, it } from "vitest";
import { Herald } from "./herald";

describe("the reactions that are read out", () => {
  it("are those for this player, one in a while", () => {
    const herald = new Herald("me");
    const said = [
      { from: "ben", to: "chloe", atMs: 0 },
      { from: "me", to: "me", atMs: 100 },
      { from: "ben", to: "me", atMs: 200 },
      { from: "ben", to: "me", atMs: 300 },
      { from: "chloe", to: "me", atMs: 4100 },
      { from: "chloe", to: "me", atMs: 4200 },
    ].filter(({ atMs, ...reaction }) => herald.says(reaction, atMs));
    expect(said.map(({ atMs }) => atMs)).toEqual([200, 4200]);
  });
});
