import { describe, expect, it } from "vitest";
import { shortName } from "./short-name";

describe("a name under a small face", () => {
  it.each([
    ["Ben", "Ben"],
    ["Chloe Martin", "Chloe"],
    ["😎🚀 Emoji Name", "Emoji"],
    ["Анна-Мария Константинопольская", "Анна-Мария"],
    ["محمد بن عبد الله الأنصاري", "محمد"],
    ["🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀", "🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀"],
    ["  ", ""],
    ["Дмитрий И", "Дмитрий И"],
  ])("%s is %s", (name, short) => {
    expect(shortName(name)).toBe(short);
  });
});
