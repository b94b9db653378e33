import { describe, expect, it } from "vitest";
import { wholeNumber } from "./numbers";

describe("a whole number", () => {
  it.each(["en", "ru"])("is written as the browser writes it in %s", (language) => {
    for (const value of [0, 7, 999, 1000, 12_345, 999_999, 1_000_000, 2 ** 53 - 1, -5, -1234]) {
      expect(wholeNumber(value, language)).toBe(value.toLocaleString(language));
    }
  });
});
