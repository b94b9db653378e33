import { describe, expect, it } from "vitest";
import { hasForeignSign, readRoomKey, showRoomKey } from "./room-key";

describe("a room's key", () => {
  it.each(["0A1B2C3D4E", "0a1b2 c3d4e", " oaib2-c3d4e\n", "OALB2C3D4E"])(
    "is read from %j",
    (text) => {
      expect(readRoomKey(text)).toBe("0A1B2C3D4E");
    },
  );

  it.each(["", "0A1B2C3D4", "0A1B2C3D4EF", "0A1B2C3D4U", "ключключкл", "<b>0A1B2C</b>"])(
    "is not read from %j",
    (text) => {
      expect(readRoomKey(text)).toBeNull();
    },
  );

  it.each([
    ["a + for a space", "0A1B2+C3D4E"],
    ["quotes", "«0A1B2 C3D4E»"],
    ["other quotes", "“0A1B2’C3D4E”"],
    ["a no-break space", "0A1B2\u00a0C3D4E"],
    ["spaces of other widths", "\u30000A1B2\u2009C3D4E\u202f"],
    ["marks that are not seen", "\u200b0A1B2\u200dC3D4E\ufeff\u2060"],
    ["a direction", "\u202a0A1B2C3D4E\u202c"],
    ["dashes", "0A1B2–C3D4E—"],
    ["a full stop", "0A1B2 C3D4E."],
    ["code marks", "`0A1B2 C3D4E`"],
    ["brackets", "(0A1B2_C3D4E)"],
    ["wide letters", "０Ａ１Ｂ２Ｃ３Ｄ４Ｅ"],
    ["Cyrillic letters", "0А1В2С3D4Е"],
    ["small Cyrillic letters", "оа1в2с3d4е"],
    ["Greek letters", "ΟΑΙΒ2C3D4Ε"],
    ["Arabic digits", "٠A١B٢C٣D٤E"],
    ["Persian digits", "۰A۱B۲C۳D۴E"],
    ["its link", "https://t.me/chance_tap_bot?startapp=0A1B2C3D4E"],
    ["another link, with more", "Join: https://t.me/bot/app?x=1&startapp=0a1b2c3d4e#top"],
  ])("is read with %s", (_, text) => {
    expect(readRoomKey(text)).toBe("0A1B2C3D4E");
    if (!text.includes("t.me")) expect(hasForeignSign(text)).toBe(false);
  });

  it.each(["0A1B2C3D4Ж", "0A1B2C3D4É", "0A1B2C3D4漢", "https://t.me/bot?startapp=ref"])(
    "is not guessed from %j",
    (text) => {
      expect(readRoomKey(text)).toBeNull();
    },
  );

  it("has no letter but its own", () => {
    expect(["щ", "U", "ñ"].map(hasForeignSign)).toEqual([true, true, true]);
  });

  it("is shown in two groups", () => {
    expect(showRoomKey("0A1B2C3D4E")).toBe("0A1B2 C3D4E");
  });
});
