"""Whole games through the real stack, as two people see them."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.browser.conftest import OpenPage
from tests.browser.line import Line
from tests.browser.player import Player, seat_somebody
from tests.fixtures.stack import Stack

# A room of two starts when both are in, however slow the machine is.
TWO = {"CAPACITY": "2", "WAIT_S": "30", "DEMO_STARS": "100"}
# The third attempt to reconnect still fails, and the fourth is five seconds later.
OUTAGE_S = 4.0
REFUSED = "ERR_CONNECTION_"


async def both_in_game(first: Player, second: Player) -> None:
    """Join one after the other, so that the seats are known, and wait for the start."""
    await first.join()
    await second.join()
    await asyncio.gather(first.reach_game(), second.reach_game())


async def touch_with_two_fingers(page: Page) -> None:
    session = await page.context.new_cdp_session(page)
    box = await page.get_by_test_id("tap").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    # The second strays: beside the button it counts as well.
    first, second = {"x": x - 30, "y": y, "id": 1}, {"x": x + 30, "y": box["y"] + box["height"] + 18, "id": 2}
    for points in ([first], [first, second], [second], []):
        kind = "touchStart" if points in ([first], [first, second]) else "touchEnd"
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


async def test_two_people_play_a_whole_game(
    make_stack: Callable[..., Stack], open_page: OpenPage, db: Database
) -> None:
    stack = make_stack(CAPACITY="3", WAIT_S="60", COUNTDOWN_S="8", GAME_S="12", DEMO_STARS="100")
    anna = await open_page(stack.url, locale="ru-RU", scheme="dark")
    ben = await open_page(stack.url, locale="en-US", scheme="light")
    await anna.log_in("Анна-Мария Константинопольская-Задунайская")
    await ben.log_in("Ben")
    await anna.expect_balance(100)
    await anna.screenshot("home-ru-dark")
    await ben.screenshot("home-en-light")

    await anna.join()
    await ben.join()
    await expect(anna.says("Ожидаем 2 из 3 игроков")).to_be_visible()
    await expect(ben.says("Waiting for 2 of 3 players")).to_be_visible()
    await expect(anna.says("Ben")).to_be_visible()
    await anna.screenshot("waiting-ru-dark")
    await ben.screenshot("waiting-en-light")
    await seat_somebody(stack.url, "Idle", 50)
    await expect(anna.says("Старт, внимание, TAP").first).to_be_visible()
    await expect(ben.says("Ready, steady, TAP").first).to_be_visible()
    await anna.screenshot("countdown-ru-dark")
    await ben.page.reload()
    await expect(ben.says("Ready, steady, TAP").first).to_be_visible()
    await asyncio.gather(anna.reach_game(), ben.reach_game())

    await touch_with_two_fingers(anna.page)
    await expect(anna.own_taps).to_have_text("2")
    await anna.page.keyboard.press("Space")
    await anna.page.keyboard.down("Enter")
    await anna.page.keyboard.down("Enter")  # a key held down repeats; that is no tap
    await anna.page.keyboard.up("Enter")
    await anna.tap_button.click()
    await expect(anna.own_taps).to_have_text("5")
    made = await asyncio.gather(anna.tap(30, 80), ben.tap(12, 150))
    rival = ben.page.locator("[data-own=false]", has=ben.page.get_by_text("35", exact=True))
    await expect(rival.locator("[style*='translateX(-70.8%)']")).to_have_count(1)  # 35 on a scale of 120
    await expect(anna.says("1-е место")).to_be_visible()
    await expect(ben.says("2nd place")).to_be_visible()
    await anna.screenshot("game-ru-dark")
    await ben.screenshot("game-en-light")

    assert await anna.own_result() == 5 + made[0] == 35
    assert await ben.own_result() == made[1] == 12
    await expect(anna.says("Вы победили!")).to_be_visible()
    await expect(ben.says(re.compile("^Winner$"))).to_be_visible()
    assert [await anna.paid_out(), await ben.paid_out()] == [150, 0]
    await anna.screenshot("results-ru-dark")
    await ben.screenshot("results-en-light")

    await ben.page.reload()
    await expect(ben.says(re.compile("^Winner$"))).to_be_visible()
    assert await ben.paid_out() == 0
    await ben.page.get_by_role("button", name="Back to lobby").click()
    await ben.expect_balance(50)
    await anna.page.get_by_role("button", name="Сыграть ещё за 50 звёзд").click()
    await expect(anna.says("Ожидаем 1 из 3 игроков")).to_be_visible()
    assert await audit(db) == []
    assert stack.errors() == []


async def test_a_cut_line_and_a_reloaded_page_lose_no_tap(
    make_stack: Callable[..., Stack],
    open_page: OpenPage,
    lines: Callable[[str], Awaitable[Line]],
    db: Database,
) -> None:
    stack = make_stack(GAME_S="16", **TWO)
    line = await lines(stack.url)
    cut = await open_page(line.url, tolerated=REFUSED)
    reloaded = await open_page(stack.url)
    await cut.log_in("Cut")
    await reloaded.log_in("Reloaded")
    await both_in_game(cut, reloaded)

    async def play_with_an_outage() -> int:
        # On and on, as people do: what counts of an absence is what the rest of the game makes likely.
        taps = asyncio.create_task(cut.tap(100, 110))
        await expect(cut.own_taps).to_have_text(re.compile(r"^\d\d$"))
        line.cut()
        outage = asyncio.create_task(asyncio.sleep(OUTAGE_S))
        await expect(cut.says("Your taps are kept")).to_be_visible()
        await outage
        await line.mend()
        return await taps

    async def play_with_a_reload() -> int:
        before = await reloaded.tap(17, 90)
        await reloaded.page.reload()
        await reloaded.reach_game()
        await expect(reloaded.own_taps).to_have_text(str(before))
        return before + await reloaded.tap(20, 90)

    made = list(await asyncio.gather(play_with_an_outage(), play_with_a_reload()))
    assert made == [100, 37]
    assert [await cut.own_result(), await reloaded.own_result()] == made
    assert await audit(db) == []
    assert stack.errors() == []


async def test_a_line_that_dies_without_a_word_is_noticed_by_what_does_not_come(
    make_stack: Callable[..., Stack],
    open_page: OpenPage,
    lines: Callable[[str], Awaitable[Line]],
    db: Database,
) -> None:
    stack = make_stack(GAME_S="20", CAPACITY="3", WAIT_S="8", DEMO_STARS="100")
    line = await lines(stack.url)
    frozen = await open_page(line.url, tolerated=REFUSED)
    other = await open_page(stack.url)
    await frozen.log_in("Frozen")
    await other.log_in("Other")
    await frozen.join()
    await other.join()
    await expect(frozen.says("Waiting for 2 of 3 players")).to_be_visible()
    line.freeze()
    await asyncio.gather(frozen.reach_game(), other.reach_game())
    assert await frozen.tap(8) == 8
    # Again while the game is on, and this time the phone says that it has another network.
    line.freeze()
    assert await frozen.tap(5) == 5
    await frozen.page.evaluate("window.dispatchEvent(new Event('online'))")
    assert await frozen.own_result() == 13
    assert await audit(db) == []
    assert stack.errors() == []


async def test_a_blocked_player_sees_it_and_so_does_everybody(
    make_stack: Callable[..., Stack], open_page: OpenPage
) -> None:
    stack = make_stack(GAME_S="4", **TWO)
    cheat = await open_page(stack.url, locale="ru-RU")
    honest = await open_page(stack.url)
    await cheat.prepare_to_cheat()
    await cheat.log_in("Cheat")
    await honest.log_in("Honest")
    await both_in_game(cheat, honest)
    await cheat.cheat()
    await expect(cheat.says("Вы заблокированы в этой игре")).to_be_visible()
    await expect(cheat.tap_button).to_be_disabled()
    await expect(honest.says("blocked")).to_be_visible()
    await cheat.screenshot("game-blocked")
    await honest.tap(5)
    assert await honest.own_result() == 5
    assert await honest.paid_out() == 100
    await expect(cheat.payout).to_have_attribute("data-payout", "0")
    await expect(cheat.says("Зафиксировано больше 50 тапов за 2 секунды.")).to_be_visible()
    await cheat.screenshot("results-blocked")
