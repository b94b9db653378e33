/**
 * Whole numbers as each language groups them.
 *
 * The browser's own formatter says the same, but loads all that it knows of languages first: a good part of a phone's
 * time until Home stands.
 */

const BETWEEN: Readonly<Record<string, string>> = { en: ",", ru: "\u00a0" };

export function wholeNumber(value: number, language: string): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, BETWEEN[language] ?? "");
}
