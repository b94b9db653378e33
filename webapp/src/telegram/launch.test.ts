import { describe, expect, it } from "vitest";
import { languageOf, readLaunch, readStartParam } from "./launch";

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
        tgWebAppPlatform: "ios",
        tgWebAppThemeParams: '{"bg_color":"#ffffff"}',
      }),
    );
    expect(launch).toEqual({
      initData: INIT_DATA,
      version: "8.0",
      platform: "ios",
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

  it("carries what the link carried, in the query or in the signed part", () => {
    const signed = readLaunch(hash({ tgWebAppData: `start_param=ABCDE12345&${INIT_DATA}` }));
    expect(readStartParam("", signed)).toBe("ABCDE12345");
    expect(readStartParam("?tgWebAppStartParam=FGHJK67890", signed)).toBe("FGHJK67890");
    expect(readStartParam("", null)).toBeNull();
  });
});
