/*
 * A Telegram client inside the page: what the web view of a real one gives to a Mini App, held to the protocol.
 *
 * Owns the transport (`TelegramWebviewProxy.postEvent` outwards, `Telegram.WebView.receiveEvent` inwards), the table of
 * methods with the version each came with, and the client's own state.  Never touches the page otherwise.
 * A method or a parameter that this version does not have is told on the console as an error, which fails the test.
 * Methods: https://docs.telegram-mini-apps.com/platform/methods and https://core.telegram.org/bots/webapps
 */
(settings) => {
  if (window !== window.top) return;

  const COLOUR = /^#[0-9a-f]{6}$/i;
  const text = (value) => typeof value === "string" && value !== "";
  const flag = (value) => typeof value === "boolean";
  const colour = (value) => typeof value === "string" && COLOUR.test(value);
  const oneOf = (...values) => (value) => values.includes(value);
  const optional = (check, since = "6.0") => ({ check, since, isOptional: true });
  const required = (check, since = "6.0") => ({ check, since, isOptional: false });
  const button = {
    is_visible: optional(flag),
    is_active: optional(flag),
    is_progress_visible: optional(flag),
    has_shine_effect: optional(flag, "7.10"),
    icon_custom_emoji_id: optional(text, "9.5"),
    text: optional(text),
    color: optional(colour),
    text_color: optional(colour),
  };
  const stored = { req_id: required(text), key: required(text) };
  const METHODS = {
    web_app_ready: ["6.0", {}],
    web_app_expand: ["6.0", {}],
    web_app_close: ["6.0", { return_back: optional(flag, "7.6") }],
    web_app_request_theme: ["6.0", {}],
    web_app_request_viewport: ["6.0", {}],
    web_app_setup_main_button: ["6.0", button],
    web_app_setup_closing_behavior: ["6.0", { need_confirmation: required(flag) }],
    web_app_open_link: [
      "6.0",
      {
        url: required((value) => text(value) && /^https?:\/\//.test(value)),
        try_instant_view: optional(flag, "6.4"),
        try_browser: optional(text, "7.6"),
      },
    ],
    web_app_open_tg_link: ["6.1", { path_full: required((value) => text(value) && value.startsWith("/")) }],
    web_app_open_invoice: ["6.1", { slug: required((value) => text(value) && !/[/?#]/.test(value)) }],
    web_app_setup_back_button: ["6.1", { is_visible: required(flag) }],
    web_app_set_background_color: ["6.1", { color: required(colour) }],
    web_app_set_header_color: [
      "6.1",
      { color_key: optional(oneOf("bg_color", "secondary_bg_color")), color: optional(colour, "6.9") },
    ],
    web_app_trigger_haptic_feedback: [
      "6.1",
      {
        type: required(oneOf("impact", "notification", "selection_change")),
        impact_style: optional(oneOf("light", "medium", "heavy", "rigid", "soft")),
        notification_type: optional(oneOf("error", "success", "warning")),
      },
    ],
    web_app_open_popup: [
      "6.2",
      {
        title: required((value) => typeof value === "string" && value.length <= 64),
        message: required((value) => text(value) && value.length <= 256),
        buttons: required((value) => Array.isArray(value) && value.length >= 1 && value.length <= 3),
      },
    ],
    web_app_read_text_from_clipboard: ["6.4", { req_id: required(text) }],
    web_app_switch_inline_query: [
      "6.7",
      { query: required((value) => typeof value === "string"), chat_types: required(Array.isArray) },
    ],
    web_app_invoke_custom_method: [
      "6.9",
      { req_id: required(text), method: required(text), params: required((value) => typeof value === "object") },
    ],
    web_app_request_write_access: ["6.9", {}],
    web_app_request_phone: ["6.9", {}],
    web_app_setup_settings_button: ["6.10", { is_visible: required(flag) }],
    web_app_setup_swipe_behavior: ["7.7", { allow_vertical_swipe: required(flag) }],
    web_app_share_to_story: [
      "7.8",
      { media_url: required(text), text: optional(text), widget_link: optional((value) => typeof value === "object") },
    ],
    web_app_setup_secondary_button: [
      "7.10",
      { ...button, position: optional(oneOf("left", "right", "top", "bottom")) },
    ],
    web_app_set_bottom_bar_color: ["7.10", { color: required(colour) }],
    web_app_request_safe_area: ["8.0", {}],
    web_app_request_content_safe_area: ["8.0", {}],
    web_app_request_fullscreen: ["8.0", {}],
    web_app_exit_fullscreen: ["8.0", {}],
    web_app_add_to_home_screen: ["8.0", {}],
    web_app_check_home_screen: ["8.0", {}],
    web_app_send_prepared_message: ["8.0", { id: required(text) }],
    web_app_toggle_orientation_lock: ["8.0", { locked: required(flag) }],
    web_app_device_storage_save_key: [
      "9.0",
      { ...stored, value: required((value) => value === null || typeof value === "string") },
    ],
    web_app_device_storage_get_key: ["9.0", stored],
    web_app_device_storage_clear: ["9.0", { req_id: required(text) }],
    web_app_hide_keyboard: ["9.1", {}],
  };

  const client = {
    theme: settings.theme,
    safeArea: settings.safeArea,
    contentSafeArea: settings.contentSafeArea,
    isExpanded: false,
    isFullscreen: false,
    homeScreen: settings.homeScreen,
    storage: new Map(),
    deviceStorage: new Map(),
  };

  /** As a client does it: a call into the page, of which nobody says whether somebody listened. */
  const tell = (name, data) => {
    const receive = window.Telegram?.WebView?.receiveEvent ?? window.TelegramGameProxy?.receiveEvent;
    receive?.(name, data);
  };
  const answer = (name, data) => {
    setTimeout(() => {
      tell(name, data);
    }, settings.delayMs);
  };
  const answerViewport = () => {
    answer("viewport_changed", {
      height: window.innerHeight,
      width: window.innerWidth,
      is_expanded: client.isExpanded,
      is_state_stable: true,
    });
  };
  const answerSafeAreas = () => {
    answer("safe_area_changed", client.safeArea);
    answer("content_safe_area_changed", contentSafeArea());
  };
  /** Telegram's own buttons float over the page only in full screen. */
  const contentSafeArea = () =>
    client.isFullscreen ? { ...client.contentSafeArea, top: client.contentSafeArea.top + 46 } : client.contentSafeArea;
  const setFullscreen = (isFullscreen) => {
    client.isFullscreen = isFullscreen;
    answer("fullscreen_changed", { is_fullscreen: isFullscreen });
    answerSafeAreas();
    answerViewport();
  };

  const custom = {
    getRequestedContact: () => settings.contact,
    getCurrentTime: () => Math.floor(Date.now() / 1000),
    getStorageKeys: () => [...client.storage.keys()],
    getStorageValues: ({ keys }) =>
      Object.fromEntries([keys].flat().map((key) => [key, client.storage.get(key) ?? ""])),
    saveStorageValue: ({ key, value }) => {
      client.storage.set(key, value);
      return true;
    },
    deleteStorageValues: ({ keys }) => {
      for (const key of [keys].flat()) client.storage.delete(key);
      return true;
    },
  };

  const ANSWERS = {
    web_app_request_theme: () => {
      answer("theme_changed", { theme_params: client.theme });
    },
    web_app_request_viewport: answerViewport,
    web_app_expand: () => {
      client.isExpanded = true;
      answerViewport();
    },
    web_app_request_safe_area: () => {
      answer("safe_area_changed", client.safeArea);
    },
    web_app_request_content_safe_area: () => {
      answer("content_safe_area_changed", contentSafeArea());
    },
    web_app_request_fullscreen: () => {
      if (client.isFullscreen) answer("fullscreen_failed", { error: "ALREADY_FULLSCREEN" });
      else if (!settings.hasFullscreen) answer("fullscreen_failed", { error: "UNSUPPORTED" });
      else setFullscreen(true);
    },
    web_app_exit_fullscreen: () => {
      if (client.isFullscreen) setFullscreen(false);
    },
    web_app_check_home_screen: () => {
      answer("home_screen_checked", { status: client.homeScreen });
    },
    web_app_add_to_home_screen: () => {
      if (client.homeScreen === "unsupported") {
        answer("home_screen_failed", { error: "UNSUPPORTED" });
        return;
      }
      client.homeScreen = "added";
      answer("home_screen_added");
    },
    web_app_request_write_access: () => {
      answer("write_access_requested", { status: settings.writeAccess });
    },
    web_app_request_phone: () => {
      answer("phone_requested", { status: settings.phone });
    },
    web_app_read_text_from_clipboard: ({ req_id }) => {
      answer("clipboard_text_received", { req_id, data: settings.clipboard });
    },
    web_app_send_prepared_message: () => {
      if (settings.share === "sent") answer("prepared_message_sent");
      else answer("prepared_message_failed", { error: settings.share });
    },
    web_app_invoke_custom_method: ({ req_id, method, params }) => {
      const invoke = custom[method];
      if (invoke) answer("custom_method_invoked", { req_id, result: invoke(params) });
      else answer("custom_method_invoked", { req_id, error: "UNKNOWN_METHOD" });
    },
    web_app_device_storage_save_key: ({ req_id, key, value }) => {
      if (value === null) client.deviceStorage.delete(key);
      else client.deviceStorage.set(key, value);
      answer("device_storage_key_saved", { req_id });
    },
    web_app_device_storage_get_key: ({ req_id, key }) => {
      answer("device_storage_key_received", { req_id, value: client.deviceStorage.get(key) ?? null });
    },
    web_app_device_storage_clear: ({ req_id }) => {
      client.deviceStorage.clear();
      answer("device_storage_cleared", { req_id });
    },
  };

  const isOlderThan = (since) => {
    const [major, minor] = settings.version.split(".").map(Number);
    const [sinceMajor, sinceMinor] = since.split(".").map(Number);
    return major === sinceMajor ? minor < sinceMinor : major < sinceMajor;
  };
  /** What is wrong with this call, or null. */
  const complaint = (name, params) => {
    const method = METHODS[name];
    if (!method) return "there is no such method";
    const [since, known] = method;
    if (isOlderThan(since)) return `came with ${since}`;
    for (const [key, value] of Object.entries(params)) {
      const param = known[key];
      if (!param) return `has no parameter ${key}`;
      if (isOlderThan(param.since)) return `its ${key} came with ${param.since}`;
      if (!param.check(value)) return `its ${key} cannot be ${JSON.stringify(value)}`;
    }
    const missing = Object.keys(known).find((key) => !known[key].isOptional && !(key in params));
    return missing ? `lacks ${missing}` : null;
  };

  window.TelegramWebviewProxy = {
    postEvent: (name, json) => {
      let params;
      try {
        // Telegram's own script writes an empty string where there is nothing to say.
        params = (json ? JSON.parse(json) : null) || {};
      } catch {
        console.error(`Telegram ${settings.version} refuses ${name}: its parameters are no JSON`);
        return;
      }
      const wrong = complaint(name, params);
      if (wrong) {
        console.error(`Telegram ${settings.version} refuses ${name}: ${wrong}`);
        return;
      }
      window.telegramClientHears?.(name, params);
      ANSWERS[name]?.(params);
    },
  };
  window.telegramClient = {
    tell,
    setTheme: (theme) => {
      client.theme = theme;
      tell("theme_changed", { theme_params: theme });
    },
    setSafeAreas: (safeArea, contentArea) => {
      Object.assign(client, { safeArea, contentSafeArea: contentArea });
      answerSafeAreas();
    },
  };
}
