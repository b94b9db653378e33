import { describe, expect, it } from "vitest";
import { backoffMs, type Input, type Phase, step } from "./machine";

const MIDDLE = 0.5;

function run(phase: Phase, ...inputs: Input[]): Phase {
  return inputs.reduce((now, input) => step(now, input, MIDDLE).phase, phase);
}

const START: Input = { type: "start" };
const LOST: Input = { type: "closed", code: 1006 };
const RETRY: Input = { type: "retry" };

describe("the connection", () => {
  it("opens, says hello and is online once welcomed", () => {
    const opened = step(run({ name: "idle" }, START), { type: "opened" }, MIDDLE);
    expect(opened.effects).toEqual([{ type: "hello" }]);
    expect(run(opened.phase, { type: "welcomed" })).toEqual({ name: "online" });
  });

  it("waits 200 ms, 1 s, 2 s and then 5 s each time", () => {
    let phase: Phase = { name: "online" };
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      const lost = step(phase, LOST, MIDDLE);
      waits.push(...lost.effects.flatMap((effect) => (effect.type === "wait" ? [effect.ms] : [])));
      phase = run(lost.phase, RETRY);
    }
    expect(waits).toEqual([200, 1000, 2000, 5000, 5000, 5000]);
  });

  it("begins the waits anew after it was online", () => {
    const back = run(
      { name: "opening", attempt: 3, isDrained: false },
      { type: "opened" },
      { type: "welcomed" },
      LOST,
    );
    expect(back).toEqual({ name: "backoff", attempt: 1, isDrained: false });
  });

  it("spreads a wait around its middle", () => {
    expect([0, 0.999].map((random) => backoffMs(1, random))).toEqual([800, 1200]);
  });

  it.each([4000, 4001, 4002, 4499, 1006, 1011])("comes back after close code %i", (code) => {
    expect(run({ name: "online" }, { type: "closed", code }).name).toBe("backoff");
  });

  it.each([4500, 4501, 4505, 4999])("stays away after close code %i", (code) => {
    const ended = run({ name: "online" }, { type: "closed", code });
    expect(ended).toEqual({ name: "ended", code });
    expect(run(ended, RETRY)).toEqual(ended);
    expect(run(ended, START).name).toBe("opening");
  });

  it("knows a server that sends everybody elsewhere from a lost line, until it is back or lost again", () => {
    const drained = run({ name: "online" }, { type: "closed", code: 4001 }, RETRY);
    expect(drained).toEqual({ name: "opening", attempt: 1, isDrained: true });
    expect(run(drained, LOST)).toEqual({ name: "backoff", attempt: 2, isDrained: false });
  });

  it("takes silence for a lost connection, whatever it was doing", () => {
    for (const name of ["opening", "greeting"] as const) {
      expect(run({ name, attempt: 1, isDrained: false }, { type: "silent" })).toEqual({
        name: "backoff",
        attempt: 2,
        isDrained: false,
      });
    }
    expect(run({ name: "online" }, { type: "silent" }).name).toBe("backoff");
  });

  it("ignores what comes too late", () => {
    const waiting: Phase = { name: "backoff", attempt: 2, isDrained: false };
    expect(run(waiting, { type: "opened" }, { type: "welcomed" }, LOST, START)).toEqual(waiting);
    expect(run({ name: "online" }, RETRY, START)).toEqual({ name: "online" });
  });

  it("stops for good", () => {
    expect(step({ name: "online" }, { type: "stop" }, MIDDLE)).toEqual({
      phase: { name: "idle" },
      effects: [{ type: "close" }],
    });
    expect(run({ name: "idle" }, LOST, RETRY, { type: "silent" })).toEqual({ name: "idle" });
  });
});
