/** What is told of a bonus run: which of two tellings is the later, and how it goes.  Pure. */
import type { Bonus, BonusRun } from "../protocol/generated";

/** What the socket tells of a run laid over what was known of it: it says nothing of the reward. */
export function laterRun(known: BonusRun | null, told: BonusRun | Bonus): BonusRun | null {
  const isWhole = "reward" in told;
  if (!known || told.started_ms > known.started_ms) return isWhole ? told : known;
  if (told.started_ms < known.started_ms) return known;
  // Taps only become more, and an end is never taken back; an answer that was long on its way brings neither.
  const isLate = known.state !== "running" && told.state === "running";
  const isBehind = told.state === "running" && (told.seq < known.seq || told.taps < known.taps);
  if (isLate || isBehind) return known;
  const { taps, goal, started_ms, ends_ms, state, seq, reason } = told;
  const { reward, held } = isWhole ? told : known;
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
