import { describe, expect, it } from "vitest";
import type { Leaderboard } from "../protocol/generated";
import { Boards } from "./boards";

const board = (won: number): Leaderboard => ({
  period: "today",
  entries: [],
  me: { place: null, won },
});

describe("boards", () => {
  it("keep what was heard while the next answer fails, and forget the failure with the next one", async () => {
    const answers = [
      Promise.resolve(board(1)),
      Promise.reject(new TypeError("no network")),
      Promise.resolve(board(2)),
    ];
    const boards = new Boards(
      () => answers.shift() ?? Promise.reject(new Error("asked too often")),
    );
    await boards.load("today");
    await boards.load("today");
    expect(boards.states.get().today).toEqual({ board: board(1), failure: { message: null } });
    await boards.load("today");
    expect(boards.states.get().today).toEqual({ board: board(2), failure: null });
    expect(boards.states.get().week).toEqual({ board: null, failure: null });
  });
});
