"""A hero room as its organizer sees it, and as its players do."""

import asyncio
import random

from playwright.async_api import expect

from cli.simulate.client import Seat
from tests.browser.crowd import NAMES
from tests.browser.screenshots.scenes_arena import GAME_MS, CrowdOf
from tests.browser.screenshots.scenes_places import visit
from tests.browser.screenshots.scenes_zoom import shoot_enlarged
from tests.browser.screenshots.studio import Studio, Viewer
from tests.fixtures.stack import MakeStack

MOST = 50
"""How many a hero room holds."""
# The key of the room that the page's player is in, asked of the server with the page's own token.
_OWN_KEY = """
  async () => {
    const { token } = JSON.parse(sessionStorage.getItem("chance-tap.session"));
    const headers = { authorization: `Bearer ${token}` };
    const get = async (path) => (await fetch(`/api/v1${path}`, { headers })).json();
    const { room_id } = await get("/me");
    return (await get(`/rooms/${room_id}`)).room.key;
  }
"""


async def make(viewer: Viewer) -> None:
    await visit(viewer, "makeRoom")
    await viewer.player.page.locator("form button[type=submit]").click()
    await expect(viewer.player.page.get_by_role("timer").first).to_be_visible()


async def test_an_organizer(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    stack = make_stack(COUNTDOWN_S="6", GAME_S="45")
    crowd = crowd_of(stack.url)
    await studio.launch(stack.url)
    await studio.all(make)
    await studio.shoot("hero-organizer-alone")
    for viewer in studio.viewers:
        key = await viewer.player.page.evaluate(_OWN_KEY)
        await crowd.sit_by_key(key, 4 if viewer is not studio.viewers[0] else 12)
    await studio.all(lambda viewer: expect(viewer.button_for("hero.start")).to_be_enabled())
    await studio.shoot("hero-organizer")
    await studio.all(lambda viewer: viewer.press("hero.takeBack"))
    await studio.all(lambda viewer: expect(viewer.button_for("hero.stay")).to_be_visible())
    await studio.shoot("hero-close")
    await studio.all(lambda viewer: viewer.press("hero.stay"))
    await studio.all(lambda viewer: viewer.press("hero.start"))
    await studio.all(lambda viewer: expect(viewer.word("countdown.tap")).to_be_visible())
    await studio.shoot("hero-organizer-countdown", check=False)
    await studio.all(lambda viewer: expect(viewer.player.page.get_by_test_id("watch")).to_be_visible())
    await asyncio.sleep(4)
    await studio.shoot("hero-organizer-watch")
    await studio.all(lambda viewer: expect(viewer.player.payout).to_be_visible(timeout=GAME_MS))
    await studio.shoot("hero-organizer-results")


async def test_players_of_a_hero_room(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    stack = make_stack(COUNTDOWN_S="6", GAME_S="45")
    crowd = crowd_of(stack.url)
    organizer = await crowd.somebody(NAMES[1])
    room = await crowd.api.create_room(organizer, 50)
    watching = asyncio.create_task(Seat(crowd.api, organizer, room, random.Random(1), None).run())
    await crowd.sit_by_key(room["key"], 9)
    await studio.launch(stack.url, tolerated="Failed to load resource")

    async def wrong(viewer: Viewer) -> None:
        await visit(viewer, "enterByKey")
        await viewer.player.page.locator("main input, form input").first.fill("00000 00000")
        await expect(viewer.word("key.unknownTitle")).to_be_visible()

    await studio.all(wrong)
    await studio.shoot("key-unknown")

    async def enter(viewer: Viewer) -> None:
        await viewer.player.page.locator("main input, form input").first.fill(room["key"].lower())
        await expect(viewer.word("key.fee")).to_be_visible()

    await studio.all(enter)
    await studio.shoot("key-found")
    await studio.all(terms_before_button)
    await studio.in_turn(lambda viewer: viewer.press("key.join"))
    await studio.all(lambda viewer: expect(viewer.word("hero.playerHint")).to_be_visible())
    await studio.shoot("hero-waiting")
    await crowd.api.start(organizer, room["room_id"])
    await studio.all(lambda viewer: viewer.player.reach_game())
    await studio.all(lambda viewer: viewer.player.tap(15, 90))
    await studio.shoot("hero-game")
    await studio.all(lambda viewer: expect(viewer.player.payout).to_be_visible(timeout=GAME_MS))
    await studio.shoot("hero-results")
    watching.cancel()


async def test_rooms_that_ran_out_of_time(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    """Each is where the room was entered or made, and is told where the stakes are."""
    stack = make_stack(HERO_WAIT_S="20")
    crowd = crowd_of(stack.url)
    organizer = await crowd.somebody(NAMES[1])
    await studio.launch(stack.url)
    room = await crowd.api.create_room(organizer, 50)

    async def enter(viewer: Viewer) -> None:
        await visit(viewer, "enterByKey")
        await viewer.player.page.locator("main input, form input").first.fill(room["key"])
        await viewer.press("key.join")
        await expect(viewer.word("hero.playerHint")).to_be_visible()

    await studio.all(enter)
    await studio.all(lambda viewer: expect(viewer.word("notice.notStarted")).to_be_visible(timeout=GAME_MS))
    await studio.shoot("hero-expired")
    await studio.all(make)
    await studio.all(lambda viewer: expect(viewer.word("notice.ownExpired")).to_be_visible(timeout=GAME_MS))
    await studio.shoot("hero-expired-own")


async def terms_before_button(viewer: Viewer) -> None:
    """What the fee buys is never under the button that takes it."""
    promise = await viewer.word("key.promise").bounding_box()
    button = await viewer.button_for("key.join").bounding_box()
    assert promise
    assert button
    assert promise["y"] + promise["height"] <= button["y"], viewer.look.ending


async def test_as_many_as_a_hero_room_holds(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    stack = make_stack(COUNTDOWN_S="6", GAME_S="60")
    crowd = crowd_of(stack.url)
    organizer = await crowd.somebody(NAMES[1])
    room = await crowd.api.create_room(organizer, 50)
    watching = asyncio.create_task(Seat(crowd.api, organizer, room, random.Random(1), None).run())
    await studio.launch(stack.url)
    await crowd.sit_by_key(room["key"], MOST - len(studio.viewers))

    async def enter(viewer: Viewer) -> None:
        await visit(viewer, "enterByKey")
        await viewer.player.page.locator("main input, form input").first.fill(room["key"])
        await viewer.press("key.join")
        await expect(viewer.word("hero.playerHint")).to_be_visible()

    await studio.in_turn(enter)
    await studio.all(lambda viewer: expect(viewer.button(f"{MOST} of {MOST}", f"{MOST} из {MOST}")).to_be_visible())
    await studio.shoot("hero-waiting-full")
    await studio.all(lambda viewer: viewer.button(f"{MOST} of {MOST}", f"{MOST} из {MOST}").click())
    await studio.all(lambda viewer: expect(viewer.player.page.get_by_role("dialog")).to_be_visible())
    await studio.shoot("hero-player-list")
    await crowd.api.start(organizer, room["room_id"])
    await studio.all(lambda viewer: viewer.player.reach_game())
    await studio.all(lambda viewer: viewer.player.tap(15, 90))
    await studio.shoot("hero-game-full")
    await shoot_enlarged(studio, "hero-game-full")
    await studio.all(lambda viewer: expect(viewer.player.payout).to_be_visible(timeout=GAME_MS))
    await studio.shoot("hero-results-full")
    watching.cancel()
