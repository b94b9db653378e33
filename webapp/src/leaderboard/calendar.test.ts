import { describe, expect, it } from "vitest";
import { formatTime } from "../texts/moments";
import { dayStart, utcTime, weekStart } from "./calendar";

const at = (text: string): number => Date.parse(text);

describe("the calendar of the leaderboards", () => {
  it.each([
    ["2026-11-16T00:00:00Z", "2026-11-16", "2026-11-16"],
    ["2026-11-22T23:59:59.999Z", "2026-11-22", "2026-11-16"],
    ["2026-11-23T00:00:00Z", "2026-11-23", "2026-11-23"],
    ["2027-01-01T05:00:00Z", "2027-01-01", "2026-12-28"],
    ["1970-01-05T00:00:01Z", "1970-01-05", "1970-01-05"],
  ])("at %s the day began on %s and the week on %s", (now, day, week) => {
    expect(dayStart(at(now))).toBe(at(day));
    expect(weekStart(at(now))).toBe(at(week));
  });

  it.each(["en", "ru"])("says times in %s as every other screen does", (language) => {
    const words = (text: string): string => text.replace(/\d+/g, "0");
    // Whatever zone this runs in: the same minute of two clocks looks alike.
    expect(words(utcTime(at("2026-11-23T09:05:00Z"), language))).toBe(
      words(formatTime(new Date(2026, 10, 23, 9, 5).getTime(), language)),
    );
  });
});
