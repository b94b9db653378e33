"""A game in a slowed Chromium: nine or 49 players simulated at eight taps a second, the last with real touches."""

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from cli.simulate.rhythm import Style
from tests.browser.conftest import OpenPage
from tests.browser.crowd import Crowd
from tests.browser.player import Player
from tests.browser.telegram import TelegramClient
from tests.browser.trace.report import report
from tests.fixtures.stack import Stack

BUILD = Path(__file__).parents[3] / "build"
PLAY_S = float(os.environ.get("PLAY_S", "20"))
TAPS_PER_S = 8
# Fingers stay on the glass for this long.
TOUCH_MS = 60
CATEGORIES = ("devtools.timeline", "toplevel", "v8", "blink.user_timing", "disabled-by-default-v8.gc")

# For each touch: in which frame after it the count had grown, and when that frame was painted.
_WATCH = """
  () => {
    window.watched = [];
    const shown = () => Number(document.querySelector('[data-testid="own-taps"]')?.textContent ?? -1);
    addEventListener("pointerdown", (event) => {
      const before = shown();
      const tap = { frames: 0, ms: null };
      window.watched.push(tap);
      const look = () => {
        tap.frames += 1;
        if (shown() <= before) { requestAnimationFrame(look); return; }
        const painted = new MessageChannel();
        painted.port1.onmessage = () => { tap.ms = performance.now() - event.timeStamp; };
        painted.port2.postMessage(null);
      };
      requestAnimationFrame(look);
    }, { capture: true });
  }
"""


async def touch_for(page: Page, seconds: float) -> int:
    """A finger that comes down at two places in turn; how many touches there were."""
    session = await page.context.new_cdp_session(page)
    box = await page.get_by_test_id("tap").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    loop = asyncio.get_running_loop()
    began = loop.time()
    made = 0
    while loop.time() - began < seconds:
        # Not `dispatchTouchEvent`, which has the page paint a frame for each event before it is sent.
        await session.send(
            "Input.synthesizeTapGesture",
            {"x": x + (30 if made % 2 else -30), "y": y, "duration": TOUCH_MS, "gestureSourceType": "touch"},
        )
        made += 1
        await asyncio.sleep(max(0.0, began + made / TAPS_PER_S - loop.time()))
    return made


async def sit_with_nine(player: Player, crowd: Crowd) -> None:
    # Touched too: a mouse that was once there would have every layout look for what lies under it.
    await player.card(50).tap()
    await expect(player.page.get_by_role("timer")).to_be_visible()
    await crowd.sit(50, 9, Style(rate=TAPS_PER_S))


async def sit_with_forty_nine(player: Player, crowd: Crowd) -> None:
    """In a hero room; its organizer watches too."""
    organizer = await crowd.somebody()
    room = await crowd.api.create_room(organizer, 50)
    await crowd.sit_by_key(room["key"], 49, Style(rate=TAPS_PER_S))
    for press in ("Create", "Enter by key"):
        await player.page.get_by_role("button", name=press).last.tap()
    await player.page.locator("input").fill(room["key"])
    await player.page.get_by_role("button", name=re.compile("and enter")).last.tap()
    await expect(player.says("50 of 50 players")).to_be_visible()
    await crowd.api.start(organizer, room["room_id"])


# At 1 too: on a machine that does other things the slow-down also multiplies their turns.
@pytest.mark.parametrize(
    ("sit", "slower"), [(sit_with_nine, 1), (sit_with_nine, 4), (sit_with_forty_nine, 1), (sit_with_forty_nine, 4)]
)
async def test_a_traced_game(
    sit: Callable[[Player, Crowd], Awaitable[None]],
    slower: int,
    make_stack: Callable[..., Stack],
    open_page: OpenPage,
    browser: Browser,
    capfd: pytest.CaptureFixture[str],
) -> None:
    stack = make_stack(WAIT_S="60", COUNTDOWN_S="3", GAME_S=str(int(PLAY_S) + 8))
    # The client without an ear: each call of the page would otherwise be a task of the page's, made by the test.
    client = TelegramClient()
    player = await open_page(client.address(stack.url))
    await player.page.add_init_script(client.script())
    await player.launch()
    crowd = Crowd(stack.url)
    await sit(player, crowd)
    await player.reach_game()
    slowed = await player.page.context.new_cdp_session(player.page)
    await slowed.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    await player.page.evaluate(_WATCH)
    # Traced from before it matters: the beginning of a trace is a long task of its own.
    await browser.start_tracing(page=player.page, categories=list(CATEGORIES))
    await asyncio.sleep(1)
    made = await touch_for(player.page, PLAY_S)
    trace = await browser.stop_tracing()
    taps = await player.page.evaluate("window.watched")
    players = len(crowd.seats) + 1
    await crowd.gone()
    (BUILD / f"trace-{players}-players-{slower}x.json").write_bytes(trace)
    with capfd.disabled():
        print(f"\n{players} players, {slower}x slower\n{report(json.loads(trace)['traceEvents'], taps)}")
    assert len(taps) == made
