/**
 * Emoji in flight: from one face to another, or out of one's own.  Painted past React: each is thrown away at once.
 *
 * Everything moves by transform, so that nothing is laid out again, and there is never more than a handful.
 */
import styles from "./reactions.module.css";

const MOST_AT_ONCE = 40;
const FLIGHT_MS = 620;
const LANDED_MS = 420;
const RAYS = 5;
const RAY_MS = 900;
const STILL_MS = 1000;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where a face is, seen from the layer; the middle of the layer for one who has no seat in it: the organizer. */
export function placeOf(face: Element | null, layer: HTMLElement): Point {
  const around = layer.getBoundingClientRect();
  const { left, top, width } = (face ?? layer).getBoundingClientRect();
  // A face is as wide as its name; the photo is above it, in the middle.
  const down = face ? 21 : around.height / 2;
  return { x: left - around.left + width / 2, y: top - around.top + down };
}

/** For those who want no motion: there for a moment, then gone. */
export function appear(layer: HTMLElement, emoji: string, at: Point): void {
  const sign = put(layer, emoji);
  const where = move(at, 1);
  void sign.animate([{ transform: where }, { transform: where }], STILL_MS).finished.then(() => {
    sign.remove();
  });
}

export function fly(layer: HTMLElement, emoji: string, from: Point, to: Point): void {
  const sign = put(layer, emoji);
  // Over the heads, the further the higher.
  const high = Math.min(from.y, to.y) - 30 - Math.hypot(to.x - from.x, to.y - from.y) * 0.16;
  const over = { x: (from.x + to.x) / 2, y: high };
  const STEPS = 10;
  const path = Array.from({ length: STEPS + 1 }, (_, step) => {
    const part = step / STEPS;
    return { transform: move(bend(from, over, to, part), 0.6 + 0.75 * part) };
  });
  void sign.animate(path, { duration: FLIGHT_MS, easing: "ease-in-out" }).finished.then(() =>
    sign
      .animate(
        [
          { transform: move(to, 1.35), opacity: 1 },
          { transform: move(to, 1.7), opacity: 1, offset: 0.35 },
          { transform: move({ x: to.x, y: to.y - 18 }, 1.2), opacity: 0 },
        ],
        { duration: LANDED_MS, easing: "ease-out" },
      )
      .finished.then(() => {
        sign.remove();
      }),
  );
}

/** Out of one face, to all sides. */
export function radiate(layer: HTMLElement, emoji: string, from: Point): void {
  for (let ray = 0; ray < RAYS; ray++) {
    const sign = put(layer, emoji);
    const angle = ((ray + Math.random()) / RAYS) * 2 * Math.PI;
    const reach = 46 + Math.random() * 34;
    const to = { x: from.x + Math.cos(angle) * reach, y: from.y + Math.sin(angle) * reach - 14 };
    void sign
      .animate(
        [
          { transform: move(from, 0.4), opacity: 1 },
          { transform: move(to, 0.95), opacity: 1, offset: 0.55 },
          { transform: move({ x: to.x, y: to.y - 16 }, 0.8), opacity: 0 },
        ],
        { duration: RAY_MS, easing: "cubic-bezier(0.15, 0.8, 0.4, 1)" },
      )
      .finished.then(() => {
        sign.remove();
      });
  }
}

/** The answer to one reaction too many. */
export function shake(face: Element): void {
  face.animate(
    [-3, 3, -2, 0].map((x) => ({ transform: `translateX(${x}px)` })),
    { duration: 220, easing: "ease-out" },
  );
}

function put(layer: HTMLElement, emoji: string): HTMLElement {
  if (layer.childElementCount >= MOST_AT_ONCE) layer.firstElementChild?.remove();
  const sign = document.createElement("span");
  sign.className = styles.emoji ?? "";
  sign.textContent = emoji;
  layer.append(sign);
  return sign;
}

function move({ x, y }: Point, scale: number): string {
  return `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -50%) scale(${scale.toFixed(2)})`;
}

function bend(from: Point, over: Point, to: Point, part: number): Point {
  const rest = 1 - part;
  const on = (axis: "x" | "y"): number =>
    rest * rest * from[axis] + 2 * rest * part * over[axis] + part * part * to[axis];
  return { x: on("x"), y: on("y") };
}
