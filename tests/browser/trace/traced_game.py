"""A game of ten in a slowed Chromium: nine players simulated at eight taps a second, the tenth with real touches."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from chance_tap.simulate.rhythm import Style
from tests.browser.conftest import OpenPage
from tests.browser.crowd import Crowd
from tests.browser.telegram import TelegramClient
from tests.browser.trace.report import report
from tests.fixtures.stack import Stack

BUILD = Path(__file__).parents[3] / "build"
PLAY_S = float(os.environ.get("PLAY_S", "20"))
TAPS_PER_S = 8
# Fingers stay on the glass for this long.
TOUCH_S = 0.06
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
    """Two fingers in turn; how many touches there were."""
    session = await page.context.new_cdp_session(page)
    box = await page.get_by_test_id("tap").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    loop = asyncio.get_running_loop()
    began = loop.time()
    made = 0
    while loop.time() - began < seconds:
        point = {"x": x + (30 if made % 2 else -30), "y": y, "id": made % 2}
        await session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        await asyncio.sleep(TOUCH_S)
        await session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        made += 1
        await asyncio.sleep(max(0.0, began + made / TAPS_PER_S - loop.time()))
    return made


@pytest.mark.parametrize("slower", [1, 4])
async def test_a_traced_game(
    slower: int,
    make_stack: Callable[..., Stack],
    open_page: OpenPage,
    browser: Browser,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """At 1 too: on a machine that does other things the slow-down also multiplies their turns."""
    stack = make_stack(WAIT_S="60", COUNTDOWN_S="3", GAME_S=str(int(PLAY_S) + 8))
    # The client without an ear: each call of the page would otherwise be a task of the page's, made by the test.
    client = TelegramClient()
    player = await open_page(client.address(stack.url))
    await player.page.add_init_script(client.script())
    await player.launch()
    await player.join(50)
    crowd = Crowd(stack.url)
    await crowd.sit(50, 9, Style(rate=TAPS_PER_S))
    await player.reach_game()
    slowed = await player.page.context.new_cdp_session(player.page)
    await slowed.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    await player.page.evaluate(_WATCH)
    await asyncio.sleep(1)
    await browser.start_tracing(page=player.page, categories=list(CATEGORIES))
    made = await touch_for(player.page, PLAY_S)
    trace = await browser.stop_tracing()
    taps = await player.page.evaluate("window.watched")
    await crowd.gone()
    (BUILD / f"trace-{slower}x.json").write_bytes(trace)
    with capfd.disabled():
        print(f"\n{slower}x slower\n{report(json.loads(trace)['traceEvents'], taps)}")
    assert len(taps) == made
