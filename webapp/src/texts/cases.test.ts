import i18next from "i18next";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { startTexts } from "./texts";

describe("Russian cases of Stars", () => {
  beforeAll(() => {
    vi.stubGlobal("document", { documentElement: {} });
    startTexts("ru");
  });

  it.each([
    [1, "1 звезда", "1 звезду", "1 звезды"],
    [2, "2 звезды", "2 звезды", "2 звёзд"],
    [11, "11 звёзд", "11 звёзд", "11 звёзд"],
    [21, "21 звезда", "21 звезду", "21 звезды"],
    [10_000, "10\u00a0000 звёзд", "10\u00a0000 звёзд", "10\u00a0000 звёзд"],
  ])("%d", (count, nominative, accusative, genitive) => {
    expect(i18next.t("money.stars", { count })).toBe(nominative);
    expect(i18next.t("money.starsAccusative", { count })).toBe(accusative);
    expect(i18next.t("money.starsGenitive", { count })).toBe(genitive);
  });
});
