import { describe, expect, it } from "vitest";
import { languageOf, readLaunch } from "./launch";

const INIT_DATA = `user=${encodeURIComponent('{"id":1,"language_code":"ru"}')}&auth_date=1&hash=ab`;

function hash(fields: Record<string, string>): string {
  return `#${new URLSearchParams(fields).toString()}`;
}

describe("Telegram's launch data", () => {
  it("is what stands behind the #", () => {
    const launch = readLaunch(
      hash({
        tgWebAppData: INIT_DATA,
        tgWebAppVersion: "8.0",
        tgWebAppThemeParams: '{"bg_color":"#ffffff"}',
      }),
    );
    expect(launch).toEqual({
      initData: INIT_DATA,
      version: "8.0",
      theme: { bg_color: "#ffffff" },
    });
    expect(launch && languageOf(launch)).toBe("ru");
  });

  it("does without what is missing or broken", () => {
    const launch = readLaunch(hash({ tgWebAppData: "user=%7B&hash=ab", tgWebAppThemeParams: "{" }));
    expect(launch).toMatchObject({ version: "6.0", theme: {} });
    expect(launch && languageOf(launch)).toBeNull();
  });

  it.each(["", "#", "#section"])("is absent in %j", (text) => {
    expect(readLaunch(text)).toBeNull();
  });
});
