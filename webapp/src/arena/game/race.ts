/** How a player stands against the others, one's own taps counted as far as the finger: a pure reading of the room. */
import type { Player } from "../../protocol/generated";
import { livePlace } from "../../room/reducer";

export interface Position {
  readonly place: number;
  /** Taps ahead of the best of the others; negative behind the leader. */
  readonly lead: number;
}

/** Null for one who does not race: blocked, or not in the room. */
export function positionOf(
  players: readonly Player[],
  userId: string,
  ownTaps: number,
): Position | null {
  const own = players.find((player) => player.user_id === userId);
  if (!own) return null;
  const others = players.filter((player) => player !== own);
  const place = livePlace([...others, { ...own, taps: ownTaps }], userId);
  if (place === null) return null;
  const rivals = others.filter((player) => player.state === "paid");
  const best = Math.max(0, ...rivals.map((player) => player.taps));
  return { place, lead: ownTaps - best };
}

/** Who leads: nobody before the first tap, several where they are equal. */
export function leadingTaps(players: readonly Player[]): number | null {
  const best = Math.max(
    0,
    ...players.filter((player) => player.state === "paid").map((player) => player.taps),
  );
  return best > 0 ? best : null;
}

/** Bars are never measured against less than this. */
const SMALLEST_SCALE = 120;
const STEP = 1.15;

/**
 * How many taps a full bar stands for: the target, or somewhat above the leader.
 *
 * It grows in steps: every change of it moves all bars, and there are updates ten times a second.
 */
export function scaleOf(target: number | null, best: number): number {
  if (target !== null) return target;
  const steps = Math.ceil(Math.log(Math.max(1, best / SMALLEST_SCALE)) / Math.log(STEP) - 1e-9);
  return Math.round(SMALLEST_SCALE * STEP ** steps);
}
