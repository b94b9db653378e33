"""A Telegram client around a page, as a test sees it: how it opens the app, what it was asked, what its user does.

`TelegramClient` says which client it is (version, theme, who holds the phone, what they answer when asked); `Telegram`
is that client at work, a page's `player.telegram`.  The part that runs in the page is telegram.js.

    player = await open_page(stack.url, telegram=TelegramClient(version="9.1", theme=DARK))
    await player.launch()
    await player.telegram.asked("web_app_open_invoice")       # waits for it; answers with its parameters
    await player.telegram.close_invoice("paid")
"""

import asyncio
import itertools
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Page

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from gateway.auth.init_data import InitDataCheck

# Telegram Desktop's own two themes.
DARK: Mapping[str, str] = {
    "accent_text_color": "#6ab2f2",
    "bg_color": "#17212b",
    "bottom_bar_bg_color": "#17212b",
    "button_color": "#5288c1",
    "button_text_color": "#ffffff",
    "destructive_text_color": "#ec3942",
    "header_bg_color": "#17212b",
    "hint_color": "#708499",
    "link_color": "#6ab3f3",
    "secondary_bg_color": "#232e3c",
    "section_bg_color": "#17212b",
    "section_header_text_color": "#6ab3f3",
    "section_separator_color": "#111921",
    "subtitle_text_color": "#708499",
    "text_color": "#f5f5f5",
}
LIGHT: Mapping[str, str] = {
    "accent_text_color": "#168acd",
    "bg_color": "#ffffff",
    "bottom_bar_bg_color": "#ffffff",
    "button_color": "#40a7e3",
    "button_text_color": "#ffffff",
    "destructive_text_color": "#d14e4e",
    "header_bg_color": "#ffffff",
    "hint_color": "#999999",
    "link_color": "#168acd",
    "secondary_bg_color": "#f1f1f1",
    "section_bg_color": "#ffffff",
    "section_header_text_color": "#168acd",
    "section_separator_color": "#e7e7e7",
    "subtitle_text_color": "#999999",
    "text_color": "#000000",
}

IN_PAGE = (Path(__file__).parent / "telegram.js").read_text()
PATIENCE_S = 20.0
_ids = itertools.count(random.randrange(10**9, 2 * 10**9))


@dataclass(frozen=True)
class Insets:
    """Pixels that the phone, or Telegram itself, covers."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0


@dataclass(frozen=True)
class TelegramClient:
    """Which client this is, who uses it and what they answer; every new one is a new person."""

    version: str = "9.1"
    platform: str = "ios"
    theme: Mapping[str, str] = field(default_factory=lambda: DARK)
    first_name: str = "Anna"
    last_name: str = ""
    username: str = ""
    language: str = "en"
    photo_url: str = ""
    telegram_id: int = field(default_factory=lambda: next(_ids))
    start_param: str = ""
    bot_token: str = DEVELOPMENT_BOT_TOKEN
    safe_area: Insets = Insets()
    content_safe_area: Insets = Insets()
    has_fullscreen: bool = True
    home_screen: str = "missed"  # unsupported, unknown, added
    write_access: str = "allowed"  # cancelled
    phone: str = "sent"  # cancelled
    contact: str = ""  # what `getRequestedContact` answers
    share: str = "sent"  # or an error, as USER_DECLINED
    clipboard: str = ""

    def init_data(self) -> str:
        """Signed now."""
        user = {
            "id": self.telegram_id,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "username": self.username,
            "language_code": self.language,
            "photo_url": self.photo_url,
        }
        fields = {
            "user": json.dumps({name: value for name, value in user.items() if value != ""}, ensure_ascii=False),
            "auth_date": str(int(time.time())),
            "query_id": f"AA{self.telegram_id}",
        }
        if self.start_param:
            fields["start_param"] = self.start_param
        return InitDataCheck(self.bot_token, max_age_s=86_400).sign(fields)

    def address(self, url: str) -> str:
        """Where the client opens the app that lies at `url`."""
        launch = {
            "tgWebAppData": self.init_data(),
            "tgWebAppVersion": self.version,
            "tgWebAppPlatform": self.platform,
            "tgWebAppThemeParams": json.dumps(dict(self.theme)),
        }
        query = f"?{urlencode({'tgWebAppStartParam': self.start_param})}" if self.start_param else ""
        return f"{url.rstrip('/')}/{query}#{urlencode(launch)}"

    def script(self) -> str:
        """What the web view runs before the page's own scripts."""
        settings = {
            "version": self.version,
            "theme": dict(self.theme),
            "safeArea": vars(self.safe_area),
            "contentSafeArea": vars(self.content_safe_area),
            "hasFullscreen": self.has_fullscreen,
            "homeScreen": self.home_screen,
            "writeAccess": self.write_access,
            "phone": self.phone,
            "contact": self.contact,
            "share": self.share,
            "clipboard": self.clipboard,
            "delayMs": 5,
        }
        return f"({IN_PAGE})({json.dumps(settings)});"


@dataclass(frozen=True)
class Asked:
    """One call of the page."""

    method: str
    params: dict[str, Any]


class Telegram:
    """The client of one page: everything that was asked of it, across reloads too, and what its user does."""

    def __init__(self, page: Page, client: TelegramClient) -> None:
        self.client = client
        self.heard: list[Asked] = []
        self._page = page
        self._news = asyncio.Event()

    @classmethod
    async def around(cls, page: Page, client: TelegramClient) -> "Telegram":
        telegram = cls(page, client)
        await page.expose_binding("telegramClientHears", telegram._hear)
        await page.add_init_script(client.script())
        return telegram

    def events(self, method: str) -> list[dict[str, Any]]:
        """The parameters of every call of `method` so far, oldest first."""
        return [asked.params for asked in self.heard if asked.method == method]

    async def asked(self, method: str, **params: Any) -> dict[str, Any]:
        """Wait until `method` was called with these parameters, ever; answers with all of that call's."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for given in self.events(method):
                    if params.items() <= given.items():
                        return given
                self._news.clear()
                await self._news.wait()

    @property
    def has_back_button(self) -> bool:
        return self._last("web_app_setup_back_button", "is_visible", False)

    @property
    def confirms_closing(self) -> bool:
        return self._last("web_app_setup_closing_behavior", "need_confirmation", False)

    @property
    def closes_by_swipe(self) -> bool:
        return self._last("web_app_setup_swipe_behavior", "allow_vertical_swipe", True)

    async def press_back(self) -> None:
        if not self.has_back_button:
            await self.asked("web_app_setup_back_button", is_visible=True)
        assert self.has_back_button, "there is no back button to press"
        await self.tell("back_button_pressed")

    async def close_invoice(self, status: str) -> None:
        """The payer is done with the invoice that was opened last: paid, cancelled, failed or pending."""
        await self.asked("web_app_open_invoice")
        slug = self.events("web_app_open_invoice")[-1]["slug"]
        await self.tell("invoice_closed", {"slug": slug, "status": status})

    async def close_popup(self, button_id: str | None = None) -> None:
        """Press one of the popup's buttons, or beside it."""
        await self.asked("web_app_open_popup")
        await self.tell("popup_closed", {} if button_id is None else {"button_id": button_id})

    async def set_theme(self, theme: Mapping[str, str]) -> None:
        await self._page.evaluate("(theme) => window.telegramClient.setTheme(theme)", dict(theme))

    async def set_safe_areas(self, phone: Insets, telegram: Insets = Insets()) -> None:
        areas = [vars(phone), vars(telegram)]
        await self._page.evaluate("([phone, own]) => window.telegramClient.setSafeAreas(phone, own)", areas)

    async def tell(self, event: str, data: object = None) -> None:
        """Any other event."""
        await self._page.evaluate("([event, data]) => window.telegramClient.tell(event, data)", [event, data])

    def _last(self, method: str, param: str, before: bool) -> bool:
        calls = self.events(method)
        return bool(calls[-1][param]) if calls else before

    def _hear(self, _source: object, method: str, params: dict[str, Any]) -> None:
        self.heard.append(Asked(method, params))
        self._news.set()
