"""What the app is given and did not ask for: names, pictures, messages, clocks, storage, networks and other windows.

Wherever it can be, several players have a trouble each in one and the same game, and each tap of theirs is counted.
"""

import asyncio
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.async_api import CDPSession, Route, WebSocketRoute, expect

from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.browser.chromium import SMALL
from tests.browser.conftest import OpenPage
from tests.browser.player import Player, seat_somebody
from tests.browser.telegram import TelegramClient
from tests.fixtures.balancer import Balancer
from tests.fixtures.outside import command
from tests.fixtures.stack import Stack

NAMES = (
    "👩‍👩‍👧‍👦🏳️‍🌈 🅰️",
    "محمد \u202eعبد الرحمن",
    "<img src=x onerror=alert(1)>{{count}}$t(home.title)",
    "W" * 256,
    "Ž̸̧̛̗̗͎a͎l͎g͎o͎",
    "",
)
PICTURES = (
    "https://127.0.0.1:65000/nobody.jpg",
    "https://127.0.0.1:65000/<b>.png",
    "http://127.0.0.1:65000/plain.jpg",
    "javascript:alert(1)",
)

# Frames no server of ours would send, some of them as some later one might.
STRANGE = (
    "", "null", "[]", "17", '"started"', "{", "{}", '{"type": 5}', '{"type": "fireworks", "stars": 1}',
    '{"type": "progress"}', '{"type": "progress", "since": "1", "taps": []}', '{"type": "snapshot"}',
    '{"type": "snapshot", "room": {"room_id": 1}}', '{"type": "started", "ends_ms": "soon"}', '{"type": "settled"}',
    '{"type": "player_joined", "player": {"user_id": "7"}}', '{"type": "countdown"}', '{"type": "finished"}',
    '{"type": "finished", "winner": {}}', '{"type": "balance", "balance": -1.5}', '{"type": "error"}',
    '{"type": "cancelled"}', '{"type": "pong"}',
)  # fmt: skip

CLOCK_OFF = """
  (() => {
    const off = %d * 3_600_000;
    const Real = Date;
    window.Date = class extends Real {
      constructor(...parts) { super(...(parts.length ? parts : [Real.now() + off])); }
      static now() { return Real.now() + off; }
    };
  })();
"""
STORAGE_REFUSED = """
  for (const name of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
  }
"""
STORAGE_FULL = """
  Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
"""
# Bytes a second and milliseconds, as browsers' own tools have it.
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
SLOW_MS = 60_000


@dataclass
class Troubled:
    """Somebody in a game, and how many taps they made."""

    player: Player
    taps: int = 0

    async def tap(self, count: int) -> None:
        self.taps += await self.player.tap(count)


async def session_of(player: Player) -> CDPSession:
    return await player.page.context.new_cdp_session(player.page)


async def assert_all_counted(everybody: list[Troubled]) -> None:
    counted = [await troubled.player.own_result() for troubled in everybody]
    assert counted == [troubled.taps for troubled in everybody]


async def test_any_name_and_any_picture(make_stack: Callable[..., Stack], open_page: OpenPage) -> None:
    stack = make_stack(WAIT_S="120")
    refused = "Failed to load resource"
    player = await open_page(stack.url, size=SMALL, tolerated=refused)
    for name in NAMES:
        # A launch anew: only another hash would be no load.
        await player.page.goto("about:blank")
        await player.page.goto(TelegramClient(first_name=name, photo_url=PICTURES[0]).address(stack.url))
        await expect(player.card(50)).to_be_visible()
        await player.expect_nothing_sideways()
    for number, name in enumerate(NAMES):
        await seat_somebody(stack.url, TelegramClient(first_name=name, photo_url=PICTURES[number % len(PICTURES)]), 50)
    player = await open_page(stack.url, telegram=TelegramClient(), size=SMALL, tolerated=refused)
    await player.launch()
    await player.join(50)
    await expect(player.page.get_by_text("<img", exact=True)).to_be_visible()
    assert await player.page.locator("img[onerror], img[src=x]").count() == 0
    await player.expect_nothing_sideways()
    await player.expect_accessible()
    await player.screenshot("waiting-names")
    await player.page.get_by_role("button", name="Leave").click()
    await expect(player.card(50)).to_be_visible()


async def test_a_game_with_wrong_clocks_no_storage_and_strange_messages(
    make_stack: Callable[..., Stack], open_page: OpenPage, db: Database
) -> None:
    stack = make_stack(CAPACITY="4", WAIT_S="60", COUNTDOWN_S="3", GAME_S="15")
    ahead = await open_page(stack.url, telegram=TelegramClient())
    await ahead.page.add_init_script(CLOCK_OFF % 7)
    await ahead.page.add_init_script(STORAGE_FULL)
    behind = await open_page(stack.url, telegram=TelegramClient(version="6.0"))
    await behind.page.add_init_script(CLOCK_OFF % -50)
    denied = await open_page(stack.url, telegram=TelegramClient())
    await denied.page.add_init_script(STORAGE_REFUSED)
    told = await open_page(stack.url, telegram=TelegramClient())
    told_nonsense = 0

    def between(page_side: WebSocketRoute) -> None:
        """Each message of the server is followed by three that none would send."""
        server_side = page_side.connect_to_server()
        nonsense = itertools.cycle(STRANGE)

        def pass_on(message: str | bytes) -> None:
            nonlocal told_nonsense
            page_side.send(message)
            for _ in range(3):
                page_side.send(next(nonsense))
                told_nonsense += 1

        server_side.on_message(pass_on)

    await told.page.route_web_socket(re.compile("/api/v1/ws$"), between)
    everybody = [Troubled(player) for player in (ahead, behind, denied, told)]
    await asyncio.gather(*(troubled.player.launch() for troubled in everybody))
    for troubled in everybody:
        await troubled.player.join(50)
        if troubled.player is denied:
            await denied.page.reload()
            await expect(denied.says("Waiting for 3 of 4")).to_be_visible()
    await asyncio.gather(*(troubled.player.reach_game() for troubled in everybody))
    for player in (ahead, behind):
        await expect(player.page.get_by_role("timer")).to_have_text(re.compile(r"^0:1[0-5]$"))
    await asyncio.gather(*(troubled.tap(8 + 2 * number) for number, troubled in enumerate(everybody)))
    await assert_all_counted(everybody)
    assert told_nonsense > len(STRANGE)
    assert [await troubled.player.paid_out() for troubled in everybody] == [0, 0, 0, 200]
    assert await audit(db) == []
    assert stack.errors() == []


async def test_a_game_suspended_on_a_slow_line_with_tokens_that_end_and_a_gateway_that_drains(
    make_stack: Callable[..., Stack], open_page: OpenPage, db: Database
) -> None:
    stack = make_stack(2, CAPACITY="3", WAIT_S="60", COUNTDOWN_S="3", GAME_S="30", JWT_LIFE_S="10", DRAIN_S="0")
    async with Balancer(stack.urls) as balancer:
        tolerated = "401"  # A token that has ended is renewed when it is refused.
        suspended = await open_page(balancer.url, telegram=TelegramClient(), tolerated=tolerated)
        slow = await open_page(balancer.url, telegram=TelegramClient(), tolerated=tolerated)
        steady = await open_page(balancer.url, telegram=TelegramClient(), tolerated=tolerated)
        line = await session_of(slow)
        await line.send("Network.enable")
        await line.send("Network.emulateNetworkConditions", SLOW_3G)
        everybody = [Troubled(player) for player in (suspended, slow, steady)]
        for troubled in everybody:
            await troubled.player.page.goto(troubled.player.url)
            await expect(troubled.player.card(50)).to_be_visible(timeout=SLOW_MS)
            await troubled.player.join(50)
        await asyncio.gather(*(troubled.player.reach_game() for troubled in everybody))

        async def play_suspended() -> None:
            await everybody[0].tap(10)
            lifecycle = await session_of(suspended)
            await lifecycle.send("Page.setWebLifecycleState", {"state": "frozen"})
            await asyncio.sleep(5)
            await lifecycle.send("Page.setWebLifecycleState", {"state": "active"})
            # What the others did meanwhile is there again.
            rivals = suspended.page.locator("[data-own=false]")
            await expect(rivals.filter(has_text=re.compile(r"\d\d")).first).to_be_visible()
            await everybody[0].tap(10)

        async def play_while_draining() -> None:
            await everybody[2].tap(20)
            listed = json.loads(await asyncio.to_thread(command, stack, "drain", "--json"))
            fullest = max(listed, key=lambda gateway: gateway["sockets"])
            await asyncio.to_thread(command, stack, "drain", fullest["name"])
            await everybody[2].tap(20)

        await asyncio.gather(play_suspended(), everybody[1].tap(40), play_while_draining())
        assert [troubled.taps for troubled in everybody] == [20, 40, 40]
        await assert_all_counted(everybody)
        assert await audit(db) == []


async def test_answers_that_are_no_answers(make_stack: Callable[..., Stack], open_page: OpenPage) -> None:
    stack = make_stack()
    player = await open_page(stack.url, telegram=TelegramClient())
    answers = iter(("{}", '{"tiers": null}', '{"tiers": [{"stake": "50"}]}', "[", ""))

    async def nonsense(route: Route) -> None:
        body = next(answers, None)
        if body is None:
            await route.continue_()
        else:
            await route.fulfill(status=200, content_type="application/json", body=body)

    await player.page.route("**/api/v1/tiers", nonsense)
    await player.page.goto(player.url)
    await expect(player.says("Can't load the rooms")).to_be_visible()
    await expect(player.card(50)).to_be_visible()
    await expect(player.says("Can't load the rooms")).to_have_count(0)
