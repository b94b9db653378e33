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

  it.each([
    ["no data at all", {}],
    ["empty data", { tgWebAppData: "" }],
  ])("is there with %s, as a keyboard's button opens the page", (_, data) => {
    const launch = readLaunch(
      hash({ ...data, tgWebAppVersion: "7.10", tgWebAppThemeParams: '{"bg_color":-1}' }),
    );
    expect(launch).toMatchObject({
      initData: null,
      version: "7.10",
      theme: { bg_color: "#ffffff" },
    });
    expect(launch && languageOf(launch)).toBeNull();
    expect(readStartParam("", launch)).toBeNull();
  });

  it("reads each colour by itself", () => {
    const theme = { bg_color: -15_261_397, text_color: "#fff", hint_color: null };
    const launch = readLaunch(hash({ tgWebAppThemeParams: JSON.stringify(theme) }));
    expect(launch?.theme).toEqual({ bg_color: "#17212b", text_color: "#ffffff" });
  });

  it.each(["#?", "#/", "#/?"])("is found behind %j too", (start) => {
    expect(readLaunch(hash({ tgWebAppData: INIT_DATA }).replace("#", start))?.initData).toBe(
      INIT_DATA,
    );
  });

  it.each(["", "unknown", "v9"])("is of the oldest client where its version is %j", (version) => {
    expect(readLaunch(hash({ tgWebAppVersion: version }))?.version).toBe("6.0");
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
