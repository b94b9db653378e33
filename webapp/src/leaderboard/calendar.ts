/** When the leaderboards of a day and of a week began: both by UTC, whatever zone the player is in. */

const DAY_MS = 86_400_000;
/** The first day of the epoch was a Thursday. */
const DAYS_BEFORE_THURSDAY = 3;

export function dayStart(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS) * DAY_MS;
}

/** Monday, 00:00 UTC. */
export function weekStart(nowMs: number): number {
  const today = dayStart(nowMs);
  return today - ((today / DAY_MS + DAYS_BEFORE_THURSDAY) % 7) * DAY_MS;
}

/** The time of day by UTC, in the form in which the language writes every other time. */
export function utcTime(ms: number, language: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: "short", timeZone: "UTC" }).format(ms);
}

/** A moment by the player's own clock; null where that is UTC, which is said already. */
export function localMoment(ms: number, language: string, withDay: boolean): string | null {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (new Date(ms).getTimezoneOffset() === 0) return null;
  return new Intl.DateTimeFormat(language, {
    ...(withDay ? { weekday: "short", day: "numeric", month: "short" } : {}),
    hour: "numeric",
    minute: "2-digit",
    timeZone,
  }).format(ms);
}
