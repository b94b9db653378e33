import { describe, expect, it } from "vitest";
import { isNewer } from "./seen";

describe("a notice", () => {
  it.each([
    ["9", null, true],
    ["10", "9", true],
    ["9", "10", false],
    ["9", "9", false],
    ["900719925474099301", "900719925474099300", true],
    ["5", "rubbish", true],
  ])("%s after %s is new: %s", (id, seen, expected) => {
    expect(isNewer(id, seen)).toBe(expected);
  });
});
