import { beforeEach, describe, expect, it, vi } from "vitest";
import { connectTelegram, type Telegram } from "./telegram";

const BLACK = { bg_color: -16_777_216, text_color: "#fff", hint_color: null };
const LINK = "https://t.me/$slug";

/** An element's style, as far as it is written. */
function sampleStyle(): { root: HTMLElement; colours: Map<string, string> } {
  const colours = new Map<string, string>();
  const style = {
    setProperty: (name: string, value: string) => colours.set(name, value),
    removeProperty: (name: string) => colours.delete(name),
    [Symbol.iterator]: () => colours.keys(),
  };
  return { root: { style, dataset: {} } as unknown as HTMLElement, colours };
}

interface Launched {
  readonly telegram: Telegram;
  readonly opened: unknown[][];
  readonly root: HTMLElement;
  readonly colours: Map<string, string>;
  /** What a client's message does. */
  readonly hear: (eventType: string, eventData: unknown) => void;
}

/** Opened from this address; `client` is what the client puts into the page. */
function launch(version: string, client: object, how: Record<string, string> = {}): Launched {
  const hash = new URLSearchParams({
    tgWebAppVersion: version,
    tgWebAppPlatform: "ios",
    tgWebAppThemeParams: "{}",
    tgWebAppData: "auth_date=1&hash=0&signature=0",
    ...how,
  });
  const opened: unknown[][] = [];
  const page = Object.assign(new EventTarget(), {
    location: { hash: `#${hash}`, search: "" },
    open: (...with_: unknown[]) => opened.push(with_),
    ...client,
  });
  vi.stubGlobal("window", Object.assign(page, { parent: page, self: page, top: page }));
  const hear = (eventType: string, eventData: unknown): void => {
    const data = JSON.stringify({ eventType, eventData });
    page.dispatchEvent(Object.assign(new Event("message"), { data, source: page }));
  };
  const { root, colours } = sampleStyle();
  return { telegram: connectTelegram(root, () => true), opened, root, colours, hear };
}

beforeEach(() => {
  return () => {
    vi.unstubAllGlobals();
  };
});

describe("a link", () => {
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

describe("a text that is shared", () => {
  it.each([
    ["Play with me", "https://t.me/bot?startapp=A"],
    ["Ключ: ABCDE 12345 + 1", "https://t.me/bot?startapp=A&b=c d"],
    ["100 % & more = fun?", "https://example.org/#a"],
  ])("is %j for a client that shows a + as it stands", (text, url) => {
    const postEvent = vi.fn();
    const { telegram } = launch("8.0", { TelegramWebviewProxy: { postEvent } });
    expect(telegram.share(url, text)).toBe(true);
    const [, json] = postEvent.mock.lastCall as [string, string];
    const { path_full } = JSON.parse(json) as { path_full: string };
    expect(path_full).not.toContain("+");
    const read =
      path_full
        .split("?")[1]
        ?.split("&")
        .map((part) => part.split("=")[1] ?? "") ?? [];
    expect(read.map(decodeURIComponent)).toEqual([url, text]);
  });
});

describe("a client that opens the page without data", () => {
  it("is asked for what any client can, and gives its theme", () => {
    const postEvent = vi.fn();
    const { telegram, root, colours } = launch(
      "8.0",
      { TelegramWebviewProxy: { postEvent } },
      { tgWebAppData: "", tgWebAppThemeParams: JSON.stringify(BLACK) },
    );
    telegram.ready();
    expect([telegram.isInside, telegram.initData]).toEqual([true, null]);
    expect(postEvent.mock.calls.map(([name]: unknown[]) => name)).toContain("web_app_ready");
    expect([root.dataset.theme, colours.get("--tg-bg-color")]).toEqual(["dark", "#000000"]);
  });
});

describe("a theme that changes", () => {
  it.each([
    ["a number", { bg_color: -1, text_color: -16_777_216 }],
    ["a short form", { bg_color: "#fff", text_color: "#000" }],
    ["nothing for another one", { bg_color: "#ffffff", text_color: null, link_color: null }],
    ["a function", { bg_color: "rgb(255 255 255)", text_color: "rgba(0, 0, 0, 1)" }],
  ])("is taken though a colour is %s", (_, theme_params) => {
    const how = { tgWebAppThemeParams: JSON.stringify({ ...BLACK, hint_color: "#444444" }) };
    const { telegram, root, colours, hear } = launch("8.0", {}, how);
    hear("theme_changed", { theme_params });
    expect([telegram.theme.get(), root.dataset.theme]).toEqual(["light", "light"]);
    expect(colours.get("--tg-bg-color")).toBe("#ffffff");
    expect(colours.get("--tg-text-color")).toBe("#000000");
    // It was for a dark ground.
    expect(colours.has("--tg-hint-color")).toBe(false);
  });

  it("is none from another window, and of another message", () => {
    const how = { tgWebAppThemeParams: JSON.stringify(BLACK) };
    const { telegram, hear } = launch("8.0", {}, how);
    hear("viewport_changed", { height: 1, is_state_stable: true, is_expanded: true });
    const data = JSON.stringify({ eventType: "theme_changed", eventData: { theme_params: {} } });
    window.dispatchEvent(Object.assign(new Event("message"), { data, source: null }));
    expect(telegram.theme.get()).toBe("dark");
  });
});

describe("insets of a client", () => {
  it.each([
    [{ top: 47, bottom: 34 }, "47px", "34px"],
    [{ top: "47", bottom: null }, "47px", undefined],
    [{ bottom: 34 }, undefined, "34px"],
    [null, undefined, undefined],
  ])("of %j are each read by itself", (insets, top, bottom) => {
    const { colours, hear } = launch("8.0", {});
    hear("safe_area_changed", insets);
    expect(colours.get("--tg-safe-top")).toBe(top);
    expect(colours.get("--tg-safe-bottom")).toBe(bottom);
  });
});

describe("an invoice's window", () => {
  it.each([
    [{ slug: "slug", status: "paid" }, "paid"],
    [{ slug: "$slug", status: "failed" }, "failed"],
    [{ status: "paid" }, "paid"],
    [{ slug: "slug" }, "cancelled"],
    [null, "cancelled"],
  ])("is closed by %j", async (said, status) => {
    const client = { TelegramWebviewProxy: { postEvent: vi.fn() } };
    const { telegram, hear } = launch("8.0", client);
    const closed = telegram.openInvoice(LINK);
    hear("invoice_closed", { slug: "another", status: "paid" });
    hear("invoice_closed", said);
    expect(await closed).toBe(status);
  });
});

describe("the motor of a phone", () => {
  it("is asked for as many taps as can be felt, and for all else at once", () => {
    vi.useFakeTimers();
    const postEvent = vi.fn();
    const { telegram } = launch("8.0", { TelegramWebviewProxy: { postEvent } });
    const calls = (): number =>
      postEvent.mock.calls.filter(([name]: unknown[]) => name === "web_app_trigger_haptic_feedback")
        .length;
    // By hand with two fingers: each is felt.
    for (let tap = 0; tap < 10; tap++) {
      telegram.haptic("tap");
      vi.advanceTimersByTime(100);
    }
    expect(calls()).toBe(10);
    // With more of them many come at once.
    for (let tap = 0; tap < 50; tap++) {
      telegram.haptic("tap");
      vi.advanceTimersByTime(20);
    }
    expect(calls()).toBeLessThanOrEqual(10 + 13);
    telegram.haptic("success");
    telegram.haptic("failure");
    expect(calls()).toBeGreaterThanOrEqual(10 + 12 + 2);
    vi.useRealTimers();
  });
});
