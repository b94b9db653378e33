"""Accounts by e-mail in the browser: coming in without Telegram, a new password, and both ways into one account."""

import re
from collections.abc import Callable

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.player import Player
from tests.browser.telegram import TelegramClient
from tests.fixtures.postgres import Execute
from tests.fixtures.stack import Stack
from tests.fixtures.waiting import eventually
from tests.stand_ins.mail import MailSink

PASSWORD = "correct horse battery"
OTHER = "another long password"
REFUSED = "Failed to load resource"  # what the console says of every answer that is a refusal


@pytest.fixture
def stack(make_stack: Callable[..., Stack], sink: MailSink) -> Stack:
    # Demonstration Stars are a history, and two histories do not become one account.
    return make_stack(SMTP_URL=sink.url, PUBLIC_URL="http://127.0.0.1:1", BOT_USERNAME="chance_bot", DEMO_STARS="0")


async def outside(open_page: OpenPage, stack: Stack, *, locale: str = "en-US", scheme: str = "dark") -> Player:
    """A browser without Telegram."""
    player = await open_page(stack.url, locale=locale, scheme=scheme, tolerated=REFUSED)
    await player.open_outside()
    return player


async def mailed(sink: MailSink, address: str, number: int = 1) -> str:
    """What stands behind the address in the link of that many-th mail to somebody."""
    await eventually(f"mail {number} to {address}", lambda: len(sink.to(address)) >= number)
    body = sink.to(address)[number - 1].get_body(("plain",))
    assert body is not None
    found = re.search(r"/#((?:verify|reset|object)=[0-9a-f]{64})", body.get_content())
    assert found is not None
    return found[1]


async def open_account(page: Page) -> None:
    """As one finds it: by the profile."""
    await page.get_by_role("button", name=re.compile("^(Profile|Профиль)$")).click()
    await page.get_by_role("button", name=re.compile("Account and e-mail|Аккаунт и почта")).click()


def button(player: Player, name: str) -> Locator:
    return player.page.get_by_role("button", name=name, exact=True)


def field(player: Player, label: str) -> Locator:
    return player.page.get_by_label(label, exact=True)


async def sign_up(player: Player, sink: MailSink, address: str) -> None:
    await button(player, "Create an account").click()
    await field(player, "E-mail").fill(address)
    await field(player, "Password").fill(PASSWORD)
    await button(player, "Create the account").click()
    link = await mailed(sink, address)
    await player.page.goto(f"{player.url}/#{link}")
    await field(player, "Password").fill(PASSWORD)
    await button(player, "Confirm and enter").click()
    await expect(player.card(50)).to_be_visible()


async def test_coming_in_by_mail_alone(stack: Stack, sink: MailSink, open_page: OpenPage) -> None:
    player = await outside(open_page, stack, locale="ru-RU")
    page = player.page
    await expect(page.get_by_role("link", name="Открыть в Telegram")).to_have_attribute(
        "href", "https://t.me/chance_bot"
    )
    await expect(player.says("нажмите «Вход в игру»")).to_be_visible()
    await expect(button(player, "Создать аккаунт")).to_be_visible()
    await player.expect_accessible()
    await player.screenshot("door-ru-dark")

    await button(player, "Создать аккаунт").click()
    await field(player, "Почта").fill("anna@")
    await field(player, "Пароль").fill("password")
    await button(player, "Создать аккаунт").click()
    await expect(player.says("Это не адрес почты.")).to_be_visible()
    await field(player, "Почта").fill("anna@example.com")
    await button(player, "Создать аккаунт").click()
    await expect(player.says("Этот пароль слишком легко угадать.")).to_be_visible()
    await expect(field(player, "Пароль")).to_have_attribute("aria-invalid", "true")
    await expect(field(player, "Пароль")).to_have_attribute("autocomplete", "new-password")
    await button(player, "Показать пароль").click()
    await expect(field(player, "Пароль")).to_have_attribute("type", "text")
    await player.expect_accessible()
    await player.screenshot("register-faults-ru-dark")
    await field(player, "Пароль").fill(PASSWORD)
    await field(player, "Имя в игре (необязательно)").fill("Анна")
    await button(player, "Создать аккаунт").click()
    await expect(player.says("Проверьте почту")).to_be_visible()
    await page.reload()
    await expect(player.says("anna@example.com")).to_be_visible()

    # The link is opened where the page is open already.
    await page.goto(f"{stack.url}/#{await mailed(sink, 'anna@example.com')}")
    await expect(player.says("Подтвердите адрес")).to_be_visible()
    assert "verify" not in page.url
    await page.reload()
    await field(player, "Пароль").fill(OTHER)
    await button(player, "Подтвердить и войти").click()
    await expect(player.says("Это не тот пароль")).to_be_visible()
    await player.expect_accessible()
    await field(player, "Пароль").fill(PASSWORD)
    await button(player, "Подтвердить и войти").click()
    await expect(player.says("Анна")).to_be_visible()
    await player.expect_balance(0)
    await page.reload()
    await expect(player.says("Анна")).to_be_visible()

    await open_account(page)
    await expect(player.says("anna@example.com")).to_be_visible()
    await player.expect_accessible()
    await player.screenshot("account-email-ru-dark")
    await button(player, "Выйти из аккаунта").click()
    await button(player, "Войти по почте").click()
    await field(player, "Почта").fill("Anna@Example.com ")
    await field(player, "Пароль").fill(OTHER)
    await page.keyboard.press("Enter")
    await expect(player.says("Неверный адрес почты или пароль.")).to_be_visible()
    await field(player, "Пароль").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(player.card(50)).to_be_visible()


async def test_a_new_password_ends_every_other_visit(stack: Stack, sink: MailSink, open_page: OpenPage) -> None:
    first = await outside(open_page, stack)
    await sign_up(first, sink, "boris@example.com")
    second = await outside(open_page, stack, scheme="light")
    await button(second, "Log in by e-mail").click()
    await button(second, "Forgot your password?").click()
    await field(second, "E-mail").fill("boris@example.com")
    await button(second, "Send the link").click()
    await expect(second.says("If there is an account for boris@example.com")).to_be_visible()
    await second.screenshot("forgotten-en-light")

    await second.page.goto(f"{stack.url}/#{await mailed(sink, 'boris@example.com', 2)}")
    await field(second, "New password").fill("short")
    await button(second, "Save and enter").click()
    await expect(second.says("A password must have 8 to 128 characters.")).to_be_visible()
    await second.expect_accessible()
    await second.screenshot("reset-en-light")
    await field(second, "New password").fill(OTHER)
    await button(second, "Save and enter").click()
    await expect(second.card(50)).to_be_visible()
    await expect(first.says("Your session has ended. Log in again.")).to_be_visible()

    # Changing it in the profile ends the other visits too, and not one's own.
    await open_account(second.page)
    await button(second, "Change the password").click()
    await field(second, "Current password").fill(PASSWORD)
    await field(second, "New password").fill(PASSWORD)
    await button(second, "Change").click()
    await expect(second.says("The current password is wrong.")).to_be_visible()
    await second.expect_accessible()
    await second.screenshot("account-change-en-light")
    await field(second, "Current password").fill(OTHER)
    await button(second, "Change").click()
    await expect(second.says("Done.")).to_be_visible()
    await expect(second.page.get_by_role("dialog")).to_have_count(0)
    await second.page.reload()
    await expect(second.says("boris@example.com")).to_be_visible()

    # A link is good once.
    await first.page.goto(f"{stack.url}/#{await mailed(sink, 'boris@example.com', 2)}")
    await field(first, "New password").fill(OTHER)
    await button(first, "Save and enter").click()
    await expect(first.says("This link has already been used")).to_be_visible()
    await button(first, "Ask for a new link").click()
    await expect(button(first, "Send the link")).to_be_visible()


async def test_telegram_and_mail_into_one_account(
    stack: Stack, sink: MailSink, open_page: OpenPage, execute: Execute
) -> None:
    client = TelegramClient(first_name="Clara")
    inside = await open_page(stack.url, telegram=client, tolerated=REFUSED)
    await inside.launch()
    await open_account(inside.page)
    await button(inside, "Link an e-mail").click()
    await field(inside, "E-mail").fill("clara@example.com")
    await field(inside, "Password").fill(PASSWORD)
    await inside.expect_accessible()
    await inside.screenshot("account-link-en-dark")
    await button(inside, "Link").click()
    await expect(inside.says("An e-mail with a link is on its way to clara@example.com")).to_be_visible()

    browser = await outside(open_page, stack)
    await browser.page.goto(f"{stack.url}/#{await mailed(sink, 'clara@example.com')}")
    await field(browser, "Password").fill(PASSWORD)
    await button(browser, "Confirm and enter").click()
    await expect(browser.says("Clara")).to_be_visible()

    # Back in Telegram it is seen at once; a page that is looked at again says so.
    await inside.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(button(inside, "Unlink the e-mail")).to_be_visible()
    await inside.screenshot("account-both-en-dark")
    await button(inside, "Unlink the e-mail").click()
    await button(inside, "Unlink").click()
    await expect(button(inside, "Link an e-mail")).to_be_visible()
    await expect(browser.says("Your session has ended.")).to_be_visible()

    # An account by mail that nobody played with, and Telegram's: its password makes the two one.
    await sign_up(browser, sink, "clara@example.org")
    await button(inside, "Link an e-mail").click()
    await field(inside, "E-mail").fill("clara@example.org")
    await field(inside, "Password").fill(PASSWORD)
    await button(inside, "Link").click()
    await expect(button(inside, "Unlink Telegram")).to_be_visible()

    await button(inside, "Unlink Telegram").click()
    await field(inside, "Password").fill(OTHER)
    await button(inside, "Unlink").click()
    await expect(inside.says("The password is wrong.")).to_be_visible()
    await field(inside, "Password").fill(PASSWORD)
    await button(inside, "Unlink").click()
    await expect(inside.says("less than three days ago can't be used")).to_be_visible()
    execute("UPDATE auth.email_logins SET since = since - interval '4 days'")
    await button(inside, "Unlink").click()
    await expect(button(inside, "Log out")).to_be_visible()
    await expect(inside.says("Not linked")).to_be_visible()

    # The address that was unlinked first is taken back by its mail, in place of the other one.
    browser = await outside(open_page, stack)
    await browser.page.goto(f"{stack.url}/#{await mailed(sink, 'clara@example.com', 2)}")
    await button(browser, "Undo the change").click()
    await expect(browser.says("Undone")).to_be_visible()
    await browser.expect_accessible()
    await browser.screenshot("account-object-en-light")
    await button(browser, "Log in").click()
    await field(browser, "E-mail").fill("clara@example.com")
    await field(browser, "Password").fill(PASSWORD)
    await button(browser, "Log in").click()
    await expect(browser.says("Clara")).to_be_visible()
