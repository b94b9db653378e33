"""Coming in, Home in every state, and what Home tells of a room that one has left."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from playwright.async_api import Route, expect

from gateway.texts import error_text, from_accept_language
from persistence.errors import ErrorCode
from persistence.postgres.pool import Database
from tests.browser.screenshots.studio import Studio, Viewer
from tests.browser.test_lobby import ban
from tests.fixtures.stack import MakeStack, Stack
from tests.stand_ins.telegram import TelegramApi

REFUSED = "Failed to load resource"


async def test_home(make_stack: MakeStack, studio: Studio) -> None:
    stack = make_stack(WAIT_S="60", DEMO_STARS="300")
    await studio.invite(stack.url, tolerated=REFUSED)
    answers = asyncio.Event()

    async def hold(route: Route) -> None:
        await answers.wait()
        await route.continue_()

    async def arrive(viewer: Viewer) -> None:
        await viewer.player.page.route("**/api/v1/tiers", hold)
        await viewer.player.page.goto(viewer.player.url)
        await expect(viewer.player.page.get_by_test_id("balance")).to_be_visible()

    await studio.all(arrive)
    await studio.shoot("home-loading")
    answers.set()
    await studio.all(lambda viewer: expect(viewer.player.card(50)).to_be_visible())
    await studio.shoot("home")
    await studio.all(lambda viewer: viewer.player.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)"))
    await studio.shoot("home-end")
    await studio.all(lambda viewer: viewer.player.page.evaluate("scrollTo(0, 0)"))
    await studio.all(lambda viewer: viewer.player.card(500).click())
    await studio.all(lambda viewer: expect(viewer.player.page.get_by_role("dialog")).to_be_visible())
    await studio.shoot("home-insufficient")
    await studio.all(lambda viewer: viewer.player.page.keyboard.press("Escape"))

    await studio.in_turn(lambda viewer: viewer.player.join(100))
    await studio.all(lambda viewer: viewer.button("Leave", "Выйти").click())
    await studio.all(lambda viewer: expect(viewer.says("You left", "Вы вышли")).to_be_visible())
    await studio.shoot("home-left")

    await studio.all(lambda viewer: viewer.player.page.route("**/api/v1/tiers", lambda route: route.abort()))
    await studio.all(lambda viewer: viewer.player.page.reload())
    await studio.all(lambda viewer: expect(viewer.says("Can't load the rooms", "загрузить")).to_be_visible())
    await studio.shoot("home-unavailable")


async def test_no_seat(make_stack: MakeStack, studio: Studio) -> None:
    """Refused, and without an answer."""
    stack = make_stack(WAIT_S="60")
    await studio.launch(stack.url, tolerated=REFUSED)

    async def refuse(route: Route) -> None:
        text = error_text(ErrorCode.ROOM_CLOSED, from_accept_language(route.request.headers["accept-language"]))
        await route.fulfill(status=409, json={"code": ErrorCode.ROOM_CLOSED, "message": text, "details": {}})

    await studio.all(lambda viewer: viewer.player.page.route("**/rooms/join", refuse))
    await studio.all(lambda viewer: viewer.player.card(50).click())
    await studio.all(lambda viewer: expect(viewer.word("join.refusedTitle")).to_be_visible())
    await studio.shoot("join-refused")
    await studio.all(lambda viewer: viewer.press("join.close"))

    await studio.all(lambda viewer: viewer.player.page.route("**/rooms/join", lambda route: route.abort()))
    await studio.all(lambda viewer: viewer.player.page.route("**/me", lambda route: route.abort()))
    await studio.all(lambda viewer: viewer.player.card(50).click())
    await studio.all(lambda viewer: expect(viewer.word("join.unansweredTitle")).to_be_visible())
    await studio.shoot("join-unanswered")


async def test_too_few_came(make_stack: MakeStack, studio: Studio) -> None:
    stack = make_stack(WAIT_S="4")
    await studio.launch(stack.url)
    stakes = iter((20, 50, 100, 200))
    await studio.in_turn(lambda viewer: viewer.player.join(next(stakes)))
    await studio.all(lambda viewer: expect(viewer.says("Not enough players", "Игроков не хватило")).to_be_visible())
    await studio.shoot("home-too-few")


async def test_another_window_took_over(make_stack: MakeStack, studio: Studio) -> None:
    stack = make_stack(WAIT_S="60")
    await studio.launch(stack.url)
    first = list(studio.viewers)
    await studio.in_turn(lambda viewer: viewer.player.join(50))
    for viewer in first:
        page = await viewer.player.page.context.new_page()
        await page.goto(viewer.player.url)
        await expect(viewer.says("another window", "в другом окне")).to_be_visible()
    await studio.shoot("replaced")


async def test_the_gate(make_stack: MakeStack, studio: Studio, db: Database) -> None:
    stack = make_stack()
    await studio.invite(stack.url, lambda _client: None)
    await studio.all(lambda viewer: viewer.player.page.goto(stack.url))
    await studio.all(lambda viewer: expect(viewer.player.page.locator("form input")).to_be_visible())
    await studio.shoot("gate-demo")

    await studio.invite(stack.url, tolerated=REFUSED)
    await studio.all(lambda viewer: viewer.player.page.route("**/api/**", lambda route: route.abort()))
    await studio.all(lambda viewer: viewer.player.page.goto(viewer.player.url))
    await studio.all(lambda viewer: expect(viewer.says("Cannot reach", "недоступен")).to_be_visible())
    await studio.shoot("gate-unreachable")

    await studio.invite(stack.url, lambda client: replace(client, bot_token="43:another"), tolerated=REFUSED)
    await studio.all(lambda viewer: viewer.player.page.goto(viewer.player.url))
    await studio.all(lambda viewer: expect(viewer.player.page.get_by_role("alert")).to_be_visible())
    await studio.shoot("gate-refused")

    async def expire(route: Route) -> None:
        await route.fulfill(status=401, json={"code": ErrorCode.INIT_DATA_EXPIRED, "message": "", "details": {}})

    await studio.invite(stack.url, tolerated=REFUSED)
    await studio.all(lambda viewer: viewer.player.page.route("**/auth/telegram", expire))
    await studio.all(lambda viewer: viewer.player.page.goto(viewer.player.url))
    await studio.all(lambda viewer: expect(viewer.word("login.expiredTitle")).to_be_visible())
    await studio.shoot("gate-expired")

    await studio.launch(stack.url, tolerated=REFUSED)
    await studio.in_turn(lambda viewer: ban(stack, viewer.player.telegram.client))
    await studio.all(lambda viewer: viewer.player.page.reload())
    await studio.all(lambda viewer: expect(viewer.player.page.get_by_role("alert")).to_be_visible())
    await studio.shoot("gate-banned")


async def test_outside_telegram(make_stack: Callable[..., Stack], studio: Studio, telegram_api: TelegramApi) -> None:
    stack = make_stack(BOT_TOKEN=telegram_api.token, TELEGRAM_API_URL=telegram_api.url)
    await studio.invite(stack.url, lambda _client: None, tolerated=REFUSED)
    await studio.all(lambda viewer: viewer.player.page.goto(stack.url))
    await studio.all(lambda viewer: expect(viewer.says("in Telegram", "в Telegram")).to_be_visible())
    await studio.shoot("gate-outside")
