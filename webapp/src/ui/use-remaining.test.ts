import { beforeEach, describe, expect, it, vi } from "vitest";
import { ServerClock } from "../taps/clock";
import { countDown } from "./use-remaining";

const SERVER_NOW = 1_000_000;

describe("a countdown", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    return () => {
      vi.useRealTimers();
    };
  });

  it("reports each second once it has begun, and ends at none", () => {
    const clock = new ServerClock(() => Date.now(), SERVER_NOW);
    clock.sample(SERVER_NOW, 0);
    const reported: number[] = [];
    countDown(clock, SERVER_NOW + 2500, (seconds) => reported.push(seconds));
    vi.advanceTimersByTime(5000);
    expect(reported).toEqual([3, 2, 1, 0]);
  });

  it("begins once the server has corrected a clock that was ahead", () => {
    const clock = new ServerClock(() => Date.now(), SERVER_NOW + 7 * 3_600_000);
    const reported: number[] = [];
    const stop = countDown(clock, SERVER_NOW + 60_000, (seconds) => reported.push(seconds));
    vi.advanceTimersByTime(3000);
    expect(reported.at(-1)).toBe(0);
    clock.sample(SERVER_NOW + 3000, 3000);
    vi.advanceTimersByTime(1000);
    expect(reported.at(-1)).toBeGreaterThan(50);
    stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
