"""Coming in and what can be done before a game: in Telegram, outside it, and with too few Stars."""

import asyncio
from collections.abc import Callable

from playwright.async_api import Route, WebSocketRoute, expect

from tests.browser.conftest import OpenPage
from tests.browser.player import seat_somebody
from tests.browser.telegram import DARK, LIGHT, TelegramClient
from tests.fixtures.outside import command
from tests.fixtures.stack import Stack

# A theme of somebody's own.
VIOLET = {"bg_color": "#f0e8ff", "text_color": "#201040", "secondary_bg_color": "#ffffff"}


async def ban(stack: Stack, client: TelegramClient) -> None:
    """As an operator does."""
    arguments = ("user", "ban", f"telegram:{client.telegram_id}", "--reason", "Two accounts in one room")
    await asyncio.to_thread(command, stack, *arguments)


async def test_leaving_gives_the_stake_back_and_the_language_stays(
    make_stack: Callable[..., Stack], open_page: OpenPage
) -> None:
    stack = make_stack(WAIT_S="60", DEMO_STARS="100")
    player = await open_page(stack.url, locale="ru-RU", scheme="light", tolerated="402")
    await player.log_in("Оля")
    await player.screenshot("home-ru-light")
    await player.join(20)
    await expect(player.says("Ожидаем 1 из 10 игроков")).to_be_visible()
    await player.page.get_by_role("button", name="Выйти").click()
    await expect(player.says("Ставка возвращена: 20 звёзд")).to_be_visible()
    await player.expect_balance(100)
    # What is said about the money does not lie over it.
    balance = await player.page.get_by_test_id("balance").bounding_box()
    notice = await player.says("Ставка возвращена: 20 звёзд").bounding_box()
    assert balance
    assert notice
    assert balance["y"] + balance["height"] < notice["y"]

    await player.page.get_by_role("button", name="English").click()
    await expect(player.page.get_by_role("heading", name="Rooms")).to_be_visible()
    # It gave way to the touch.
    assert await player.says("Your stake has been returned").count() == 0
    before = await player.card(50).bounding_box()
    await seat_somebody(stack.url, "Somebody", 50)
    await expect(player.card(50)).to_contain_text("1 waiting")
    assert await player.card(50).bounding_box() == before
    await player.card(500).click()
    await expect(player.says("The stake is 500 Stars. You have 100 Stars.")).to_be_visible()
    await player.screenshot("insufficient-en-light")
    await player.page.keyboard.press("Escape")
    await expect(player.page.get_by_role("dialog")).to_have_count(0)

    await player.join(20)
    await player.page.reload()
    await expect(player.says("Waiting for 1 of 10 players")).to_be_visible()


async def test_lost_answers_and_a_limit_of_ones_own(make_stack: Callable[..., Stack], open_page: OpenPage) -> None:
    stack = make_stack(WAIT_S="60", DEMO_STARS="100")
    player = await open_page(stack.url, tolerated="Failed to load resource")
    page = player.page
    sockets: list[WebSocketRoute] = []

    def relay(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    await page.route_web_socket("**/api/v1/ws", relay)
    await player.log_in("Lost")

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    # The seat is taken and nothing tells it: the room is found with the next connection, and no window lies over it.
    await page.route("**/rooms/join", lose_the_answer)
    await page.route("**/me", lambda route: route.abort())
    await player.card(50).click()
    await expect(player.says("No answer yet: you may already have a seat")).to_be_visible()
    await page.unroute("**/me")
    await sockets[-1].close(code=4000)
    await expect(player.says("Waiting for 1 of 10 players")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.unroute("**/rooms/join")

    # The seat is given up and the answer is lost: the room's own event tells it.
    await page.route("**/leave", lose_the_answer)
    await page.get_by_role("button", name="Leave").click()
    await expect(player.says("You left. Your stake is being returned: 50 Stars.")).to_be_visible()
    await player.expect_balance(100)

    # The same stake again is a seat of its own, found though that answer is all that is lost.
    await page.route("**/rooms/join", lose_the_answer)
    await player.join(50)
    await expect(player.says("Waiting for 1 of 10 players")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.unroute("**/rooms/join")
    await page.get_by_role("button", name="Leave").click()
    await player.expect_balance(100)

    async def limited(route: Route) -> None:
        details = {"limit": "daily", "until_ms": 1_900_000_000_000, "daily_stars": 120, "spent_stars": 90}
        await route.fulfill(status=403, json={"code": "limit_reached", "message": "No.", "details": details})

    await page.route("**/rooms/join", limited)
    await player.card(50).click()
    await expect(player.says("your own limit of 120 Stars a day")).to_be_visible()
    await expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    await player.expect_accessible()
    await page.get_by_role("button", name="Limits").click()
    await expect(page.get_by_role("heading", name="Limits")).to_be_visible()
    assert stack.errors() == []


async def test_where_nobody_else_comes_the_stake_and_the_screen_go_back(
    make_stack: Callable[..., Stack], open_page: OpenPage
) -> None:
    stack = make_stack(WAIT_S="2", DEMO_STARS="100")
    player = await open_page(stack.url, locale="ru-RU")
    await player.log_in("Один")
    await player.join(50)
    await expect(player.says("Игроков не хватило. Ставка возвращается: 50 звёзд.")).to_be_visible()
    await player.expect_balance(100)


async def test_the_page_opened_last_has_the_room(make_stack: Callable[..., Stack], open_page: OpenPage) -> None:
    stack = make_stack(WAIT_S="60")
    first, second = await open_page(stack.url), await open_page(stack.url)
    await first.page.goto(stack.url)
    await first.says("Chloe Martin").click()
    await first.join(20)
    await second.page.goto(stack.url)
    await second.says("Chloe Martin").click()
    await expect(second.says("Waiting for 1 of 10 players")).to_be_visible()
    await expect(first.says("The game is open in another window")).to_be_visible()
    for _ in range(3):
        # However often: a browser that is asked twice in a row closes a dialog without asking the page.
        await first.page.keyboard.press("Escape")
    await expect(first.says("The game is open in another window")).to_be_visible()
    await first.page.get_by_role("button", name="Continue here").click()
    await expect(second.says("The game is open in another window")).to_be_visible()
    await expect(first.page.get_by_role("dialog")).to_have_count(0)


async def test_inside_telegram_one_is_in_at_once(make_stack: Callable[..., Stack], open_page: OpenPage) -> None:
    stack = make_stack(WAIT_S="60")
    client = TelegramClient(version="9.1", first_name="Тимур", language="ru", theme=VIOLET)
    player = await open_page(stack.url, telegram=client)
    await player.launch()
    await expect(player.says("Тимур")).to_be_visible()
    background = "getComputedStyle(document.body).backgroundColor"
    assert await player.page.evaluate(background) == "rgb(240, 232, 255)"
    assert await player.page.evaluate("document.documentElement.dataset.theme") == "light"
    await player.screenshot("home-telegram-theme")
    await player.telegram.set_theme(DARK)
    assert await player.page.evaluate(background) == "rgb(23, 33, 43)"
    assert await player.page.evaluate("document.documentElement.dataset.theme") == "dark"

    await player.telegram.asked("web_app_ready")
    await player.telegram.asked("web_app_request_fullscreen")
    await player.join(50)
    await player.telegram.press_back()
    await expect(player.page.get_by_role("heading", name="Комнаты")).to_be_visible()


async def test_the_second_of_two_tabs_in_one_frame_is_where_one_lands(
    make_stack: Callable[..., Stack], open_page: OpenPage
) -> None:
    client = TelegramClient(language="en")
    player = await open_page(make_stack().url, telegram=client)
    page = player.page
    await player.launch()
    await page.get_by_role("button", name="Profile").click()
    await page.get_by_role("button", name="Game history").click()
    await expect(page.get_by_role("heading", name="Game history")).to_be_visible()
    await page.evaluate("document.querySelectorAll('nav button').forEach((tab, at) => at % 2 && tab.click())")
    create = page.get_by_role("navigation").get_by_role("button", name="Create")
    await expect(create).to_have_attribute("aria-current", "page")
    # A reload finds what the browser has by then.
    await page.wait_for_function("history.state.path.length === 1 && history.state.path[0].name === 'create'")
    await page.reload()
    await expect(create).to_have_attribute("aria-current", "page")
    await page.go_back()
    await expect(page.get_by_role("button", name="Home")).to_have_attribute("aria-current", "page")


async def test_whoever_is_banned_meanwhile_is_told_why_and_where_to_object(
    make_stack: Callable[..., Stack], open_page: OpenPage
) -> None:
    stack = make_stack(BOT_USERNAME="chance_bot")
    # On a computer: there nobody wishes for the whole screen.
    client = TelegramClient(language="en", platform="tdesktop")
    player = await open_page(stack.url, telegram=client, tolerated="403")
    await player.launch()
    await player.expect_balance(1000)
    await player.telegram.asked("web_app_ready")
    assert player.telegram.events("web_app_request_fullscreen") == []
    await ban(stack, client)
    await expect(player.page.get_by_role("alert")).to_contain_text("Reason: Two accounts in one room")
    await player.expect_accessible()
    await player.page.get_by_role("button", name="Open the bot").click()
    await player.telegram.asked("web_app_open_tg_link", path_full="/chance_bot")

    # Where the server does not know its bot's name there is no button, and the words stay.
    async def without_a_name(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json=await answer.json() | {"bot_username": None})

    await player.page.route("**/api/v1/offers", without_a_name)
    async with player.page.expect_response("**/api/v1/offers"):
        await player.page.reload()
    await expect(player.says("send /appeal and your explanation")).to_be_visible()
    await expect(player.page.get_by_role("button")).to_have_count(0)
    await player.expect_accessible()


async def test_the_oldest_telegram_is_asked_nothing_it_does_not_know(
    make_stack: Callable[..., Stack], open_page: OpenPage
) -> None:
    stack = make_stack(WAIT_S="60")
    player = await open_page(stack.url, telegram=TelegramClient(version="6.0", theme=LIGHT))
    await player.launch()
    await player.join(50)
    await player.page.get_by_role("button", name="Leave").click()
    await expect(player.card(50)).to_be_visible()
    known = {"web_app_ready", "web_app_expand", "web_app_setup_closing_behavior"}
    assert {asked.method for asked in player.telegram.heard} <= known


async def test_outside_telegram_a_page_says_how_to_open_it(
    make_stack: Callable[..., Stack], open_page: OpenPage
) -> None:
    stack = make_stack()
    player = await open_page(stack.url, locale="ru-RU", tolerated="404")
    await player.open_outside()
    await expect(player.says("нажмите «Вход в игру»")).to_be_visible()
    await player.screenshot("outside-ru-dark")
