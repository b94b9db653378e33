/**
 * The only module that knows Telegram: launch data in; theme, buttons, windows and questions out.
 *
 * Outside Telegram, and where a client is too old for a method, every call is harmless and every question is answered
 * with null.  Nothing that Telegram says here is trusted: the server checks init data, and decides what was paid.
 */
import { createStore, type Readable } from "../state/store";
import { Bridge, type Method, type Said } from "./bridge";
import { readable } from "./contrast";
import { type Launch, languageOf, readLaunch, readStartParam } from "./launch";
import { grounded, readTheme, type Scheme, schemeOf, type Theme } from "./theme";

export type Haptic = "tap" | "select" | "success" | "failure";
export type InvoiceStatus = "paid" | "cancelled" | "failed" | "pending";
export type HomeScreen = "unsupported" | "unknown" | "added" | "missed";

export interface Telegram {
  /** Whether a client of Telegram shows the page. */
  readonly isInside: boolean;
  /** The signed launch data; null outside Telegram, and where a client gives none. */
  readonly initData: string | null;
  readonly languageCode: string | null;
  /** What the link that opened the app carried: a hero room's key, a referral code, or nothing.  Not signed. */
  readonly startParam: string | null;
  readonly theme: Readable<Scheme | null>;
  ready(): void;
  /** Shows the back button while `handler` is given; the answer hides it again.  The latest handler has it. */
  onBack(handler: () => void): () => void;
  /** Of taps only as many as can be felt. */
  haptic(kind: Haptic): void;
  /** While a stake is in play a swipe must not close the app, and closing asks first. */
  guardGame(isGuarded: boolean): void;
  /** Opens a chat to send the link to; outside Telegram the device's own sharing.  False where there is neither. */
  share(url: string, text: string): boolean;
  /** A link to elsewhere; one to t.me stays inside Telegram. */
  openLink(url: string): void;
  /** How the invoice's window was closed.  Only a hint: the server knows what was paid.  Null: no window here. */
  openInvoice(url: string): Promise<InvoiceStatus | null>;
  /** Null where it cannot be asked. */
  homeScreen(): Promise<HomeScreen | null>;
  addToHomeScreen(): void;
  /** `onAdded` is called once the shortcut is there; the answer stops that. */
  onHomeScreen(onAdded: () => void): () => void;
  /** Whether the bot may write to the player; null where it cannot be asked. */
  requestWriteAccess(): Promise<boolean | null>;
  /** Whether the player shared the phone number with the bot; null where it cannot be asked. */
  requestContact(): Promise<boolean | null>;
}

export function connectTelegram(root: HTMLElement, mayVibrate: () => boolean): Telegram {
  const { hash, search } = window.location;
  const launch = readLaunch(hash);
  const startParam = readStartParam(search, launch);
  return launch
    ? new InsideTelegram(root, launch, startParam, mayVibrate)
    : new OutsideTelegram(startParam);
}

class OutsideTelegram implements Telegram {
  readonly isInside = false;
  readonly initData = null;
  readonly languageCode = null;
  readonly startParam: string | null;
  readonly theme = createStore<Scheme | null>(null);

  constructor(startParam: string | null) {
    this.startParam = startParam;
  }

  ready(): void {
    // Nobody waits for it.
  }

  onBack(): () => void {
    return () => undefined;
  }

  haptic(): void {
    // No motor that we could ask for it.
  }

  guardGame(): void {
    // A browser's tab closes when it wants to.
  }

  share(url: string, text: string): boolean {
    if (!("share" in navigator)) return false;
    // Refused or dismissed: then nothing was shared, and the player knows it.
    navigator.share({ url, text }).catch(() => undefined);
    return true;
  }

  openLink(url: string): void {
    openTab(url);
  }

  openInvoice(): Promise<null> {
    return Promise.resolve(null);
  }

  homeScreen(): Promise<null> {
    return Promise.resolve(null);
  }

  addToHomeScreen(): void {
    // Only Telegram's launcher can.
  }

  onHomeScreen(): () => void {
    return () => undefined;
  }

  requestWriteAccess(): Promise<null> {
    return Promise.resolve(null);
  }

  requestContact(): Promise<null> {
    return Promise.resolve(null);
  }
}

/** Questions that open a window wait for the player; this one is answered by the client itself. */
const HOME_SCREEN_TIMEOUT_MS = 2000;
/** `android_x` is another client for the same phones. */
const PHONES = /^(android|ios)/;
/** A motor is hardly still again before: more often, taps are not felt as more, and each call costs a phone time. */
const FELT_MS = 80;

class InsideTelegram implements Telegram {
  readonly isInside = true;
  readonly initData: string | null;
  readonly languageCode: string | null;
  readonly startParam: string | null;
  readonly theme = createStore<Scheme | null>(null);
  private readonly root: HTMLElement;
  private readonly bridge: Bridge;
  private readonly platform: string;
  private readonly mayVibrate: () => boolean;
  private background: string | undefined;
  private feltMs = Number.NEGATIVE_INFINITY;
  private readonly backHandlers: (() => void)[] = [];

  constructor(
    root: HTMLElement,
    launch: Launch,
    startParam: string | null,
    mayVibrate: () => boolean,
  ) {
    this.root = root;
    this.bridge = new Bridge(launch.version);
    this.platform = launch.platform;
    this.initData = launch.initData;
    this.languageCode = languageOf(launch);
    this.startParam = startParam;
    this.mayVibrate = mayVibrate;
    this.paint(launch.theme);
    this.bridge.on("theme_changed", ({ theme_params }) => {
      this.paint(readTheme(theme_params));
      this.paintFrame();
    });
    const inset = (insets: Said, prefix: string): void => {
      for (const side of ["top", "bottom"]) {
        const value = Number(insets[side] ?? Number.NaN);
        if (Number.isFinite(value)) root.style.setProperty(`${prefix}-${side}`, `${value}px`);
      }
    };
    this.bridge.on("safe_area_changed", (insets) => {
      inset(insets, "--tg-safe");
    });
    this.bridge.on("content_safe_area_changed", (insets) => {
      inset(insets, "--tg-content");
    });
    this.bridge.on("back_button_pressed", () => {
      this.backHandlers.at(-1)?.();
    });
    this.post("web_app_request_safe_area");
    this.post("web_app_request_content_safe_area");
  }

  ready(): void {
    this.post("web_app_ready");
    this.post("web_app_expand");
    // On a computer a window that takes the whole screen is nobody's wish.
    if (PHONES.test(this.platform)) this.post("web_app_request_fullscreen");
    this.paintFrame();
  }

  onBack(handler: () => void): () => void {
    this.backHandlers.push(handler);
    this.post("web_app_setup_back_button", { is_visible: true });
    return () => {
      this.backHandlers.splice(this.backHandlers.lastIndexOf(handler), 1);
      if (this.backHandlers.length === 0) {
        this.post("web_app_setup_back_button", { is_visible: false });
      }
    };
  }

  haptic(kind: Haptic): void {
    if (!this.mayVibrate()) return;
    if (kind === "tap") {
      const nowMs = performance.now();
      if (nowMs - this.feltMs < FELT_MS) return;
      this.feltMs = nowMs;
    }
    const params = {
      tap: { type: "impact", impact_style: "light" },
      select: { type: "selection_change" },
      success: { type: "notification", notification_type: "success" },
      failure: { type: "notification", notification_type: "error" },
    } as const;
    this.post("web_app_trigger_haptic_feedback", params[kind]);
  }

  guardGame(isGuarded: boolean): void {
    this.post("web_app_setup_closing_behavior", { need_confirmation: isGuarded });
    this.post("web_app_setup_swipe_behavior", { allow_vertical_swipe: !isGuarded });
  }

  share(url: string, text: string): boolean {
    // Not URLSearchParams: its "+" for a space is shown as it stands by some clients.
    const query = `url=${encodeURIComponent(url)}&text=${encodeURIComponent(text)}`;
    return this.post("web_app_open_tg_link", { path_full: `/share/url?${query}` });
  }

  openLink(url: string): void {
    const { hostname, pathname, search } = new URL(url);
    const isOpen =
      hostname === "t.me"
        ? this.post("web_app_open_tg_link", { path_full: pathname + search })
        : this.post("web_app_open_link", { url });
    if (!isOpen) openTab(url);
  }

  async openInvoice(url: string): Promise<InvoiceStatus | null> {
    const slug = /^\/(?:invoice\/|\$)([\w-]+)$/.exec(new URL(url).pathname)?.[1];
    if (slug === undefined) return null;
    const closed = await this.ask(
      "web_app_open_invoice",
      { slug },
      "invoice_closed",
      // Of a client that does not say which window was closed it is the one that was opened.
      (said) => typeof said.slug !== "string" || said.slug.endsWith(slug),
    );
    // What a newer client may say beyond these is no answer to rely on either; nor is nothing.
    return closed && ((closed.status as InvoiceStatus | undefined) ?? "cancelled");
  }

  async homeScreen(): Promise<HomeScreen | null> {
    const answer = this.ask("web_app_check_home_screen", undefined, "home_screen_checked");
    const patience = new Promise<null>((resolve) => {
      window.setTimeout(resolve, HOME_SCREEN_TIMEOUT_MS, null);
    });
    return ((await Promise.race([answer, patience]))?.status as HomeScreen | undefined) ?? null;
  }

  addToHomeScreen(): void {
    this.post("web_app_add_to_home_screen");
  }

  onHomeScreen(onAdded: () => void): () => void {
    return this.bridge.on("home_screen_added", onAdded);
  }

  async requestWriteAccess(): Promise<boolean | null> {
    const answer = await this.ask(
      "web_app_request_write_access",
      undefined,
      "write_access_requested",
    );
    return answer === null ? null : answer.status === "allowed";
  }

  async requestContact(): Promise<boolean | null> {
    const answer = await this.ask("web_app_request_phone", undefined, "phone_requested");
    return answer === null ? null : answer.status === "sent";
  }

  private paint(theme: Theme): void {
    this.background = theme.bg_color;
    this.theme.set(applyTheme(this.root, theme));
  }

  /** The client's own frame round the page takes the page's colour. */
  private paintFrame(): void {
    this.post("web_app_set_header_color", { color_key: "bg_color" });
    if (this.background) this.post("web_app_set_background_color", { color: this.background });
  }

  /** Asks and waits for the event that answers; null at once where the client cannot be asked. */
  private ask(
    method: Method,
    params: object | undefined,
    event: string,
    isAnswer: (said: Said) => boolean = () => true,
  ): Promise<Said | null> {
    return new Promise((resolve) => {
      const forget = this.bridge.on(event, (said) => {
        if (!isAnswer(said)) return;
        forget();
        resolve(said);
      });
      if (!this.post(method, params)) {
        forget();
        resolve(null);
      }
    });
  }

  private post(method: Method, params?: object): boolean {
    return this.bridge.post(method, params);
  }
}

function openTab(url: string): void {
  window.open(url, "_blank", "noopener");
}

/** Telegram's colours become `--tg-*` variables; the style sheets say what takes their place where there are none. */
function applyTheme(root: HTMLElement, theme: Theme): Scheme | null {
  // Of the theme before nothing may stay: its text could be what is the ground now.
  const known = Array.from(root.style).filter((name) => /^--tg-.*-color$/.test(name));
  for (const name of known) root.style.removeProperty(name);
  for (const [name, colour] of Object.entries(readable(grounded(theme)))) {
    if (colour) root.style.setProperty(`--tg-${name.replaceAll("_", "-")}`, colour);
  }
  const scheme = schemeOf(theme);
  if (scheme !== null) root.dataset.theme = scheme;
  return scheme;
}
