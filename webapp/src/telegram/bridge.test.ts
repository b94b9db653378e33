import { afterEach, describe, expect, it, vi } from "vitest";
import { Bridge } from "./bridge";

/** A page in a client: what it gives the page, and where it writes to. */
function page(client: object): EventTarget & Record<string, unknown> {
  const own = Object.assign(new EventTarget(), client) as EventTarget & Record<string, unknown>;
  vi.stubGlobal("window", Object.assign(own, { self: own, top: own, parent: own, ...client }));
  return own;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the wire to a client", () => {
  it.each([
    ["a phone's", (write: unknown) => ({ TelegramWebviewProxy: { postEvent: write } })],
    ["a desktop's of old", (write: unknown) => ({ external: { notify: write } })],
    ["a browser's", (write: unknown) => ({ top: {}, parent: { postMessage: write } })],
  ])("is %s", (_, client) => {
    const write = vi.fn();
    page(client(write));
    expect(new Bridge("6.0").post("web_app_expand")).toBe(true);
    expect(write).toHaveBeenCalledOnce();
    expect(JSON.stringify(write.mock.lastCall)).toContain("web_app_expand");
  });

  it("is none in an ordinary browser", () => {
    page({});
    expect(new Bridge("9.0").post("web_app_ready")).toBe(false);
  });

  it.each([
    ["6.0", false],
    ["6.9", false],
    ["7.6", false],
    ["7.7", true],
    ["7.10", true],
    ["8", true],
    ["10.0", true],
  ])("of version %s knows whether swiping can be forbidden: %s", (version, isKnown) => {
    page({ TelegramWebviewProxy: { postEvent: vi.fn() } });
    const params = { allow_vertical_swipe: false };
    expect(new Bridge(version).post("web_app_setup_swipe_behavior", params)).toBe(isKnown);
  });

  it.each([
    ["Telegram.WebView.receiveEvent", "an object", { is: 1 }],
    ["TelegramGameProxy.receiveEvent", "JSON", '{"is":1}'],
    ["TelegramGameProxy_receiveEvent", "an object", { is: 1 }],
  ])("hears %s with %s", (path, _, said) => {
    const own = page({});
    const heard = vi.fn();
    const forget = new Bridge("6.0").on("event", heard);
    const receive = path
      .split(".")
      .reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], own) as (
      ...args: unknown[]
    ) => void;
    receive("event", said);
    receive("another", said);
    expect(heard.mock.calls).toEqual([[{ is: 1 }]]);
    receive("event");
    receive("event", null);
    expect(heard).toHaveBeenLastCalledWith({});
    forget();
    receive("event", said);
    expect(heard).toHaveBeenCalledTimes(3);
  });

  it.each([
    ["JSON", JSON.stringify({ eventType: "event", eventData: { is: 1 } })],
    ["an object", { eventType: "event", eventData: '{"is":1}' }],
  ])("hears the window above with %s, and no other", (_, data) => {
    const own = page({});
    const heard = vi.fn();
    new Bridge("6.0").on("event", heard);
    own.dispatchEvent(Object.assign(new Event("message"), { data, source: null }));
    own.dispatchEvent(Object.assign(new Event("message"), { data: "{", source: own }));
    own.dispatchEvent(Object.assign(new Event("message"), { data: null, source: own }));
    expect(heard).not.toHaveBeenCalled();
    own.dispatchEvent(Object.assign(new Event("message"), { data, source: own }));
    expect(heard.mock.calls).toEqual([[{ is: 1 }]]);
  });
});
