"""News of the ways into an account: said while the app is open too, to who had the way before; a button undoes it."""
# ruff: noqa: F811 - fixtures of another file

import json
import secrets
from functools import partial

from persistence.postgres import logins, users
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from persistence.redis.user_events import SessionsEnded
from tests.bot.conftest import Chats, Telegram, press
from tests.bot.test_notifications import Worker, add, is_present, worker  # noqa: F401 - a fixture
from tests.fixtures.postgres import Execute
from tests.fixtures.user_events import Ear
from tests.fixtures.waiting import eventually


async def link_email(db: Database, user_id: int, email: str) -> None:
    token = secrets.token_bytes(32)
    request = logins.MailRequest(
        purpose="link",
        email=email,
        language="en",
        nonce=secrets.token_bytes(16),
        token_hash=token,
        life_s=60,
        user_id=user_id,
        password_hash="x" * 40,
    )
    await logins.ask_mail(db, request)
    assert (await logins.use_registration(db, token, is_demo=False, demo_stars=0))[0] == "ok"


def button(telegram: Telegram) -> str:
    ((only,),) = json.loads(telegram.said()[-1]["reply_markup"])["inline_keyboard"]
    data: str = only["callback_data"]
    return data


async def test_a_linked_address_is_told_and_undone_by_a_button(
    worker: Worker, chats: Chats, telegram: Telegram, db: Database, live: RedisStore, ear: Ear, execute: Execute
) -> None:
    user_id = await worker.player(7, "ru")
    live.presence.say([str(user_id)])
    # The app is open; whose it is, nobody knows.
    await eventually("the app is open", partial(is_present, live, user_id))
    add(execute, user_id)
    await link_email(db, user_id, "thief@example.com")
    await worker.work()
    assert [call["chat_id"] for call in telegram.said()] == ["7"]
    assert telegram.last.startswith("К вашему аккаунту привязана почта")
    data = button(telegram)
    await press(chats, data, 8)
    assert telegram.last.startswith("Это уже отменено")
    assert (await logins.email_login(db, "thief@example.com")) is not None
    await press(chats, data)
    assert telegram.last.startswith("Отменено")
    assert await ear.next(1) == [(str(user_id), SessionsEnded(2))]
    assert (await logins.email_login(db, "thief@example.com")) is None
    await press(chats, data)
    assert telegram.last.startswith("Это уже отменено")


async def test_unlinked_telegram_is_told_in_the_chat_that_the_account_has_no_more(
    worker: Worker, chats: Chats, telegram: Telegram, db: Database, execute: Execute
) -> None:
    user_id = await worker.player(7)
    await link_email(db, user_id, "anna@example.com")
    await worker.work()
    execute("UPDATE auth.email_logins SET since = since - interval '4 days'")
    execute("UPDATE bot.notices SET delivery_at = delivery_at - interval '2 seconds'")
    objection = logins.Objection(secrets.token_bytes(16), secrets.token_bytes(32))
    assert (await logins.unlink(db, user_id, "telegram", objection)).status == "ok"
    await worker.work()
    assert telegram.said()[-1]["chat_id"] == "7"
    assert telegram.last.startswith("This Telegram account was unlinked")
    await press(chats, button(telegram))
    assert (await users.me(db, user_id)).telegram_id == 7


async def test_a_press_that_names_no_change_is_answered(chats: Chats, telegram: Telegram) -> None:
    await press(chats, "object:999999999999999999")
    assert telegram.last.startswith("Это уже отменено")
