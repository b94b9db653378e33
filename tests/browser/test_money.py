"""Paying in and taking out, on the real stack beside the stand-ins of Telegram, of the chain and of a wallet."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
from playwright.async_api import Route, expect

from tests.browser.chromium import SMALL
from tests.browser.conftest import OpenPage
from tests.browser.player import Player
from tests.browser.telegram import LIGHT, TelegramClient
from tests.browser.wallet import WalletInPage
from tests.fixtures.outside import NANOTON_PER_STAR, PUBLIC_URL, bot_environment, set_webhook, ton_environment
from tests.fixtures.stack import Stack
from tests.stand_ins.bot_api.people import Person
from tests.stand_ins.telegram import TelegramApi
from tests.stand_ins.ton import TonNetwork
from tests.stand_ins.wallet import Wallet

DOMAIN = PUBLIC_URL.removeprefix("https://")
VISIT = """
  (place) => {
    const state = { path: [place] };
    history.pushState(state, "");
    dispatchEvent(new PopStateEvent("popstate", { state }));
  }
"""


def client_of(person: Person, telegram_api: TelegramApi, **how: Any) -> TelegramClient:
    return TelegramClient(
        telegram_id=person.id,
        bot_token=telegram_api.token,
        first_name=person.user["first_name"],
        language=person.user["language_code"],
        **how,
    )


async def visit(player: Player, name: str) -> None:
    """As a way in the profile does."""
    await player.page.evaluate(VISIT, {"name": name})


async def to_the_end(player: Player) -> None:
    """Where the card lies over nothing: it floats above what is scrolled."""
    await player.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")


async def press(player: Player, name: str) -> None:
    await player.page.get_by_role("button", name=name, exact=True).click()


async def invoice(player: Player, times: int) -> str:
    """The link of the invoice that was opened as the `times`-th."""
    while len(player.telegram.events("web_app_open_invoice")) < times:
        await player.page.wait_for_timeout(20)
    return f"https://t.me/${player.telegram.events('web_app_open_invoice')[times - 1]['slug']}"


async def test_a_short_balance_is_paid_and_the_join_goes_on(
    make_stack: Callable[..., Stack], open_page: OpenPage, telegram_api: TelegramApi
) -> None:
    stack = make_stack(WAIT_S="60", **bot_environment(telegram_api))
    set_webhook(stack, telegram_api)
    anna = telegram_api.person("Аня", language_code="ru")
    player = await open_page(stack.url, telegram=client_of(anna, telegram_api), tolerated="402")
    await player.launch()

    # The window says that it failed; Telegram has the Stars, and the server knows it.
    await player.card(50).click()
    await expect(player.says("Ставка: 50 звёзд.")).to_be_visible()
    await player.expect_accessible()
    await player.screenshot("pay-choice-ru-dark")
    # Back closes the sheet, on Home too, where there is nothing to go back to; the keyboard is where it was.
    await player.telegram.press_back()
    await expect(player.page.get_by_role("dialog")).to_have_count(0)
    await expect(player.card(50)).to_be_focused()
    assert not player.telegram.has_back_button
    await player.card(50).click()
    await press(player, "Оплатить 50 звёзд")
    assert (await anna.pays(await invoice(player, 1))).paid
    await player.telegram.close_invoice("failed")
    await expect(player.says("Ожидаем 1 из 10 игроков")).to_be_visible()
    # With a stake in the room a swipe does not close the app, and closing asks.
    await player.telegram.asked("web_app_setup_closing_behavior", need_confirmation=True)
    await player.telegram.asked("web_app_setup_swipe_behavior", allow_vertical_swipe=False)
    await press(player, "Выйти")
    await player.telegram.asked("web_app_setup_closing_behavior", need_confirmation=False)
    await player.expect_balance(50)

    # The window is left: a card waits, here and on another device.
    await player.card(100).click()
    await press(player, "Оплатить 50 звёзд")
    await invoice(player, 2)
    await player.telegram.close_invoice("cancelled")
    card = player.page.get_by_test_id("pending")
    await expect(card).to_be_visible()
    await expect(player.says("Ставка возвращена")).to_have_count(0)
    await to_the_end(player)
    await player.expect_accessible()
    await player.screenshot("pending-card-ru-dark")
    await visit(player, "payments")
    await expect(player.says("Ждёт оплаты")).to_be_visible()
    await expect(card).to_be_visible()
    await player.screenshot("payments-ru-dark")
    lost = "ERR_INTERNET_DISCONNECTED"
    other = await open_page(stack.url, telegram=client_of(anna, telegram_api, theme=LIGHT), size=SMALL, tolerated=lost)
    await other.launch()
    await expect(other.page.get_by_test_id("pending")).to_be_visible()
    await other.screenshot("pending-card-ru-light-360")
    # It hears nothing of what follows, and is right as soon as it hears again.
    await other.page.context.set_offline(True)

    await player.page.reload()
    await press(player, "Продолжить")
    link = await invoice(player, 3)
    assert (await anna.pays(link)).paid
    await player.telegram.close_invoice("paid")
    await expect(player.says("Ожидаем 1 из 10 игроков")).to_be_visible()
    await press(player, "Выйти")
    await expect(other.page.get_by_test_id("pending")).to_be_visible()
    await other.page.context.set_offline(False)
    await expect(other.page.get_by_test_id("pending")).to_have_count(0)
    await other.expect_balance(100)
    await other.page.close()
    await press(player, "Главная")
    await player.expect_balance(100)
    assert telegram_api.book.balance == 100

    # Given up: nothing is left of it, and the server knows.
    await player.card(500).click()
    await press(player, "Оплатить 400 звёзд")
    await invoice(player, 4)
    # A client that never says that its window was closed: one is back at the page.
    await player.page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(card).to_contain_text("Продолжить")
    await visit(player, "payments")
    await press(player, "Отменить")
    await expect(card).to_have_count(0)
    await expect(player.says("Отменён")).to_be_visible()
    await player.page.reload()
    await expect(player.says("Отменён")).to_be_visible()
    await expect(player.says("Оплачен").first).to_be_visible()
    await expect(card).to_have_count(0)
    await visit(player, "statement")
    await expect(player.says("Пополнение").first).to_be_visible()
    await player.expect_accessible()
    await player.screenshot("statement-ru-dark")
    assert stack.errors() == []


async def test_what_was_paid_long_ago_is_asked_about_before_a_stake_is_taken(
    make_stack: Callable[..., Stack], open_page: OpenPage, telegram_api: TelegramApi
) -> None:
    stack = make_stack(WAIT_S="60", **bot_environment(telegram_api))
    set_webhook(stack, telegram_api)
    ben = telegram_api.person("Ben", language_code="en")
    player = await open_page(stack.url, telegram=client_of(ben, telegram_api, theme=LIGHT), tolerated="402")
    await player.launch()
    await player.card(50).click()
    await press(player, "Pay 50 Stars")
    link = await invoice(player, 1)
    # The page is gone while the player pays; the phone wakes up three minutes later.
    await player.page.goto("about:blank")
    assert (await ben.pays(link)).paid
    await player.page.add_init_script("{ const now = Date.now; Date.now = () => now() + 180_000; }")
    await player.launch()
    await expect(player.page.get_by_role("button", name="Enter the room")).to_be_visible()
    await player.expect_balance(50)
    await to_the_end(player)
    await player.expect_accessible()
    await player.screenshot("paid-card-en-light")
    await press(player, "Enter the room")
    await expect(player.says("Waiting for 1 of 10 players")).to_be_visible()


async def test_a_wallet_is_linked_pays_and_is_paid(
    make_stack: Callable[..., Stack], open_page: OpenPage, telegram_api: TelegramApi, ton: TonNetwork
) -> None:
    rules = {"WAIT_S": "60", "WITHDRAWALS_PREMIUM": "on", "WITHDRAWAL_MIN_STARS": "20"}
    stack = make_stack(**rules, **bot_environment(telegram_api), **ton_environment(ton))
    eva = telegram_api.person("Ева", language_code="ru")
    player = await open_page(stack.url, telegram=client_of(eva, telegram_api), tolerated="402")
    # The phone's clock is hours off; how long the wallet may sign is said by the network's.
    await player.page.add_init_script("{ const now = Date.now; Date.now = () => now() + 7 * 3_600_000; }")
    wallet = await WalletInPage.beside(player.page, Wallet(seed=1, version="v4r2"), ton, DOMAIN)
    await player.launch()
    # There is no wallet: nothing asked the one around the page.
    await visit(player, "withdraw")
    await press(player, "Привязать кошелёк")
    wallet.is_willing = False
    await press(player, "Testkeeper")
    await expect(player.says("Кошелёк отклонил запрос. Ничего не привязано.")).to_be_visible()
    await player.expect_accessible()
    await player.screenshot("wallets-ru-dark")
    wallet.is_willing = True
    await press(player, "Testkeeper")
    await expect(player.says("Деньги придут на ваш кошелёк")).to_be_visible()
    assert (await me(stack, player))["wallet"] == wallet.wallet.address
    await player.expect_accessible()
    await player.screenshot("withdraw-ru-dark")

    await press(player, "Главная")
    await player.card(50).click()
    await press(player, "Оплатить в TON")
    # Whoever only looked how it is sent by hand has sent nothing.
    await press(player, "Отправить вручную")
    await press(player, "Назад")
    await press(player, "Закрыть")
    await expect(player.says("Оплата не завершена:")).to_be_visible()
    await press(player, "Продолжить")
    wallet.is_willing = False
    await press(player, "Оплатить: Testkeeper")
    await expect(player.says("Кошелёк отклонил запрос. Ничего не отправлено.")).to_be_visible()
    await player.expect_accessible()
    await player.screenshot("ton-payment-ru-dark")
    # The page goes while the wallet has it to sign: the next one cannot know whether it did.
    perhaps_sent = player.says("Если перевод уже отправлен")
    await expect(perhaps_sent).to_have_count(0)
    wallet.is_willing = None
    await press(player, "Оплатить: Testkeeper")
    await expect(player.says("Подтвердите перевод")).to_be_visible()
    wallet.is_willing = True
    await player.page.reload()
    await press(player, "Продолжить")
    await expect(perhaps_sent).to_be_visible()
    await press(player, "Оплатить: Testkeeper")
    await expect(player.says("Ожидаем 1 из 10 игроков")).to_be_visible()
    asked = [method for method, _ in wallet.asked]
    assert asked == ["connect", "connect", *["sendTransaction"] * 2, "restore", "sendTransaction"]
    sent = wallet.asked[-1][1]
    assert sent["messages"][0]["amount"] == str(50 * NANOTON_PER_STAR)
    assert sent["network"] == "-239"
    assert 0 < sent["valid_until"] - time.time() <= 300
    await press(player, "Выйти")
    await player.expect_balance(50)

    # Another start: the wallet is back without a question, and Stars go out to it.
    await player.page.reload()
    await visit(player, "withdraw")
    await player.page.get_by_label("Сколько звёзд").fill("20")
    await press(player, "Продолжить")
    await player.screenshot("withdraw-confirm-ru-dark")
    # Back closes the sheet and not the screen under it, and the keyboard is where it was.
    await player.telegram.press_back()
    await expect(player.page.get_by_role("dialog")).to_have_count(0)
    await expect(player.page.get_by_role("button", name="Продолжить")).to_be_focused()
    await press(player, "Продолжить")
    # The page goes before the answer comes: asked for again, it is the same withdrawal.
    taken = asyncio.Event()

    async def take_and_say_nothing(route: Route) -> None:
        await route.fetch()
        taken.set()

    await player.page.route("**/api/v1/withdrawals", take_and_say_nothing, times=1)
    await press(player, "Вывести")
    await taken.wait()
    await player.page.reload()
    await expect(player.says("Ждёт до")).to_have_count(1)
    await player.page.get_by_label("Сколько звёзд").fill("20")
    await press(player, "Продолжить")
    await press(player, "Вывести")
    await expect(player.page.get_by_role("dialog")).to_have_count(0)
    await expect(player.says("Ждёт до")).to_have_count(1)
    await expect(player.page.get_by_test_id("money-balance")).to_contain_text("30")
    await player.screenshot("withdrawn-ru-dark")
    assert stack.errors() == []


async def test_limits_are_tightened_at_once_and_loosened_later(
    make_stack: Callable[..., Stack], open_page: OpenPage
) -> None:
    stack = make_stack(DEMO_STARS="100")
    player = await open_page(stack.url, size=SMALL, scheme="light", locale="ru-RU", tolerated="403")
    await player.log_in("Лев")
    await visit(player, "limits")
    await player.page.get_by_label("Лимит звёзд в день").fill("40")
    await press(player, "Сохранить")
    # The form is made anew with the limit that holds now.
    await expect(player.page.get_by_role("listitem").filter(has_text="Лимит")).to_contain_text("40")
    await player.page.get_by_label("Лимит звёзд в день").fill("")
    await press(player, "Сохранить")
    await expect(player.says("Затем")).to_be_visible()
    await player.expect_accessible()
    await player.screenshot("limits-ru-light-360")
    await player.page.get_by_text("7 дней").click()
    await expect(player.says("Отменить это сразу нельзя")).to_be_visible()
    await player.screenshot("exclusion-ru-light-360")
    await press(player, "Начать перерыв")
    await expect(player.says("Без игр до")).to_be_visible()
    await player.page.get_by_text("Закончить раньше").click()
    await expect(player.says("Закончится")).to_be_visible()
    await player.screenshot("excluded-ru-light-360")
    await visit(player, "deposit")
    await expect(player.says("Пополнение сейчас отключено.")).to_be_visible()


async def me(stack: Stack, player: Player) -> dict[str, Any]:
    """The account as the server has it."""
    token = await player.page.evaluate("JSON.parse(sessionStorage.getItem('chance-tap.session')).token")
    async with httpx.AsyncClient(base_url=stack.url) as client:
        answer = await client.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
        user: dict[str, Any] = answer.json()
        return user
