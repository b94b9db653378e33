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

export function formatTime(ms: number, language: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(ms);
}

/** With the year only where it is not this one. */
export function formatMoment(ms: number, language: string, nowMs = Date.now()): string {
  return new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "short",
    ...(isSameYear(ms, nowMs) ? {} : { year: "numeric" }),
    hour: "numeric",
    minute: "2-digit",
  }).format(ms);
}

export function formatDay(ms: number, language: string, nowMs: number, timeZone?: string): string {
  return new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "long",
    ...(isSameYear(ms, nowMs, timeZone) ? {} : { year: "numeric" }),
    ...(timeZone === undefined ? {} : { timeZone }),
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
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(ms);
}
