/** Moments as the player's zone and language say them. */

const DAY_MS = 86_400_000;

export interface Day<T> {
  readonly label: string;
  readonly items: readonly T[];
}

/** What belongs to one day under one heading; the order stays. */
export function byDay<T>(
  items: readonly T[],
  momentOf: (item: T) => number,
  { language, nowMs, timeZone }: { language: string; nowMs: number; timeZone?: string },
): Day<T>[] {
  const days = new Map<string, T[]>();
  for (const item of items) {
    const label = dayLabel(momentOf(item), language, nowMs, timeZone);
    days.set(label, [...(days.get(label) ?? []), item]);
  }
  return Array.from(days, ([label, inIt]) => ({ label, items: inIt }));
}

/** The one form of a time of day, alone and after a date: with hours of its own a moment says 0:05 where this says 00:05. */
export function formatTime(ms: number, language: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: "short", ...zone(timeZone) }).format(ms);
}

/** With the year only where it is not this one. */
export function formatMoment(
  ms: number,
  language: string,
  nowMs = Date.now(),
  timeZone?: string,
): string {
  const date = new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "short",
    ...(isSameYear(ms, nowMs, timeZone) ? {} : { year: "numeric" }),
    ...zone(timeZone),
  });
  return `${date.format(ms)}, ${formatTime(ms, language, timeZone)}`;
}

export function formatDay(ms: number, language: string, nowMs: number, timeZone?: string): string {
  return new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "long",
    ...(isSameYear(ms, nowMs, timeZone) ? {} : { year: "numeric" }),
    ...zone(timeZone),
  }).format(ms);
}

function dayLabel(ms: number, language: string, nowMs: number, timeZone?: string): string {
  const date = dateOf(ms, timeZone);
  const daysAgo = [0, 1].find((days) => dateOf(nowMs - days * DAY_MS, timeZone) === date);
  if (daysAgo === undefined) return formatDay(ms, language, nowMs, timeZone);
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-daysAgo, "day");
  return words.charAt(0).toLocaleUpperCase(language) + words.slice(1);
}

function isSameYear(one: number, other: number, timeZone?: string): boolean {
  return dateOf(one, timeZone).slice(0, 4) === dateOf(other, timeZone).slice(0, 4);
}

/** Year first, so that it can be cut off. */
function dateOf(ms: number, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-CA", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    ...zone(timeZone),
  }).format(ms);
}

/** None is the player's own. */
function zone(timeZone: string | undefined): { timeZone?: string } {
  return timeZone === undefined ? {} : { timeZone };
}
