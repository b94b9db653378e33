"""Chromium against the whole stack, and pages that report whatever goes wrong in them."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Error, ViewportSize, async_playwright, expect

from tests.browser.line import Line
from tests.browser.player import Player

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
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 20_000

expect.set_options(timeout=PATIENCE_MS)

OpenPage = Callable[..., Awaitable[Player]]


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "these tests need chromium on PATH, or CHROMIUM naming a browser"
    assert BUILD.is_file(), "the web app is not built: `make web` builds it"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """`open_page(url, locale="en-US", scheme="light")`: a phone's page; any error in it fails the test at the end."""
    complaints: list[str] = []

    async def open_page(url: str, *, locale: str = "en-US", scheme: str = "dark", tolerated: str = "") -> Player:
        context = await browser.new_context(
            viewport=PHONE,
            device_scale_factor=2,
            has_touch=True,
            locale=locale,
            color_scheme="light" if scheme == "light" else "dark",
        )
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()

        def on_console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not (tolerated and tolerated in message.text):
                complaints.append(f"console {message.type}: {message.text}")

        def on_error(error: Error) -> None:
            complaints.append(f"uncaught: {error.message}")

        page.on("console", on_console)
        page.on("pageerror", on_error)
        return Player(page, url)

    yield open_page
    assert complaints == []


@pytest_asyncio.fixture
async def lines() -> AsyncIterator[Callable[[str], Awaitable[Line]]]:
    """`lines(url)`: a road to that address which the test can cut."""
    made: list[Line] = []

    async def make(url: str) -> Line:
        line = await Line.to(url)
        made.append(line)
        return line

    yield make
    for line in made:
        line.cut()
