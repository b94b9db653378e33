"""/start: the account is made whole or not at all, in the language and with the button that were asked for."""

import json
from typing import Any

import psycopg
import pytest
from starlette.applications import Starlette

from persistence.accounts import login_retry
from persistence.errors import StoreUnavailable
from persistence.postgres import referrals, users
from tests.bot.conftest import MINI_APP, Chats, Telegram, message
from tests.fixtures.postgres import Execute


def button(call: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call["reply_markup"])["inline_keyboard"][0][0]
    return found


async def test_the_account_is_copied_from_the_profile_and_the_game_is_one_button_away(
    chats: Chats, telegram: Telegram, execute: Execute
) -> None:
    sender = {"username": "ann", "first_name": "Анна", "last_name": "К", "language_code": "ru-RU"}
    assert await chats.deliver(message(7, text="/start", sender=sender)) == 200
    columns = "telegram_id, username, first_name, last_name, photo_url, language_code, phone_number"
    expected = [(7, "ann", "Анна", "К", None, "ru-RU", None)]
    assert execute(f"SELECT {columns} FROM public.users") == expected
    assert execute(f"SELECT {columns} FROM auth.users") == expected
    assert telegram.last.startswith("Добро пожаловать в Chance Tap, Анна!")
    assert button(telegram.said()[-1]) == {"text": "Вход в игру", "web_app": {"url": MINI_APP}}


async def test_the_language_is_telegram_s_until_one_is_chosen(
    chats: Chats, telegram: Telegram, execute: Execute
) -> None:
    labels = {"ru": "Вход в игру", "en-US": "Enter the game", "de": "Enter the game", None: "Enter the game"}
    for telegram_id, (code, label) in enumerate(labels.items(), start=1):
        await chats.deliver(message(telegram_id, text="/start", sender={"language_code": code}))
        assert button(telegram.said()[-1])["text"] == label
    execute("UPDATE auth.users SET language = 'ru'")
    await chats.deliver(message(2, text="/start", sender={"language_code": "en"}))
    assert button(telegram.said()[-1])["text"] == "Вход в игру"


async def test_what_the_mini_app_knows_stays(chats: Chats, app: Starlette, execute: Execute) -> None:
    """The bot hears of no photo and of no phone number: neither is lost by it."""
    profile = users.TelegramProfile(telegram_id=7, first_name="Old", photo_url="https://t.me/p.jpg")
    await users.log_in_telegram(app.state.services.db, profile, 0)
    await users.share_phone(app.state.services.db, 7, "+79990000000")
    await chats.write("/start", sender={"first_name": "New"})
    expected = [("New", "https://t.me/p.jpg", "+79990000000")]
    assert execute("SELECT first_name, photo_url, phone_number FROM public.users") == expected
    assert execute("SELECT first_name, photo_url, phone_number FROM auth.users") == expected


async def test_a_room_key_is_handed_on(chats: Chats, telegram: Telegram) -> None:
    await chats.write("/start 0123456789")
    assert "0123456789" in telegram.last
    assert button(telegram.said()[-1])["web_app"]["url"] == f"{MINI_APP}?tgWebAppStartParam=0123456789"


async def test_parameters_that_no_link_of_ours_has_are_left_out(chats: Chats, telegram: Telegram) -> None:
    for parameter in ("a b", "x" * 513, "é", "%00", "../../x", "<b>", "'; DROP TABLE"):
        assert await chats.write(f"/start {parameter}") == 200
        assert button(telegram.said()[-1])["web_app"]["url"] == MINI_APP


async def test_a_new_account_is_noted_for_who_invited_it_once_and_never_oneself(
    chats: Chats, app: Starlette, execute: Execute
) -> None:
    db = app.state.services.db
    await chats.write("/start", 7)
    await chats.write("/start", 8)
    (inviter,), (other,) = execute("SELECT user_id FROM auth.users ORDER BY telegram_id")
    code, others_code = await referrals.my_code(db, inviter), await referrals.my_code(db, other)
    assert code == await referrals.my_code(db, inviter)

    await chats.write(f"/start {code}", 7)
    await chats.write(f"/start {code.lower()}", 9)
    await chats.write(f"/start {others_code}", 9)
    await chats.write("/start ZZZZZZZZ", 10)
    (invited,) = execute("SELECT user_id FROM auth.users WHERE telegram_id = 9")[0]
    assert execute("SELECT user_id, referrer_id, source FROM game.referrals") == [(invited, inviter, "bot")]
    assert [each.user_id for each in await referrals.invited(db, inviter, None, 10)] == [invited]
    assert await referrals.invited(db, other, None, 10) == []


async def test_somebody_who_is_banned_hears_why(chats: Chats, telegram: Telegram, execute: Execute) -> None:
    await chats.write("/start")
    execute("UPDATE auth.users SET banned_at = now(), ban_reason = 'two accounts'")
    await chats.write("/start")
    assert "two accounts" in telegram.last
    assert "reply_markup" not in telegram.said()[-1]


@pytest.mark.parametrize("failure", [StoreUnavailable("postgres"), psycopg.errors.CheckViolation("no")])
async def test_a_transaction_that_keeps_failing_is_repeated_counted_and_answered_politely(
    chats: Chats, telegram: Telegram, monkeypatch: pytest.MonkeyPatch, execute: Execute, failure: Exception
) -> None:
    calls = 0

    async def fail(*_: object) -> users.Account:
        nonlocal calls
        calls += 1
        raise failure

    monkeypatch.setattr(login_retry, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr(users, "log_in_telegram", fail)
    before = login_retry.login_failures._value.get()
    assert await chats.write("/start", sender={"language_code": "ru"}) == 200
    assert telegram.last.startswith("К сожалению")
    assert await chats.write("/start", sender={"language_code": "en"}) == 200
    assert telegram.last.startswith("Sorry")
    assert (calls, login_retry.login_failures._value.get() - before) == (8, 2)
    assert execute("SELECT FROM public.users") == []
