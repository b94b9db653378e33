import { describe, expect, it } from "vitest";
import { byDay, formatMoment, formatTime } from "./moments";

const MOMENTS = [
  "2026-11-22T20:30:00Z",
  "2026-11-22T02:00:00Z",
  "2026-11-21T10:00:00Z",
  "2026-11-03T10:00:00Z",
  "2025-12-31T10:00:00Z",
].map((text) => Date.parse(text));
const nowMs = Date.parse("2026-11-22T21:00:00Z");

function labels(language: string, timeZone: string): [string, number][] {
  const days = byDay(MOMENTS, (ms) => ms, { language, nowMs, timeZone });
  return days.map(({ label, items }) => [label, items.length]);
}

describe("days", () => {
  it("are those of the player's zone, in the player's language", () => {
    expect(labels("en", "UTC")).toEqual([
      ["Today", 2],
      ["Yesterday", 1],
      ["November 3", 1],
      ["December 31, 2025", 1],
    ]);
    // It is the 23rd in Vladivostok: half of the 22nd was yesterday there.
    expect(labels("ru", "Asia/Vladivostok")).toEqual([
      ["Сегодня", 1],
      ["Вчера", 1],
      ["21 ноября", 1],
      ["3 ноября", 1],
      ["31 декабря 2025 г.", 1],
    ]);
  });
});

describe("a time of day", () => {
  // Midnight, small hours and noon, where one form writes 0 or 12 and another one 00 or 24.
  it.each([
    ["2026-11-22T00:05:00Z", "00:05", "12:05 AM"],
    ["2026-11-22T03:00:00Z", "03:00", "3:00 AM"],
    ["2026-11-22T12:30:00Z", "12:30", "12:30 PM"],
  ])("is written alike alone and in a moment: %s", (text, russian, english) => {
    const ms = Date.parse(text);
    // The space before AM is another one in newer browsers.
    const plain = (said: string): string => said.replaceAll("\u202f", " ");
    expect(formatTime(ms, "ru", "UTC")).toBe(russian);
    expect(formatMoment(ms, "ru", nowMs, "UTC")).toBe(`22 нояб., ${russian}`);
    expect(plain(formatTime(ms, "en", "UTC"))).toBe(english);
    expect(plain(formatMoment(ms, "en", nowMs, "UTC"))).toBe(`Nov 22, ${english}`);
  });

  it("stands after the year where it is another one", () => {
    const ms = Date.parse("2025-12-31T00:05:00Z");
    expect(formatMoment(ms, "ru", nowMs, "UTC")).toBe("31 дек. 2025 г., 00:05");
  });
});
