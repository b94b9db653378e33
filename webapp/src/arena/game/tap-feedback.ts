/**
 * The button's answer to a tap, painted past React with the next frame.
 *
 * Owns a fixed set of elements and motions that are used again and again: however long a game is, the page grows by
 * nothing.  All of it moves by transform and opacity, which costs no layout, and the measures it needs are taken once.
 */
import { stillness } from "../../ui/stillness";
import { Rhythm } from "./rhythm";

/**
 * All motions last this long, most of them without moving at their end: in a rhythm each begins anew before it is over.
 * The end of a motion costs frames of the page, more than one that goes on in the browser's own thread.
 */
const LASTING_MS = 1200;
const FLOATING = 8;
const PRESSING = [
  { transform: "translateY(6px) scale(0.975)", easing: "ease-out" },
  { transform: "none", offset: 0.1 },
  { transform: "none" },
];
const COOLING = [
  { opacity: 1, transform: "scale(1.16)", easing: "ease-out" },
  { opacity: 0, transform: "scale(1)", offset: 0.75 },
  { opacity: 0, transform: "scale(1)" },
];
const RISING = [
  { opacity: 1, transform: "translate(-50%, -50%) translateY(-8px)", easing: "ease-out" },
  { opacity: 1, transform: "translate(-50%, -50%) translateY(-44px) scale(1.15)", offset: 0.24 },
  { opacity: 0, transform: "translate(-50%, -50%) translateY(-58px) scale(1.2)", offset: 0.48 },
  { opacity: 0, transform: "translate(-50%, -50%) translateY(-58px) scale(1.2)" },
];
/** A "+1" begins no nearer to the button's upper edge: what stands above it is the place in the race. */
const ROOM_TO_RISE = 60;
/** And so far from its sides, beside which the others' bars are. */
const HALF_WIDTH = 20;

/** A motion of one element: made once, and begun whenever it is called for. */
class Motion {
  private readonly animation: Animation;

  constructor(element: HTMLElement, keyframes: Keyframe[]) {
    this.animation = new Animation(new KeyframeEffect(element, keyframes, LASTING_MS));
  }

  begin(): void {
    this.animation.cancel();
    // Not `play`: it waits for the next frame to know when it began, and tells the page so with another one.
    this.animation.startTime = document.timeline.currentTime;
  }
}

export class TapFeedback {
  private readonly button: HTMLElement;
  private readonly glow: HTMLElement;
  private readonly floats: readonly { element: HTMLElement; rising: Motion }[];
  private readonly rhythm = new Rhythm();
  private readonly pressing: Motion;
  private readonly cooling: Motion;
  private next = 0;
  private box = new DOMRect();
  private readonly watcher: ResizeObserver;
  private readonly measure = (): void => {
    this.box = this.button.getBoundingClientRect();
  };

  /** `glow` holds one element, which is what shines. */
  constructor(button: HTMLElement, glow: HTMLElement, layer: HTMLElement) {
    this.button = button;
    this.glow = glow;
    const shine = document.createElement("i");
    glow.replaceChildren(shine);
    this.pressing = new Motion(button, PRESSING);
    this.cooling = new Motion(shine, COOLING);
    this.floats = Array.from({ length: FLOATING }, () => {
      const element = document.createElement("i");
      element.textContent = "+1";
      return { element, rising: new Motion(element, RISING) };
    });
    layer.replaceChildren(...this.floats.map(({ element }) => element));
    // Told after a layout, so that measuring costs none; a tap must not.
    this.watcher = new ResizeObserver(this.measure);
    this.watcher.observe(button);
    this.watcher.observe(document.body);
  }

  dispose(): void {
    this.watcher.disconnect();
  }

  /** `x`, `y`: where the finger is in the window; null for a key. */
  tap(x: number | null, y: number | null, nowMs: number): void {
    const heat = this.rhythm.tap(nowMs);
    if (stillness.matches) return;
    const { left, top, width, height } = this.box;
    this.pressing.begin();
    this.glow.style.opacity = heat.toFixed(2);
    this.cooling.begin();
    this.float(x === null ? width / 2 : x - left, y === null ? height / 3 : y - top);
  }

  private float(x: number, y: number): void {
    const float = this.floats[this.next];
    if (!float) return;
    this.next = (this.next + 1) % FLOATING;
    const { width, height } = this.box;
    const left = clamp(x, HALF_WIDTH, width - HALF_WIDTH);
    const top = clamp(y, Math.min(ROOM_TO_RISE, height), height);
    float.element.style.translate = `${left.toFixed(0)}px ${top.toFixed(0)}px`;
    float.rising.begin();
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
