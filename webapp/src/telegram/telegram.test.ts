import { beforeEach, describe, expect, it, vi } from "vitest";
import { connectTelegram, type Telegram } from "./telegram";

const LINK = "https://t.me/$slug";

/** Opened from this address; `client` is what the client puts into the page. */
function launch(version: string, client: object): { telegram: Telegram; opened: unknown[][] } {
  const hash = new URLSearchParams({
    tgWebAppVersion: version,
    tgWebAppPlatform: "ios",
    tgWebAppThemeParams: "{}",
    tgWebAppData: "auth_date=1&hash=0&signature=0",
  });
  const opened: unknown[][] = [];
  vi.stubGlobal("window", {
    location: { hash: `#${hash}`, search: "" },
    addEventListener: () => undefined,
    open: (...how: unknown[]) => opened.push(how),
    ...client,
  });
  const root = { style: { setProperty: () => undefined }, dataset: {} } as unknown as HTMLElement;
  return { telegram: connectTelegram(root, () => false), opened };
}

describe("a link", () => {
  beforeEach(() => {
    return () => {
      vi.unstubAllGlobals();
    };
  });

  it("is opened by Telegram where it can", () => {
    const postEvent = vi.fn();
    const { telegram, opened } = launch("8.0", { TelegramWebviewProxy: { postEvent } });
    telegram.openLink(LINK);
    expect(postEvent).toHaveBeenLastCalledWith(
      "web_app_open_tg_link",
      JSON.stringify({ path_full: "/$slug" }),
    );
    expect(opened).toEqual([]);
  });

  it.each([
    ["a client that is too old for it", "6.0", { TelegramWebviewProxy: { postEvent: vi.fn() } }],
    ["an ordinary browser with the address of a launch", "8.0", {}],
  ])("is opened by the page in %s", (_, version, client) => {
    const { telegram, opened } = launch(version, client);
    telegram.openLink(LINK);
    expect(opened).toEqual([[LINK, "_blank", "noopener"]]);
  });
});
