/** What is shown of a bonus run: which of two updates is the later, and how it goes.  Pure. */
import type { Bonus, BonusRun } from "../protocol/generated";

/** What the socket tells of a run laid over what was known of it: it says nothing of the reward. */
export function laterRun(known: BonusRun | null, update: BonusRun | Bonus): BonusRun | null {
  const isWhole = "reward" in update;
  if (!known || update.started_ms > known.started_ms) return isWhole ? update : known;
  if (update.started_ms < known.started_ms) return known;
  // Taps only become more, and an end is never taken back; an answer that was long on its way brings neither.
  const isLate = known.state !== "running" && update.state === "running";
  const isBehind =
    update.state === "running" && (update.seq < known.seq || update.taps < known.taps);
  if (isLate || isBehind) return known;
  const { taps, goal, started_ms, ends_ms, state, seq, reason } = update;
  const { reward, held } = isWhole ? update : known;
  return { taps, goal, started_ms, ends_ms, state, seq, reason, reward, held };
}

/** 0 to 1. */
export function partDone(taps: number, goal: number): number {
  return goal > 0 ? Math.min(1, taps / goal) : 0;
}

/** Taps a second from now to the end that would reach the goal, in tenths rounded up; null when it is too late. */
export function neededPace(taps: number, goal: number, leftMs: number): number | null {
  if (leftMs <= 0) return null;
  return Math.ceil((Math.max(0, goal - taps) * 10_000) / leftMs) / 10;
}

/** Hours, minutes and seconds. */
export function formatLong(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
