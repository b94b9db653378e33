"""What a player finds out of games: the leaderboard, the history, notices; and what can be set in the profile."""

import asyncio
import re
import time
from collections.abc import Callable

from playwright.async_api import Page, Route, expect

from persistence.postgres import games, notices, referrals, users
from persistence.postgres.pool import Database
from tests.browser.chromium import SMALL
from tests.browser.conftest import OpenPage
from tests.browser.telegram import LIGHT, TelegramClient
from tests.fixtures.accounts import new_player
from tests.fixtures.stack import Stack
from tests.postgres.play import Finisher, fill, finished, new_room, sign_up

LONG = "Константин-Мария Константинопольский-Задунайский ибн Абдуллах"

# There the menu covers nothing: a row that lies half under it is no small target, one scrolls.
TO_THE_END = "scrollTo(0, document.documentElement.scrollHeight)"


async def account(db: Database, client: TelegramClient, *, stars: int = 10_000) -> int:
    """Who `client` logs in as."""
    return await new_player(db, stars, telegram_id=client.telegram_id, name=client.first_name, language=client.language)


async def win(db: Database, winner: int, loser: int, amount: int) -> str:
    """A game of two that ended now: the winner gets twice `amount`."""
    room = new_room()
    seats = await fill(db, room, [winner, loser], amount=amount)
    lines = [Finisher(seats[0], winner, 90, best=25), Finisher(seats[1], loser, 5)]
    now_ms = int(time.time() * 1000)
    await games.settle(db, room, finished(room, lines, starts_ms=now_ms - 60_000, ends_ms=now_ms, finished_ms=now_ms))
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
    while not await own.count():
        async with page.expect_response(lambda answer: "leaderboard" in answer.url):
            await look_again(page)
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
    await page.reload()
    await expect(player.says("Призы с понедельника, 00:00 UTC")).to_be_visible()


async def lose_blocked(db: Database, winner: int, cheat: int) -> None:
    """A game in which `cheat` was blocked and lost the stake."""
    room = new_room()
    seats = await fill(db, room, [winner, cheat])
    lines = [Finisher(seats[0], winner, 9), Finisher(seats[1], cheat, 60, blocked=True)]
    now_ms = int(time.time() * 1000)
    result = finished(room, lines, starts_ms=now_ms - 60_000, ends_ms=now_ms, finished_ms=now_ms)
    await games.settle(db, room, result)


async def look_again(page: Page) -> None:
    """As when Telegram is opened again with the app in it."""
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


async def test_settings_survive_a_reload_and_the_history_goes_on_to_its_end(
    make_stack: Callable[..., Stack], open_page: OpenPage, db: Database
) -> None:
    client = TelegramClient(first_name=LONG, language="en", theme=LIGHT)
    me, (other,) = await account(db, client), await sign_up(db, 1)
    for _ in range(21):
        await win(db, me, other, 10)
    await lose_blocked(db, other, me)
    stack = make_stack(STARS_DEPOSITS="off")
    player = await open_page(stack.url, telegram=client, size=SMALL)
    page = player.page
    await player.launch()
    await page.get_by_role("button", name="Profile").click()
    await expect(page.locator("dl")).to_contain_text("12.5 taps/s")
    await expect(page.locator("dl")).to_contain_text("games22")
    await expect(page.get_by_role("button", name="Deposit")).to_have_count(0)
    await page.get_by_role("button", name="RU: Русский").click()
    await page.get_by_role("switch", name="Звук").uncheck()
    await page.get_by_role("switch", name="Вибрация").uncheck()
    await page.get_by_role("button", name="Сообщения от бота").click()
    await expect(player.says("Бот может вам писать")).to_be_visible()
    await page.get_by_role("button", name="Поделиться номером телефона").click()
    await player.telegram.asked("web_app_request_phone")
    await expect(player.says("Бот получил номер")).to_be_visible()
    # Telegram's own word that it is there takes the way to it off the screen.
    await page.get_by_role("button", name="Добавить на главный экран").click()
    await player.telegram.asked("web_app_add_to_home_screen")
    await expect(player.says("Добавить на главный экран")).to_have_count(0)
    await page.evaluate(TO_THE_END)
    await player.expect_accessible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Профиль")).to_be_visible()
    await expect(page.locator("dl")).to_contain_text("игры22")
    await expect(page.get_by_role("switch", name="Звук")).not_to_be_checked()
    await expect(page.get_by_role("switch", name="Вибрация")).not_to_be_checked()
    await player.screenshot("profile-ru-light")

    await page.get_by_role("button", name="История игр").click()
    rows = page.locator("[data-room]")
    await expect(rows.first).to_contain_text("Блокировка")
    assert await rows.count() == 20
    await rows.last.scroll_into_view_if_needed()
    await expect(rows).to_have_count(22)
    await page.evaluate(TO_THE_END)
    await player.expect_accessible()
    await rows.last.click()
    await expect(page.get_by_role("heading", name="Победа: 1-е место из 2")).to_be_visible()
    await expect(page.locator("ol [data-own=true]")).to_contain_text("90 тапов")
    await expect(page.get_by_role("listitem").filter(has_text="баланс после: 10 010 звёзд")).to_be_visible()
    await page.evaluate(TO_THE_END)
    await player.expect_accessible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Победа: 1-е место из 2")).to_be_visible()
    await player.telegram.press_back()
    await expect(rows.first).to_be_visible()


async def test_an_appeal_goes_out_once_and_its_answer_comes_back(
    make_stack: Callable[..., Stack], open_page: OpenPage, db: Database
) -> None:
    client = TelegramClient(first_name="<b>🦊</b>")
    me, (other,) = await account(db, client), await sign_up(db, 1)
    await lose_blocked(db, other, me)
    invited = TelegramClient(first_name="م" * 100)
    profile = users.TelegramProfile(
        telegram_id=invited.telegram_id, first_name=LONG, referral_code=await referrals.my_code(db, me)
    )
    await users.log_in_telegram(db, profile, 0)
    stack = make_stack(BOT_USERNAME="chance_bot")
    player = await open_page(stack.url, telegram=client)
    page = player.page
    await player.launch()
    await page.get_by_role("button", name="Profile").click()
    await page.get_by_role("button", name="Notices New ones").click()
    await expect(player.says("The stake went to the winner")).to_be_visible()
    await page.get_by_role("button", name="Appeal").click()
    await page.get_by_label("Your appeal").fill("I have two thumbs.\n" * 120)
    await expect(page.get_by_role("button", name="Send the appeal")).to_be_disabled()
    await page.get_by_label("Your appeal").fill("I have two thumbs.")
    await page.reload()
    await expect(page.get_by_label("Your appeal")).to_have_value("I have two thumbs.")
    await player.expect_accessible()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    looked_up = asyncio.Event()

    async def hold(route: Route) -> None:
        await looked_up.wait()
        await route.continue_()

    # The list that is asked for anew need not have the notice: it holds the newest.
    await page.route(re.compile("/notices[?]"), hold)
    await page.get_by_role("button", name="Send the appeal").dblclick()
    await expect(player.says("Under review: the answer will appear here")).to_be_visible()
    async with page.expect_response(re.compile("/notices[?]")) as held:
        looked_up.set()
    await (await held.value).finished()  # or the next look would take this one's answer for its own
    assert len([url for url in sent if url.endswith("/appeal")]) == 1
    (waiting,) = await notices.appeals(db, only_open=True, limit=9)
    await notices.answer_appeal(db, waiting.appeal_id, "We looked: it stands.", "op")
    await look_again(page)
    await expect(page.locator("[data-appeal=answered]")).to_contain_text("We looked: it stands.")
    await player.expect_accessible()
    await player.screenshot("notices-en-dark")

    await player.telegram.press_back()
    await expect(page.get_by_role("button", name="Notices", exact=True)).to_be_visible()
    friends = page.get_by_role("region", name="Invite friends")
    code = await friends.get_by_test_id("referral-code").inner_text()
    await expect(friends.get_by_role("listitem")).to_contain_text("Not played yet")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy the link").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == f"https://t.me/chance_bot?start={code}"
    await page.get_by_role("button", name="Share in Telegram").click()
    shared = await player.telegram.asked("web_app_open_tg_link")
    assert f"start%3D{code}" in shared["path_full"]
    await player.expect_accessible()
    await player.screenshot("referrals-en-dark")
