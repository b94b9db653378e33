/**
 * The wire to Telegram's client: methods out, events in, by whichever transport the client has.
 *
 * Judges nothing that comes in: what an event says is read where it is used, each value by itself, for clients differ.
 * https://docs.telegram-mini-apps.com/platform/methods and https://docs.telegram-mini-apps.com/platform/events
 */
import { parseJson } from "./theme";

/** The version that each method came with. */
const SINCE = {
  web_app_ready: "6.0",
  web_app_expand: "6.0",
  web_app_setup_closing_behavior: "6.0",
  web_app_open_link: "6.0",
  web_app_open_tg_link: "6.1",
  web_app_open_invoice: "6.1",
  web_app_setup_back_button: "6.1",
  web_app_set_background_color: "6.1",
  web_app_set_header_color: "6.1",
  web_app_trigger_haptic_feedback: "6.1",
  web_app_request_write_access: "6.9",
  web_app_request_phone: "6.9",
  web_app_setup_swipe_behavior: "7.7",
  web_app_request_safe_area: "8.0",
  web_app_request_content_safe_area: "8.0",
  web_app_request_fullscreen: "8.0",
  web_app_add_to_home_screen: "8.0",
  web_app_check_home_screen: "8.0",
} as const;
export type Method = keyof typeof SINCE;

/** What an event says; nothing where a client has left it out. */
export type Said = Readonly<Record<string, unknown>>;
type Listener = (said: Said) => void;

interface Receiver {
  receiveEvent?: (event: unknown, said?: unknown) => void;
}

/** What clients put into the page, or call there. */
interface ClientWindow {
  TelegramWebviewProxy?: { postEvent?: (method: string, params: string) => void };
  external?: { notify?: (message: string) => void };
  TelegramGameProxy?: Receiver;
  Telegram?: { WebView?: Receiver };
  TelegramGameProxy_receiveEvent?: Receiver["receiveEvent"];
}

/** Whom a page in a frame writes to: Telegram's web clients, and nobody else who may have framed it. */
const WEB_CLIENT = "https://web.telegram.org";

export class Bridge {
  private readonly version: string;
  private readonly listeners = new Map<string, Set<Listener>>();

  constructor(version: string) {
    this.version = version;
    const hear = (event: unknown, said: unknown): void => {
      this.hear(event, said);
    };
    const page = window as unknown as ClientWindow;
    (page.TelegramGameProxy ??= {}).receiveEvent = hear;
    ((page.Telegram ??= {}).WebView ??= {}).receiveEvent = hear;
    page.TelegramGameProxy_receiveEvent = hear;
    window.addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
      if (source !== window.parent) return;
      const { eventType, eventData } = read(data);
      hear(eventType, eventData);
    });
  }

  on(event: string, listener: Listener): () => void {
    const listeners = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, listeners.add(listener));
    return () => {
      listeners.delete(listener);
    };
  }

  /** False where this client is too old for it, or is no Telegram client after all. */
  post(method: Method, params?: object): boolean {
    if (isOlder(this.version, SINCE[method])) return false;
    const page = window as unknown as ClientWindow;
    const message = JSON.stringify({ eventType: method, eventData: params });
    if (window.self !== window.top) window.parent.postMessage(message, WEB_CLIENT);
    else if (page.TelegramWebviewProxy?.postEvent) {
      page.TelegramWebviewProxy.postEvent(method, JSON.stringify(params ?? ""));
    } else if (page.external?.notify) page.external.notify(message);
    else return false;
    return true;
  }

  private hear(event: unknown, said: unknown): void {
    if (typeof event !== "string") return;
    for (const listener of this.listeners.get(event) ?? []) listener(read(said));
  }
}

/** An object, or the JSON of one. */
function read(said: unknown): Said {
  const value = typeof said === "string" ? parseJson(said) : said;
  return typeof value === "object" && value !== null ? (value as Said) : {};
}

function isOlder(version: string, since: string): boolean {
  const [own, needed] = [version, since].map((each) => each.split(".").map(Number));
  for (const [index, part] of (needed ?? []).entries()) {
    const difference = (own?.[index] ?? 0) - part;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
