"""A standard room from the first seat to the record, as winner, as loser, blocked, cut off, and outside Telegram."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from playwright.async_api import Page, Route, WebSocketRoute, expect

from tests.browser import accessibility
from tests.browser.crowd import CHEAT, NAMES, SLEEPER, Crowd
from tests.browser.line import Line
from tests.browser.screenshots.studio import Studio, Viewer
from tests.fixtures.outside import command
from tests.fixtures.stack import MakeStack

STAKES = (20, 50, 100, 200)
GAME_MS = 60_000
CLOSE_DRAINING = 4001
CrowdOf = Callable[[str], Crowd]


async def test_a_full_room(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    stack = make_stack(WAIT_S="120", COUNTDOWN_S="8", GAME_S="40")
    crowd = crowd_of(stack.url)
    await studio.launch(stack.url)
    await studio.in_turn(lambda viewer: viewer.player.join(50))
    await studio.shoot("waiting-few")
    await crowd.sit(50, 5, names=NAMES)
    await studio.all(lambda viewer: expect(viewer.says("9 of 10", "9 из 10")).to_be_visible())
    await studio.all(fits)
    await studio.shoot("waiting")
    await crowd.react(crowd.seats[0].account.user_id)
    await studio.shoot("waiting-reactions", check=False)
    await crowd.sit(50, 1, CHEAT, names=NAMES[5:])
    await studio.all(lambda viewer: expect(viewer.says("Ready, steady", "Старт, внимание")).to_be_visible())
    await studio.all(fits)
    await studio.shoot("countdown")
    await studio.all(lambda viewer: viewer.player.reach_game())
    await studio.shoot("game-start", check=False)
    await studio.all(lambda viewer: viewer.player.tap(25, 90))
    await studio.shoot("game")
    await studio.all(lambda viewer: expect(viewer.player.payout).to_be_visible(timeout=GAME_MS))
    await studio.shoot("results-lost")


async def fits(viewer: Viewer) -> None:
    """All of it is on the screen at once."""
    height = await viewer.player.page.evaluate("document.documentElement.scrollHeight")
    assert height <= viewer.look.size["height"], viewer.look.ending


async def test_the_last_seconds_before_a_game(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    """The pages' clocks are set to them: on the server they are far away."""
    stack = make_stack(CAPACITY="5", WAIT_S="120", COUNTDOWN_S="60")
    await studio.invite(stack.url)
    await studio.all(lambda viewer: viewer.player.page.clock.install())
    await studio.all(lambda viewer: viewer.player.launch())
    await studio.in_turn(lambda viewer: viewer.player.join(50))
    await crowd_of(stack.url).sit(50, names=NAMES)
    await studio.all(lambda viewer: expect(viewer.says("Ready, steady", "Старт, внимание")).to_be_visible())

    async def stop_at(viewer: Viewer, second: int) -> None:
        clock, number = viewer.player.page.clock, viewer.player.page.locator("main button b")
        await clock.fast_forward(1000 * (int(await number.inner_text()) - second))
        await expect(number).to_have_text(str(second))
        await accessibility.rest(viewer.player.page)

    await studio.all(lambda viewer: pause(viewer.player.page))
    for second in (3, 2, 1):
        await studio.all(lambda viewer, second=second: stop_at(viewer, second))  # type: ignore[misc]
        await studio.shoot(f"countdown-{second}", check=False)


async def pause(page: Page) -> None:
    """Its clock, a moment from now."""
    await page.clock.pause_at(datetime.fromtimestamp(await page.evaluate("Date.now()") / 1000 + 2, UTC))


async def test_called_off(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    """By an operator, with the stake on its way and then back."""
    stack = make_stack(CAPACITY="5", GAME_S="60")
    held: list[Callable[[], None]] = []
    is_held = True

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def relay(frame: str | bytes) -> None:
            if is_held and '"balance"' in str(frame):
                held.append(lambda: socket.send(frame))
            else:
                socket.send(frame)

        server.on_message(relay)

    async def refuse(route: Route) -> None:
        await (route.abort() if is_held else route.continue_())

    await studio.invite(stack.url, tolerated="ERR_FAILED")
    await studio.all(lambda viewer: viewer.player.page.route_web_socket("**/api/v1/ws", connect))
    await studio.all(lambda viewer: viewer.player.launch())
    await studio.in_turn(lambda viewer: viewer.player.join(50))
    crowd = crowd_of(stack.url)
    await crowd.sit(50)
    await studio.all(lambda viewer: viewer.player.reach_game())
    await studio.all(lambda viewer: viewer.player.page.route("**/api/v1/rooms/*", refuse))
    await asyncio.to_thread(command, stack, "room", "refund", crowd.seats[0].outcome.room_id)
    await studio.all(lambda viewer: expect(viewer.word("cancelled.onItsWay")).to_be_visible())
    await studio.shoot("cancelled-on-its-way")
    is_held = False
    for send in held:
        send()
    await studio.all(lambda viewer: expect(viewer.word("cancelled.back")).to_be_visible())
    await studio.shoot("cancelled-back")


async def test_a_duel_won(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    stack = make_stack(CAPACITY="2", GAME_S="6")
    crowd = crowd_of(stack.url)
    await studio.launch(stack.url)

    async def win(viewer: Viewer) -> None:
        stake = STAKES[studio.viewers.index(viewer)]
        await viewer.player.join(stake)
        await crowd.sit(stake, 1, SLEEPER)
        await viewer.player.reach_game()
        await viewer.player.tap(12)
        await expect(viewer.says("You won", "Вы победили")).to_be_visible()
        await expect(viewer.player.payout).to_be_visible()

    await studio.all(win)
    await studio.shoot("results-won")


async def test_nobody_taps(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    stack = make_stack(CAPACITY="5", GAME_S="2")
    await studio.launch(stack.url)
    await studio.in_turn(lambda viewer: viewer.player.join(50))
    await crowd_of(stack.url).sit(50, 1, SLEEPER)
    await studio.all(lambda viewer: expect(viewer.says("Nobody won", "Никто не победил")).to_be_visible())
    await studio.all(lambda viewer: expect(viewer.player.payout).to_be_visible())
    await studio.shoot("results-nobody")


async def test_cut_off_in_a_game(
    make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf, lines: Callable[[str], Awaitable[Line]]
) -> None:
    stack = make_stack(CAPACITY="5", GAME_S="60")
    line = await lines(stack.url)
    await studio.launch(line.url, tolerated="ERR_CONNECTION_")
    await studio.in_turn(lambda viewer: viewer.player.join(50))
    await crowd_of(stack.url).sit(50)
    await studio.all(lambda viewer: viewer.player.reach_game())
    await studio.all(lambda viewer: viewer.player.tap(8))
    line.cut()
    await studio.all(lambda viewer: expect(viewer.says("Your taps are kept", "Тапы сохранены")).to_be_visible())
    await studio.shoot("game-offline")
    await studio.all(lambda viewer: viewer.player.tap(2))
    await studio.all(lambda viewer: expect(viewer.word("stake.tapsLost")).to_be_visible())
    await studio.shoot("game-taps-lost")
    await line.mend()


async def test_drained_in_a_game(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    """As the server ends a socket before it goes: the next one is slow to come."""
    stack = make_stack(CAPACITY="5", GAME_S="20")
    sockets: list[WebSocketRoute] = []
    drained = asyncio.Event()

    def connect(socket: WebSocketRoute) -> None:
        if drained.is_set():
            return
        sockets.append(socket)
        socket.connect_to_server()

    await studio.invite(stack.url)
    await studio.all(lambda viewer: viewer.player.page.route_web_socket("**/ws", connect))
    await studio.all(lambda viewer: viewer.player.launch())
    await studio.in_turn(lambda viewer: viewer.player.join(50))
    await crowd_of(stack.url).sit(50)
    await studio.all(lambda viewer: viewer.player.reach_game())
    await studio.all(lambda viewer: viewer.player.tap(8))
    drained.set()
    for socket in sockets:
        await socket.close(code=CLOSE_DRAINING)
    await studio.all(lambda viewer: expect(viewer.word("stake.drained")).to_be_visible())
    await studio.shoot("game-drained")


async def test_outside_telegram(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    """The app's own colours, where no Telegram gives any."""
    stack = make_stack(CAPACITY="5", GAME_S="10", COUNTDOWN_S="6", WAIT_S="60")
    await studio.invite(stack.url, lambda _client: None)
    await studio.in_turn(lambda viewer: viewer.player.log_in(viewer.look.name[:20]))
    await studio.shoot("web-home")
    await studio.in_turn(lambda viewer: viewer.player.join(50))
    await studio.shoot("web-waiting")
    await crowd_of(stack.url).sit(50)
    await studio.all(lambda viewer: viewer.player.reach_game())
    await studio.all(lambda viewer: viewer.player.tap(20, 90))
    await studio.shoot("web-game")
    await studio.all(lambda viewer: expect(viewer.player.payout).to_be_visible())
    await studio.shoot("web-results")
    await studio.all(lambda viewer: viewer.press("results.toLobby"))
    await studio.all(lambda viewer: viewer.button("Profile", "Профиль").click())
    await studio.all(lambda viewer: expect(viewer.player.page.locator("dl")).to_be_visible())
    await studio.shoot("web-profile")


async def test_blocked(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    stack = make_stack(CAPACITY="5", GAME_S="8")
    await studio.invite(stack.url)
    await studio.all(lambda viewer: viewer.player.prepare_to_cheat())
    await studio.all(lambda viewer: viewer.player.launch())
    await studio.in_turn(lambda viewer: viewer.player.join(50))
    await crowd_of(stack.url).sit(50)
    await studio.all(lambda viewer: viewer.player.reach_game())
    await studio.all(lambda viewer: viewer.player.cheat())
    await studio.all(lambda viewer: expect(viewer.player.tap_button).to_be_disabled())
    await studio.shoot("game-blocked")
    await studio.all(lambda viewer: expect(viewer.player.payout).to_be_visible())
    await studio.shoot("results-blocked")
