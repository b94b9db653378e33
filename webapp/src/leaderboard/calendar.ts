/** When the leaderboards of a day and of a week began: both by UTC, whatever zone the player is in. */
import { formatTime } from "../texts/moments";

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

export function utcTime(ms: number, language: string): string {
  return formatTime(ms, language, "UTC");
}

/** A moment by the player's own clock; null where that is UTC, which is said already. */
export function localMoment(ms: number, language: string, withDay: boolean): string | null {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (new Date(ms).getTimezoneOffset() === 0) return null;
  const time = formatTime(ms, language, timeZone);
  if (!withDay) return time;
  const day = new Intl.DateTimeFormat(language, {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone,
  });
  return `${day.format(ms)}, ${time}`;
}
