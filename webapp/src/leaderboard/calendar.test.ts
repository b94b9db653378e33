import { describe, expect, it } from "vitest";
import { dayStart, weekStart } from "./calendar";

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
});
