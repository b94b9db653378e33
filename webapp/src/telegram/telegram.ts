/**
 * The only module that knows Telegram: launch data in, theme and buttons out.
 *
 * Outside Telegram every call is harmless.  Nothing that Telegram says here is trusted: the server checks init data.
 */
import { type MethodName, on, postEvent, type PostEventFn, supports } from "@tma.js/bridge";
import { type Launch, languageOf, readLaunch } from "./launch";

export type Haptic = "tap" | "success" | "failure";

export interface Telegram {
  /** The signed launch data; null outside Telegram. */
  readonly initData: string | null;
  readonly languageCode: string | null;
  ready(): void;
  /** Shows the back button while `handler` is given; the answer hides it again. */
  onBack(handler: () => void): () => void;
  haptic(kind: Haptic): void;
  /** In a game a swipe must not close the app, and closing asks first. */
  guardGame(isGuarded: boolean): void;
}

export function connectTelegram(root: HTMLElement): Telegram {
  const launch = readLaunch(window.location.hash);
  return launch ? new InsideTelegram(root, launch) : OUTSIDE;
}

const OUTSIDE: Telegram = {
  initData: null,
  languageCode: null,
  ready: () => undefined,
  onBack: () => () => undefined,
  haptic: () => undefined,
  guardGame: () => undefined,
};

class InsideTelegram implements Telegram {
  readonly initData: string;
  readonly languageCode: string | null;
  private readonly version: string;

  constructor(root: HTMLElement, launch: Launch) {
    this.version = launch.version;
    this.initData = launch.initData;
    this.languageCode = languageOf(launch);
    applyTheme(root, launch.theme);
    on("theme_changed", ({ theme_params }) => {
      applyTheme(root, theme_params);
    });
    const inset = ({ top, bottom }: { top: number; bottom: number }, prefix: string): void => {
      root.style.setProperty(`${prefix}-top`, `${top}px`);
      root.style.setProperty(`${prefix}-bottom`, `${bottom}px`);
    };
    on("safe_area_changed", (insets) => {
      inset(insets, "--tg-safe");
    });
    on("content_safe_area_changed", (insets) => {
      inset(insets, "--tg-content");
    });
    this.post("web_app_request_safe_area");
    this.post("web_app_request_content_safe_area");
  }

  ready(): void {
    this.post("web_app_ready");
    this.post("web_app_expand");
  }

  onBack(handler: () => void): () => void {
    this.post("web_app_setup_back_button", { is_visible: true });
    const forget = on("back_button_pressed", handler);
    return () => {
      forget();
      this.post("web_app_setup_back_button", { is_visible: false });
    };
  }

  haptic(kind: Haptic): void {
    const params = {
      tap: { type: "impact", impact_style: "light" },
      success: { type: "notification", notification_type: "success" },
      failure: { type: "notification", notification_type: "error" },
    } as const;
    this.post("web_app_trigger_haptic_feedback", params[kind]);
  }

  guardGame(isGuarded: boolean): void {
    this.post("web_app_setup_closing_behavior", { need_confirmation: isGuarded });
    this.post("web_app_setup_swipe_behavior", { allow_vertical_swipe: !isGuarded });
  }

  /** What this client is too old for, or what is no Telegram client after all, goes without. */
  private readonly post: PostEventFn = (method: MethodName, params?: unknown): void => {
    if (!supports(method, this.version)) return;
    try {
      (postEvent as (method: MethodName, params: unknown) => void)(method, params);
    } catch {
      // The address of a launch, opened in an ordinary browser.
    }
  };
}

/** Telegram's colours become `--tg-*` variables; the style sheets say what takes their place where there are none. */
function applyTheme(root: HTMLElement, theme: Readonly<Record<string, string | undefined>>): void {
  for (const [name, colour] of Object.entries(theme)) {
    if (colour) root.style.setProperty(`--tg-${name.replaceAll("_", "-")}`, colour);
  }
  const background = theme.bg_color;
  if (background) root.dataset.theme = isDark(background) ? "dark" : "light";
}

function isDark(colour: string): boolean {
  const value = Number.parseInt(colour.slice(1), 16);
  const [red, green, blue] = [(value >> 16) & 255, (value >> 8) & 255, value & 255];
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}
