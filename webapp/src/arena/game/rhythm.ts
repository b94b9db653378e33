/**
 * How hot the button is: it warms with every tap and cools by itself, so that a steady rhythm keeps it glowing.
 *
 * Pure; between two taps nothing is computed: the cooling in between is the browser's animation.
 */
/** Cools to a third in this long. */
const COOLING_MS = 600;
/** Eight taps a second come close to the full heat. */
const WARMTH = 0.19;

export class Rhythm {
  private heat = 0;
  private atMs = 0;

  /** The heat right after a tap, 0 to 1. */
  tap(nowMs: number): number {
    const rest = Math.exp(-Math.max(0, nowMs - this.atMs) / COOLING_MS);
    this.heat = Math.min(1, this.heat * rest + WARMTH);
    this.atMs = nowMs;
    return this.heat;
  }
}
