import { describe, expect, it } from "vitest";
import { byDay } from "./moments";

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
