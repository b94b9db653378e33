import { describe, expect, it } from "vitest";
import type { Leaderboard } from "../protocol/generated";
import { Leaderboards } from "./leaderboards";

const leaderboard = (won: number): Leaderboard => ({
  period: "today",
  entries: [],
  me: { place: null, won },
});

describe("leaderboards", () => {
  it("keep what was heard while the next answer fails, and forget the failure with the next one", async () => {
    const answers = [
      Promise.resolve(leaderboard(1)),
      Promise.reject(new TypeError("no network")),
      Promise.resolve(leaderboard(2)),
    ];
    const leaderboards = new Leaderboards(
      () => answers.shift() ?? Promise.reject(new Error("asked too often")),
    );
    await leaderboards.load("today");
    await leaderboards.load("today");
    expect(leaderboards.states.get().today).toEqual({
      leaderboard: leaderboard(1),
      failure: { message: null },
    });
    await leaderboards.load("today");
    expect(leaderboards.states.get().today).toEqual({ leaderboard: leaderboard(2), failure: null });
    expect(leaderboards.states.get().week).toEqual({ leaderboard: null, failure: null });
  });
});
