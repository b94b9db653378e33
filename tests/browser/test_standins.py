"""What the other tests lean on: a Telegram client that refuses what a real one would, and an eye for bad pages."""

import pytest
from playwright.async_api import Browser, Page

from tests.browser import accessibility
from tests.browser.chromium import open_player
from tests.browser.telegram import Insets, TelegramClient

POST = "([name, params]) => window.TelegramWebviewProxy.postEvent(name, params && JSON.stringify(params))"
LISTEN = """
  () => {
    window.received = [];
    window.Telegram = { WebView: { receiveEvent: (name, data) => window.received.push([name, data ?? null]) } };
  }
"""


async def received(page: Page, name: str) -> object:
    await page.wait_for_function("(name) => window.received.some(([given]) => given === name)", arg=name)
    return await page.evaluate("(name) => window.received.findLast(([given]) => given === name)[1]", name)


@pytest.mark.parametrize(
    ("version", "method", "params", "refusal"),
    [
        ("9.1", "web_app_requestFullscreen", None, "there is no such method"),
        ("7.10", "web_app_request_fullscreen", None, "came with 8.0"),
        ("6.0", "web_app_setup_back_button", {"is_visible": True}, "came with 6.1"),
        ("9.1", "web_app_setup_back_button", {"visible": True}, "has no parameter visible"),
        ("9.1", "web_app_setup_back_button", None, "lacks is_visible"),
        ("9.1", "web_app_open_invoice", {"slug": "https://t.me/$abc"}, "its slug cannot be"),
        ("6.8", "web_app_set_header_color", {"color": "#000000"}, "its color came with 6.9"),
    ],
)
async def test_what_a_version_does_not_have_is_refused(
    browser: Browser, version: str, method: str, params: object, refusal: str
) -> None:
    complaints: list[str] = []
    player = await open_player(browser, "", complaints, telegram=TelegramClient(version=version))
    await player.page.goto("about:blank")
    await player.page.evaluate(POST, [method, params])
    await player.page.evaluate(POST, ["web_app_ready", None])
    await player.telegram.asked("web_app_ready")
    assert player.telegram.events(method) == []
    assert len(complaints) == 1
    assert f"refuses {method}: {refusal}" in complaints[0]


async def test_what_is_asked_is_answered(browser: Browser) -> None:
    complaints: list[str] = []
    client = TelegramClient(version="9.1", phone="cancelled", content_safe_area=Insets(top=10))
    player = await open_player(browser, "", complaints, telegram=client)
    await player.page.goto("about:blank")
    await player.page.evaluate(LISTEN)

    async def ask(method: str, params: object, event: str) -> object:
        await player.page.evaluate(POST, [method, params])
        return await received(player.page, event)

    assert await ask("web_app_request_fullscreen", None, "fullscreen_changed") == {"is_fullscreen": True}
    area = await received(player.page, "content_safe_area_changed")
    assert area == {"top": 56, "bottom": 0, "left": 0, "right": 0}
    again = await ask("web_app_request_fullscreen", None, "fullscreen_failed")
    assert again == {"error": "ALREADY_FULLSCREEN"}
    assert await ask("web_app_request_phone", None, "phone_requested") == {"status": "cancelled"}
    assert await ask("web_app_open_invoice", {"slug": "abc"}, "viewport_changed")
    await player.telegram.close_invoice("paid")
    assert await received(player.page, "invoice_closed") == {"slug": "abc", "status": "paid"}
    assert complaints == []


async def test_an_inaccessible_page_is_seen(browser: Browser) -> None:
    player = await open_player(browser, "", [])
    await player.page.set_content("<html><body style='margin:0'><button style='width:50px;height:20px'></button>")
    found = [line.partition(":")[0] for line in await accessibility.faults(player.page)]
    assert {"button-name", "document-title", "html-has-lang", "44 px"} <= set(found)


async def test_text_on_a_gradient_is_measured_by_its_pixels(browser: Browser) -> None:
    player = await open_player(browser, "", [])
    await player.page.set_content("""
      <html lang="en"><title>Gradient</title><body>
      <main style="background: linear-gradient(#000, #333)">
      <p id="good" style="color: #fff">Legible</p><p id="bad" style="color: #666">Hardly</p></main>
    """)
    assert [line.partition(": ")[2].partition(": ")[0] for line in await accessibility.faults(player.page)] == ["#bad"]
