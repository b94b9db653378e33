/**
 * A bar on its way from one share of its track to another.
 *
 * The browser moves it by itself, off the page's thread.  Not a CSS transition: each of those tells the page that it
 * ran, began and ended, and a race of ten would hear a hundred such events a second.  And every animation that runs
 * has its style looked at with each frame of the page, so a step too small to be seen as one is just taken.
 */
import { stillness } from "../../ui/stillness";

/** A little longer than the server's 100 ms, so that a bar is still gliding when the next update comes. */
const GLIDE_MS = 160;
/** Of the track, which is some 70 px long. */
const SEEN = 0.02;

export class Glide {
  private readonly bar: HTMLElement;
  private from = 0;
  private to = 0;
  private beganMs = -Infinity;
  private animation: Animation | null = null;

  constructor(bar: HTMLElement) {
    this.bar = bar;
  }

  /** `share` of the track, 0 to 1; what is more counts as 1. */
  moveTo(share: number, nowMs: number): void {
    const to = Math.min(1, share);
    if (to === this.to) return;
    const passed = Math.min(1, (nowMs - this.beganMs) / GLIDE_MS);
    this.from += (this.to - this.from) * passed;
    this.to = to;
    this.bar.style.transform = shift(to);
    this.animation?.cancel();
    this.animation = null;
    if (stillness.matches || Math.abs(to - this.from) < SEEN) {
      this.beganMs = -Infinity;
      return;
    }
    this.beganMs = nowMs;
    this.animation = this.bar.animate(
      [{ transform: shift(this.from) }, { transform: shift(to) }],
      GLIDE_MS,
    );
  }
}

/** Where a bar stands that fills `share` of its track, as a transform. */
export function shift(share: number): string {
  return `translateX(${((Math.min(1, share) - 1) * 100).toFixed(1)}%)`;
}
