import { describe, expect, it } from "vitest";
import type { Bonus, BonusRun } from "../protocol/generated";
import { formatLong, laterRun, neededPace, partDone } from "./progress";

const RUN: BonusRun = {
  taps: 50,
  goal: 1_000_000,
  started_ms: 1000,
  ends_ms: 2000,
  state: "running",
  seq: 5,
  reason: null,
  reward: 7700,
  held: false,
};

describe("what is shown of a bonus run", () => {
  it("never goes back", () => {
    expect(laterRun(RUN, { ...RUN, taps: 40, seq: 4 })).toBe(RUN);
    expect(laterRun(RUN, { ...RUN, started_ms: 1, state: "expired" })).toBe(RUN);
    const over: BonusRun = { ...RUN, state: "cancelled", reason: "player" };
    expect(laterRun(over, { ...RUN, taps: 60, seq: 6 })).toBe(over);
  });

  it("goes on", () => {
    expect(laterRun(RUN, { ...RUN, taps: 60, seq: 6 })).toMatchObject({ taps: 60, seq: 6 });
    expect(laterRun(RUN, { ...RUN, state: "done", held: true })).toMatchObject({ held: true });
    expect(laterRun(RUN, { ...RUN, started_ms: 1500, taps: 0, seq: 0 })?.started_ms).toBe(1500);
    expect(laterRun(null, RUN)).toBe(RUN);
  });

  it("keeps the reward where the socket says nothing of it", () => {
    const { goal, started_ms, ends_ms, state, reason } = RUN;
    const frame: Bonus = {
      ...{ type: "bonus", goal, started_ms, ends_ms, state, reason },
      ...{ taps: 60, seq: 6 },
    };
    expect(laterRun({ ...RUN, held: true }, frame)).toEqual({
      ...RUN,
      taps: 60,
      seq: 6,
      held: true,
    });
    expect(laterRun(null, frame)).toBeNull();
  });
});

describe("how a run goes", () => {
  it("is shown in parts, pace and time", () => {
    expect(partDone(250_000, 1_000_000)).toBe(0.25);
    expect(partDone(2, 1)).toBe(1);
    expect(neededPace(0, 1_000_000, 86_400_000)).toBe(11.6);
    expect(neededPace(1_000_000, 1_000_000, 1000)).toBe(0);
    expect(neededPace(0, 1, 0)).toBeNull();
    expect(formatLong(86_399)).toBe("23:59:59");
    expect(formatLong(5)).toBe("00:00:05");
  });
});
