import { describe, expect, it } from "vitest";
import { Rhythm } from "./rhythm";

function heatAfter(taps: number, everyMs: number): number {
  const rhythm = new Rhythm();
  return Array.from({ length: taps }, (_, i) => rhythm.tap(1000 + i * everyMs)).at(-1) ?? 0;
}

describe("the heat of the button", () => {
  it("grows with the rate, and is full at a fast one", () => {
    expect(heatAfter(1, 0)).toBeLessThan(0.25);
    expect(heatAfter(20, 250)).toBeGreaterThan(heatAfter(20, 600));
    expect(heatAfter(20, 100)).toBeGreaterThan(0.95);
    expect(heatAfter(50, 1)).toBe(1);
  });

  it("cools down", () => {
    const rhythm = new Rhythm();
    for (let i = 0; i < 20; i++) rhythm.tap(i * 80);
    expect(rhythm.tap(6000)).toBeLessThan(0.25);
  });
});
