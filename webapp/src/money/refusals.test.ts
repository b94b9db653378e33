import i18next from "i18next";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/client";
import { setLanguage, startTexts } from "../texts/texts";
import { refusalText, refusedBy } from "./refusals";

function rateLimited(details: Record<string, unknown>, waitMs: number | null): ApiError {
  return new ApiError(429, { code: "rate_limited", message: "the server's", details }, waitMs);
}

function said(error: unknown): string | null {
  return refusalText(i18next.t, refusedBy(error));
}

describe("what was refused about money", () => {
  beforeAll(async () => {
    vi.stubGlobal("document", { documentElement: {} });
    startTexts("en");
    await import("../texts/money");
  });

  it.each([
    [1_799_001, "30 minutes", "30 минут"],
    [60_000, "1 minute", "1 минуту"],
    [2000, "1 minute", "1 минуту"],
    [null, "1 minute", "1 минуту"],
  ])("orders that were not paid, for %s ms, say when one may order again", (ms, en, ru) => {
    const error = rateLimited({ limit: "unpaid_orders" }, ms);
    setLanguage("en");
    expect(said(error)).toContain(`try again in ${en}.`);
    setLanguage("ru");
    expect(said(error)).toContain(`попробуйте через ${ru}.`);
  });

  it("is else in the server's words", () => {
    expect(said(rateLimited({}, 2000))).toBe("the server's");
    expect(said(new ApiError(403, { code: "banned", message: "banned" }, null))).toBe("banned");
  });

  it("is said of a server out of reach", () => {
    setLanguage("en");
    expect(said(new TypeError("fetch"))).toBe(i18next.t("pay.unreachable"));
  });
});
