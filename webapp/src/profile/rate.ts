/** Taps a second, with one decimal, as the language writes it. */
export function formatRate(rate: number, language: string): string {
  return rate.toLocaleString(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
