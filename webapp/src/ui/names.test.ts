import { describe, expect, it } from "vitest";
import { initials, plainSigns, shortName, signs } from "./names";

const FAMILY = "👨‍👩‍👧‍👦";
const SCOTLAND = "🏴󠁧󠁢󠁳󠁣󠁴󠁿";

describe("a name under a small face", () => {
  it.each([
    ["Ben", "Ben"],
    ["Chloe Martin", "Chloe"],
    ["😎🚀 Emoji Name", "Emoji"],
    ["Анна-Мария Константинопольская", "Анна-Мария"],
    ["محمد بن عبد الله الأنصاري", "محمد"],
    ["🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀", "🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀"],
    ["Дмитрий И", "Дмитрий И"],
    // Three signs, though many more code points.
    [`${FAMILY}${FAMILY} A`, `${FAMILY}${FAMILY} A`],
    ["\u3164\u3164 Константин Константинопольский", "Константин"],
  ])("%s is %s", (name, short) => {
    expect(shortName(name, "Player")).toBe(short);
  });
});

describe("a name of which nothing is seen", () => {
  it.each([
    "",
    "  ",
    "\u3164",
    "\u200b",
    "\u2800\u2800",
    "\u115f\u1160",
    "\uffa0",
    "\u00ad\u034f",
    "\u2060\ufeff",
    "\u202e\u200f",
    "\u180e\u17b4",
    "\ufe0f\ufe0f",
    "\u{e0041}\u{e0042}",
    "\u00a0\u3000",
    "\u0301\u0308",
  ])("%j is nobody's in particular", (name) => {
    expect([shortName(name, "Player"), initials(name)]).toEqual(["Player", "?"]);
  });
});

describe("initials", () => {
  it.each([
    ["Ben", "B"],
    ["chloe martin", "CM"],
    ["Анна Мария фон Бюлов", "АБ"],
    ["🇺🇦 Олена", "🇺🇦О"],
    [`${FAMILY} Smith`, `${FAMILY}S`],
    [`${SCOTLAND} Iain`, `${SCOTLAND}I`],
    ["👍🏽", "👍🏽"],
    ["1️⃣ One", "1️⃣O"],
    ["❤️‍🔥", "❤️‍🔥"],
    ["e\u0301mile zola", "E\u0301Z"],
    ["ng\u0303uyen", "N"],
    ["นิดา", "นิ"],
    ["हिन्दी", "हि"],
    ["ß", "ß"],
    ["ŉ", "ŉ"],
    ["\u200b\u2800Ben", "B"],
    ["\u202eBen\u00a0King", "BK"],
    ["Ben \u3164", "B"],
  ])("of %s are %s", (name, expected) => {
    expect(initials(name)).toBe(expected);
  });

  it.each(["🇺🇦🇺🇦", FAMILY, SCOTLAND, "👍🏽", "❤️‍🔥", "1️⃣", "e\u0301a", "Anna", "Й\u0306"])(
    "are cut as well where the browser cannot segment: %s",
    (text) => {
      expect(plainSigns(text)).toEqual(signs(text));
    },
  );
});
