/** Amounts: what to pay in for what is missing, coins as people read them, Stars as people type them. */

interface Bounds {
  readonly min: number;
  readonly max: number;
}

const NANO = 1_000_000_000;

/** The payment that makes up for `missing` Stars; null where one payment cannot. */
export function payInFor(missing: number, { min, max }: Bounds): number | null {
  return missing > max ? null : Math.max(missing, min);
}

/** Stars as they were typed; null where that is no whole number. */
export function readStars(text: string): number | null {
  const digits = text.replaceAll(/\s/g, "");
  return /^\d{1,9}$/.test(digits) ? Number(digits) : null;
}

/** Billionths of a coin as a decimal number, exact: a wallet shows the same. */
export function formatCoins(nano: number, language: string): string {
  const whole = Math.floor(nano / NANO).toLocaleString(language);
  return withFraction(whole, nano, language === "ru" ? "," : ".");
}

/** The same for a wallet's field: many take a dot only, and nothing between the thousands. */
export function typedCoins(nano: number): string {
  return withFraction(String(Math.floor(nano / NANO)), nano, ".");
}

/** What it is about, by a rate that may move: as many digits as say something. */
export function roughCoins(nano: number, language: string): string {
  return formatCoins(Number(nano.toPrecision(3)), language);
}

function withFraction(whole: string, nano: number, separator: string): string {
  const part = String(nano % NANO)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return part === "" ? whole : whole + separator + part;
}
