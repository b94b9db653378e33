import { describe, expect, it } from "vitest";
import { ServerClock } from "./clock";

function clockAt(guess: number): { clock: ServerClock; pass: (ms: number) => void } {
  let now = 1000;
  const clock = new ServerClock(() => now, guess);
  return { clock, pass: (ms) => (now += ms) };
}

describe("the server's clock", () => {
  it("is guessed until the server has spoken, and the first sample beats any guess", () => {
    const { clock } = clockAt(9_000_000);
    expect(clock.now()).toBe(9_001_000);
    clock.sample(50_000, 1000);
    expect(clock.now()).toBe(50_000);
  });

  it("follows the sample that came the quickest", () => {
    const { clock } = clockAt(0);
    clock.sample(50_000 - 80, 1000);
    clock.sample(50_000 - 5, 1000);
    clock.sample(50_000 - 300, 1000);
    expect(clock.now()).toBe(49_995);
  });

  it("does not move while it is fixed, and starts afresh when released", () => {
    const { clock, pass } = clockAt(0);
    clock.sample(50_000, 1000);
    clock.fix();
    clock.sample(50_400, 1000);
    pass(100);
    expect(clock.now()).toBe(50_100);
    clock.release();
    clock.sample(40_000, 1100);
    expect(clock.now()).toBe(40_000);
  });

  it("catches up with a device that slept, even while it is fixed", () => {
    const { clock } = clockAt(0);
    clock.sample(50_000, 1000);
    clock.fix();
    clock.sample(51_000, 1000);
    expect(clock.now()).toBe(50_000);
    clock.sample(58_000, 1000);
    expect(clock.now()).toBe(58_000);
    clock.sample(58_600, 1000);
    clock.sample(40_000, 1000);
    expect(clock.now()).toBe(58_000);
  });

  it("never fixes a guess", () => {
    const { clock } = clockAt(0);
    clock.fix();
    clock.sample(50_000, 1000);
    expect(clock.now()).toBe(50_000);
  });
});
