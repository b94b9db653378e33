"""Chromium against the whole stack; any error in a page fails the test at its end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.chromium import launch, open_player
from tests.browser.line import Line
from tests.browser.player import Player
from tests.stand_ins.mail import MailSink, mail_sink

OpenPage = Callable[..., Awaitable[Player]]


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """`open_page(url, locale="en-US", scheme="light", size=SMALL, telegram=TelegramClient())`: a phone's page."""
    complaints: list[str] = []

    async def open_page(url: str, **how: Any) -> Player:
        return await open_player(browser, url, complaints, **how)

    yield open_page
    assert complaints == []


@pytest_asyncio.fixture
async def sink() -> AsyncIterator[MailSink]:
    async with mail_sink() as sink:
        yield sink


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
