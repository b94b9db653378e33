"""What a player finds out of games: the leaderboard, the history, notices; and what can be set in the profile."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.async_api import Route, expect

from persistence.postgres import games, users
from persistence.postgres.pool import Database
from tests.browser.chromium import SMALL
from tests.browser.conftest import OpenPage
from tests.browser.telegram import TelegramClient
from tests.fixtures.stack import Stack
from tests.ledger.play import Finisher, fill, finished, new_room, sign_up

pytestmark = pytest.mark.xdist_group("browser")

LONG = "Константин-Мария Константинопольский-Задунайский ибн Абдуллах"


async def account(db: Database, client: TelegramClient, *, stars: int = 10_000) -> int:
    """Who `client` logs in as."""
    profile = users.TelegramProfile(
        telegram_id=client.telegram_id, first_name=client.first_name, language_code=client.language
    )
    return (await users.log_in_telegram(db, profile, stars)).user_id


async def win(db: Database, winner: int, loser: int, amount: int) -> str:
    """A game of two that ended now: the winner gets twice `amount`."""
    room = new_room()
    seats = await fill(db, room, [winner, loser], amount=amount)
    lines = [Finisher(seats[0], winner, 90, best=25), Finisher(seats[1], loser, 5)]
    now_ms = int(time.time() * 1000)
    await games.settle(db, room, finished(room, lines, ends_ms=now_ms, finished_ms=now_ms))
    return room


async def test_the_leaderboard_shows_the_first_ten_and_ones_own_place(
    make_stack: Callable[..., Stack], open_page: OpenPage, db: Database
) -> None:
    client = TelegramClient(first_name=LONG, language="ru")
    me, winners = await account(db, client), await sign_up(db, 11)
    stack = make_stack()
    player = await open_page(stack.url, telegram=client, size=SMALL, tolerated="ERR_FAILED")
    page = player.page
    await player.launch()
    await page.get_by_role("button", name="Лидеры").click()
    await expect(player.says("Сегодня ещё никто не выиграл: станьте первым")).to_be_visible()
    await expect(page.locator("[data-own-place='']")).to_contain_text("–")
    await player.expect_accessible()

    for amount, winner in zip([300, 200, 200, 100, 90, 80, 70, 60, 50, 40, 15], winners, strict=True):
        await win(db, winner, me, amount)
    await win(db, me, winners[-1], 10)
    own = page.locator("[data-own-place='12']")
    async with page.expect_response(lambda answer: "leaderboard" in answer.url):
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    while not await own.count():
        async with page.expect_response(lambda answer: "leaderboard" in answer.url):
            await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(own).to_contain_text("До топ-10: 61 звезда")
    assert await page.locator("ol [data-place]").evaluate_all("lines => lines.map(line => line.dataset.place)") == [
        "1", "2", "2", "4", "5", "6", "7", "8", "9", "10",
    ]  # fmt: skip
    await player.expect_accessible()
    await player.screenshot("leaderboard-ru-dark")

    async def cut(route: Route) -> None:
        await route.abort()

    await page.route(re.compile("period=week"), cut)
    await page.get_by_role("button", name="Неделя").click()
    await expect(page.get_by_role("alert")).to_contain_text("Сервер недоступен")
    await page.unroute(re.compile("period=week"))
    await page.get_by_role("button", name="Попробовать ещё раз").click()
    await expect(own).to_be_visible()
    await expect(player.says("Призы с понедельника, 00:00 UTC")).to_be_visible()
