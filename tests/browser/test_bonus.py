"""The bonus run on its screen, on Home, and at its end."""

import asyncio
import re
from collections.abc import Callable

from playwright.async_api import Locator, WebSocketRoute, expect

from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.browser.chromium import SMALL
from tests.browser.conftest import OpenPage
from tests.browser.player import Player
from tests.fixtures.stack import Stack


def button(player: Player, name: str) -> Locator:
    return player.page.get_by_role("button", name=name)


def counted(player: Player, taps: int) -> Locator:
    """How many taps the server has counted."""
    return player.page.locator(f"[data-testid=bonus-progress][data-taps='{taps}']")


async def test_a_run_is_cancelled_and_another_reaches_its_goal(
    make_stack: Callable[..., Stack], open_page: OpenPage, db: Database
) -> None:
    stack = make_stack(BONUS_GOAL="24", BONUS_STARS_PER_USD="1", DEMO_STARS="100")
    # A line may be cut, or the page reloaded, while the line is still being made.
    tolerated = "closed before the connection is established"
    player = await open_page(stack.url, locale="en-US", size=SMALL, scheme="light", tolerated=tolerated)
    sockets: asyncio.Queue[WebSocketRoute] = asyncio.Queue()
    is_cut = False

    def relay(socket: WebSocketRoute) -> None:
        sockets.put_nowait(socket)
        if not is_cut:
            socket.connect_to_server()

    await player.page.route_web_socket("**/api/v1/ws", relay)
    await player.log_in("Anna")
    await button(player, "Bonus: +$100").click()
    await expect(player.says("Make 24 taps in one run")).to_be_visible()
    await player.expect_accessible()
    await button(player, "Start Bonus").click()
    await player.reach_game()
    await player.tap(7, 60)
    await expect(counted(player, 7)).to_be_visible()
    await player.expect_accessible()

    # Without a connection it is said why, and what becomes of the taps; those of a moment ago are counted after it.
    is_cut = True
    await (await sockets.get()).close(code=4001)
    await expect(player.says("The server is restarting. Connecting…")).to_be_visible()
    await expect(player.says("New taps are kept for 12 seconds")).to_be_visible()
    await player.expect_accessible()
    await (await sockets.get()).close(code=4000)
    await expect(player.says(re.compile("^Connecting…$"))).to_be_visible()
    await player.page.evaluate("Object.defineProperty(navigator, 'onLine', { get: () => false, configurable: true })")
    await (await sockets.get()).close(code=4000)
    await expect(player.says("No connection. Check your internet.")).to_be_visible()
    await player.screenshot("bonus-away")
    await player.tap(2, 20)
    is_cut = False
    await (await sockets.get()).close(code=4000)
    await expect(counted(player, 9)).to_be_visible()
    await expect(player.says("No connection")).to_have_count(0)

    # What was tapped is there after a reload, and on Home.
    await player.tap(2, 20)
    await player.page.reload()
    await expect(counted(player, 11)).to_be_visible()
    await button(player, "Home").click()
    await expect(player.says("11 of 24")).to_be_visible()
    await button(player, "Bonus: +$100").click()
    await button(player, "Cancel the run").click()
    await button(player, "Keep tapping").click()
    await button(player, "Cancel the run").click()
    await player.page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()
    await expect(player.says("You cancelled your last run.")).to_be_visible()

    await button(player, "Start Bonus").click()
    await player.reach_game()
    await player.tap(30, 60)
    await expect(player.says("The Stars are on your balance.")).to_be_visible()
    await player.expect_accessible()
    await player.screenshot("bonus-reached")
    # Home comes by itself.
    await player.expect_balance(200)
    await button(player, "Bonus: +$100").click()
    await expect(player.says("You've reached the goal!")).to_be_visible()
    await expect(button(player, "Start Bonus")).to_have_count(0)
    assert await audit(db) == []
    assert stack.errors() == []


async def test_a_large_reward_waits_and_time_runs_out(make_stack: Callable[..., Stack], open_page: OpenPage) -> None:
    stack = make_stack(BONUS_GOAL="10", BONUS_APPROVAL_STARS="1", BONUS_S="9")
    late = await open_page(stack.url, locale="ru-RU")
    held = await open_page(stack.url, locale="ru-RU", size=SMALL)
    for player in (late, held):
        await player.log_in("Оля")
        await button(player, "Бонус: +100").click()
        await button(player, "Start Bonus").click()
    await held.reach_game()
    await held.tap(10, 60)
    await expect(held.says("Награда ждёт подтверждения")).to_be_visible()
    await expect(late.says("В прошлом забеге вышло время.")).to_be_visible()
    await expect(button(late, "Start Bonus")).to_be_visible()
    assert stack.errors() == []
