"""Chromium, and pages in it like those of a phone, which report whatever goes wrong in them."""

import os
import shutil
from pathlib import Path

from playwright.async_api import Browser, ConsoleMessage, Error, Playwright, ViewportSize, expect

from tests.browser.player import Player
from tests.browser.telegram import Telegram, TelegramClient

BUILD = Path(__file__).parents[2] / "webapp" / "dist" / "index.html"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SMALL: ViewportSize = {"width": 360, "height": 640}
PHONE: ViewportSize = {"width": 390, "height": 844}
TABLET: ViewportSize = {"width": 768, "height": 1024}
PHONES = (SMALL, PHONE, TABLET)
PATIENCE_MS = 20_000

# Whatever took away what had the keyboard's focus must have put the focus somewhere else a second later.
WATCH_FOCUS = """
  (() => {
    let held = null, looks = 0;
    document.addEventListener("focusin", ({ target }) => { held = target; });
    setInterval(() => {
      const isGone = held && (!held.isConnected || held.matches(":disabled") || held.closest("[inert]"));
      const isScreen = document.querySelector("main h1, main button") !== null && document.hasFocus();
      const isLost = isGone && isScreen && document.activeElement === document.body;
      looks = isLost ? looks + 1 : 0;
      if (looks < 4) return;
      console.error(`the focus fell to the body from ${held.localName} "${held.ariaLabel ?? held.textContent}"`);
      held = null;
    }, 250);
  })();
"""

expect.set_options(timeout=PATIENCE_MS)


def executable() -> str:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "these tests need chromium on PATH, or CHROMIUM naming a browser"
    return path


async def launch(playwright: Playwright) -> Browser:
    assert BUILD.is_file(), "the web app is not built: `make web` builds it"
    return await playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))


async def open_player(
    browser: Browser,
    url: str,
    complaints: list[str],
    *,
    locale: str = "en-US",
    scheme: str = "dark",
    size: ViewportSize = PHONE,
    telegram: TelegramClient | None = None,
    motion: bool = True,
    tolerated: str = "",
) -> Player:
    """A phone's page, still empty.  `complaints` gets what its console says in anger, except what holds `tolerated`."""
    context = await browser.new_context(
        viewport=size,
        device_scale_factor=2,
        has_touch=True,
        locale=locale,
        color_scheme="light" if scheme == "light" else "dark",
        reduced_motion="no-preference" if motion else "reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    await context.add_init_script(WATCH_FOCUS)
    page = await context.new_page()

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not (tolerated and tolerated in message.text):
            complaints.append(f"console {message.type}: {message.text}")

    def on_error(error: Error) -> None:
        complaints.append(f"uncaught: {error.message}")

    page.on("console", on_console)
    page.on("pageerror", on_error)
    if telegram is None:
        return Player(page, url)
    return Player(page, telegram.address(url), await Telegram.around(page, telegram))
