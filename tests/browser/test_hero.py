"""Hero rooms as organizer and players see them: from the fee to the result, and back where there is none."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, expect

from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.browser.chromium import SMALL
from tests.browser.conftest import OpenPage
from tests.browser.line import Line
from tests.browser.player import Player, seat_by_key
from tests.browser.telegram import TelegramClient
from tests.fixtures.stack import Stack

LONG_NAME = "Максимилиан Константинопольский-Задунайский фон Гогенцоллерн"
FAILED = "Failed to load resource"


def button(player: Player, name: str) -> Locator:
    return player.page.get_by_role("button", name=name)


async def make_room(organizer: Player, fee: int) -> str:
    """From the form to the organizer's room; its key as it is shown."""
    await organizer.page.locator("form input").fill(str(fee))
    await organizer.page.locator("form button[type=submit]").click()
    key = organizer.page.get_by_test_id("room-key")
    await expect(key).to_be_visible()
    return await key.inner_text()


async def type_key(player: Player, key: str) -> None:
    await player.page.locator("input").fill(key)


def pasted_badly(key: str) -> str:
    """As it comes out of a chat: lower case, spaces, a hyphen, letters that look like digits."""
    typed = key.replace(" ", "").lower().replace("0", "o").replace("1", "l")
    return f"  {typed[:3]}-{typed[3:7]} {typed[7:]} "


async def test_a_hero_room_from_its_fee_to_the_next_one(
    make_stack: Callable[..., Stack], open_page: OpenPage, db: Database
) -> None:
    stack = make_stack(HERO_TARGET="30", GAME_S="60", COUNTDOWN_S="2", DEMO_STARS="100")
    organizer = await open_page(stack.url, locale="ru-RU", size=SMALL, scheme="dark")
    anna = await open_page(stack.url, locale="en-US", scheme="light", size=SMALL, tolerated=FAILED)
    ben = await open_page(stack.url, locale="en-US", tolerated=FAILED)
    await organizer.log_in(LONG_NAME)
    await anna.log_in("Anna")

    await button(organizer, "Создать").last.click()
    await button(organizer, "Создать комнату").click()
    await expect(organizer.says("Не больше")).to_have_count(0)
    await organizer.page.locator("form input").fill("10001")
    await expect(organizer.says("Не больше 10")).to_be_visible()
    await organizer.expect_accessible()
    key = await make_room(organizer, 60)
    await organizer.page.reload()
    await expect(organizer.page.get_by_test_id("room-key")).to_have_text(key)
    start = organizer.page.get_by_test_id("start")
    await expect(start).to_be_disabled()
    await expect(organizer.says("когда войдут двое")).to_be_visible()
    await organizer.expect_accessible()

    # Anna types the key as it was sent to her, and sees what it costs before anything is taken.
    await button(anna, "Create").last.click()
    await button(anna, "Enter by key").click()
    await type_key(anna, pasted_badly(key))
    await expect(anna.page.locator("input")).to_have_value(key)
    await expect(anna.says(LONG_NAME)).to_be_visible()
    await anna.page.reload()
    await expect(button(anna, "Pay 60 Stars and enter")).to_be_visible()
    await expect(organizer.says("0 из 50 игроков")).to_be_visible()
    await anna.expect_accessible()
    await button(anna, "Pay 60 Stars and enter").click()
    await expect(anna.says("1 of 50 players")).to_be_visible()
    await expect(anna.says(LONG_NAME)).to_be_visible()
    await anna.page.reload()
    await expect(anna.says("1 of 50 players")).to_be_visible()
    await expect(organizer.says("1 из 50 игроков")).to_be_visible()
    await expect(start).to_be_disabled()

    # Ben comes by the link.
    await ben.page.goto(f"{stack.url}/?tgWebAppStartParam={key.replace(' ', '')}")
    await ben.page.locator("form input").fill("Ben")
    await ben.page.locator("form button").click()
    await button(ben, "Pay 60 Stars and enter").click()
    await expect(organizer.says("2 из 50 игроков")).to_be_visible()
    await organizer.screenshot("hero-organizer")
    await ben.screenshot("hero-waiting")
    await ben.expect_accessible()
    await start.click()
    await asyncio.gather(anna.reach_game(), ben.reach_game())

    # The organizer watches, also after a reload; the target ends the game at once.
    watch = organizer.page.get_by_test_id("watch")
    await expect(watch).to_be_visible()
    await organizer.page.reload()
    await anna.tap(12, 60)
    await expect(watch.get_by_text(re.compile(r"^1\d из 30$"))).to_be_visible()
    await expect(organizer.tap_button).to_have_count(0)
    await organizer.expect_accessible()
    await organizer.screenshot("hero-watch")
    await anna.tap(18, 60)
    for player, stars in ((anna, 108), (ben, 0), (organizer, 12)):
        await expect(player.payout).to_have_attribute("data-payout", str(stars))
        await expect(player.page.get_by_test_id("organizers-part")).to_contain_text("12")
    await expect(organizer.says("30 тапов — раньше всех")).to_be_visible()
    await expect(anna.says("First to 30 taps")).to_be_visible()
    await organizer.page.reload()
    await expect(organizer.payout).to_have_attribute("data-payout", "12")
    await organizer.expect_accessible()
    await organizer.screenshot("hero-results-organizer")

    # Nothing of that room can be played again: a new one, and a key for which Ben has too little.
    await button(anna, "Back to lobby").click()
    await anna.expect_balance(148)
    await button(organizer, "Создать ещё").click()
    key = await make_room(organizer, 60)
    await button(ben, "Play again").click()
    await type_key(ben, key)
    await button(ben, "Top up and enter for 60 Stars").click()
    await expect(ben.page.get_by_role("dialog")).to_be_visible()
    await ben.page.keyboard.press("Escape")
    await expect(ben.page.get_by_role("dialog")).to_have_count(0)
    await expect(button(ben, "Top up and enter for 60 Stars")).to_be_focused()
    await button(organizer, "Закрыть").click()
    await button(organizer, "Остаться").click()
    await button(organizer, "Закрыть").click()
    await button(organizer, "Закрыть и вернуть ставки").click()
    await expect(organizer.says("Комната закрыта")).to_be_visible()
    await expect(ben.says("The room is closed")).to_be_visible()
    assert await audit(db) == []
    assert stack.errors() == []


async def test_a_cut_line_loses_no_tap_on_the_way_to_the_target(
    make_stack: Callable[..., Stack],
    open_page: OpenPage,
    lines: Callable[[str], Awaitable[Line]],
    db: Database,
) -> None:
    stack = make_stack(HERO_TARGET="60", GAME_S="60", COUNTDOWN_S="2", DEMO_STARS="100")
    line = await lines(stack.url)
    organizer = await open_page(stack.url, locale="en-US")
    cut = await open_page(line.url, telegram=TelegramClient(first_name="Cut"), tolerated="ERR_CONNECTION_")
    await organizer.log_in("Organizer")
    await cut.launch()
    await button(organizer, "Create").last.click()
    await button(organizer, "Create a room").click()
    key = await make_room(organizer, 60)
    await button(cut, "Create").last.click()
    await button(cut, "Enter by key").click()
    await type_key(cut, key)
    await button(cut, "Pay 60 Stars and enter").click()
    await expect(cut.says("1 of 50 players")).to_be_visible()
    for number in range(10):
        await seat_by_key(stack.url, f"Idle {number}", key)
    # Telegram's Back closes the list of those who are there, and gives up nobody's seat.
    await button(cut, "11 of 50 players").click()
    await expect(cut.page.get_by_role("dialog")).to_be_visible()
    await cut.telegram.press_back()
    await expect(cut.page.get_by_role("dialog")).to_have_count(0)
    await expect(button(cut, "11 of 50 players")).to_be_focused()
    await organizer.page.get_by_test_id("start").click()
    await cut.reach_game()

    taps = asyncio.create_task(cut.tap(60))
    await expect(cut.own_taps).to_have_text(re.compile(r"^\d\d$"))
    line.cut()
    await expect(cut.says("Your taps are kept")).to_be_visible()
    await expect(cut.own_taps).to_have_text(re.compile(r"^[3-9]\d$"))
    await line.mend()
    # The target ends the game: it is reached only if each of the taps is counted.
    assert await taps == 60
    assert await cut.own_result() == 60
    await expect(cut.payout).to_have_attribute("data-payout", "594")
    assert await audit(db) == []
    assert stack.errors() == []


async def test_wrong_keys_and_a_room_that_nobody_starts(
    make_stack: Callable[..., Stack], open_page: OpenPage, db: Database
) -> None:
    stack = make_stack(HERO_WAIT_S="12", DEMO_STARS="100")
    organizer = await open_page(stack.url, locale="ru-RU")
    guesser = await open_page(stack.url, locale="ru-RU", size=SMALL, tolerated=FAILED)
    await organizer.log_in("Организатор")
    await guesser.log_in("Гость")
    await button(organizer, "Создать").last.click()
    await button(organizer, "Создать комнату").click()
    await button(guesser, "Создать").last.click()
    await button(guesser, "Войти по ключу").click()
    await type_key(guesser, "ЩЫЪ")
    await expect(guesser.says("только латинские буквы")).to_be_visible()

    # A room that is not started goes back to where everybody came from, and so do the fees.
    key = await make_room(organizer, 40)
    await type_key(guesser, key)
    await button(guesser, "Войти за 40 звёзд").click()
    await expect(organizer.says("1 из 50 игроков")).to_be_visible()
    await expect(guesser.says("Игра не началась вовремя. Ставка возвращается: 40 звёзд.")).to_be_visible()
    await expect(organizer.says("Время на старт вышло. Ставки возвращаются всем игрокам.")).to_be_visible()
    await expect(organizer.page.get_by_role("heading", name="Создать комнату")).to_be_visible()
    await expect(guesser.page.get_by_role("heading", name="Войти по ключу")).to_be_visible()
    await expect(guesser.page.locator("input")).to_have_value("")

    # Guessing is limited: then it says for how long, and looks again by itself.
    await type_key(guesser, "22222 22222")
    await expect(guesser.says("Такой комнаты нет")).to_be_visible()
    await guesser.expect_accessible()
    for guess in range(20):
        async with guesser.page.expect_response("**/by-key/**"):
            await type_key(guesser, f"{guess + 10:010d}")
    await expect(guesser.says("Слишком много неверных ключей")).to_be_visible()
    await expect(guesser.says("Такой комнаты нет")).to_be_visible()
    assert await audit(db) == []
    assert stack.errors() == []
