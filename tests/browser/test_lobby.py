"""Coming in and what can be done before a game: in Telegram, outside it, and with too few Stars."""

from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import OpenPage
from tests.fixtures.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")

THEME = '{"bg_color":"#f0e8ff","text_color":"#201040","secondary_bg_color":"#ffffff"}'
# What a Telegram client gives its web view: a way to be called.
WEB_VIEW = (
    "window.events = [];window.TelegramWebviewProxy = { postEvent: (name, data) => window.events.push([name, data]) };"
)


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

    await player.page.get_by_role("button", name="English").click()
    await expect(player.page.get_by_role("heading", name="Rooms")).to_be_visible()
    await player.card(500).click()
    await expect(player.says("This room costs 500 Stars. You have 100 Stars.")).to_be_visible()
    await player.screenshot("insufficient-en-light")
    await player.page.keyboard.press("Escape")
    await expect(player.page.get_by_role("dialog")).to_have_count(0)

    await player.join(20)
    await player.page.reload()
    await expect(player.says("Waiting for 1 of 10 players")).to_be_visible()


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
    await expect(first.says("Open in another window")).to_be_visible()
    await first.page.get_by_role("button", name="Continue here").click()
    await expect(second.says("Open in another window")).to_be_visible()
    await expect(first.page.get_by_role("dialog")).to_have_count(0)


async def test_inside_telegram_one_is_in_at_once(make_stack: Callable[..., Stack], open_page: OpenPage) -> None:
    stack = make_stack(WAIT_S="60")
    async with httpx.AsyncClient(base_url=stack.url) as client:
        answer = await client.post("/dev/init-data", json={"first_name": "Тимур", "language_code": "ru"})
    signed = answer.json()
    launch = f"tgWebAppData={quote(signed['init_data'])}&tgWebAppVersion=8.0&tgWebAppPlatform=ios"
    url = f"{stack.url}/#{launch}&tgWebAppThemeParams={quote(THEME)}"
    player = await open_page(url)
    await player.page.add_init_script(WEB_VIEW)
    await player.page.goto(url)
    await expect(player.says("Тимур")).to_be_visible()
    background = "getComputedStyle(document.body).backgroundColor"
    assert await player.page.evaluate(background) == "rgb(240, 232, 255)"
    assert await player.page.evaluate("document.documentElement.dataset.theme") == "light"
    await player.screenshot("home-telegram-theme")

    await player.join(50)
    events = "window.events.map(([name, data]) => name + ' ' + data)"
    shown = 'web_app_setup_back_button {"is_visible":true}'
    assert shown in await player.page.evaluate(events)
    assert any("web_app_ready" in event for event in await player.page.evaluate(events))
    await player.page.evaluate("window.Telegram.WebView.receiveEvent('back_button_pressed')")
    await expect(player.page.get_by_role("heading", name="Комнаты")).to_be_visible()


async def test_outside_telegram_a_page_says_how_to_open_it(
    make_stack: Callable[..., Stack], open_page: OpenPage
) -> None:
    stack = make_stack()
    player = await open_page(stack.url, locale="ru-RU", tolerated="404")

    async def not_there(route: Route) -> None:
        await route.fulfill(status=404, json={"code": "not_found", "message": "Nothing here."})

    await player.page.route("**/dev/players", not_there)
    await player.page.goto(player.url)
    await expect(player.says("нажмите «Вход в игру»")).to_be_visible()
    await player.screenshot("outside-ru-dark")
