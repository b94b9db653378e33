"""Every text in every kind of update may hold what Postgres cannot keep, or what is no text: 200, and nothing fails."""

import copy
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import throttle
from persistence.redis.rate_limits import SharedRateLimit
from tests.bot.conftest import Chats, Orders, Telegram, message, person, update
from tests.bot.test_webhook import counted
from tests.fixtures.postgres import Execute

# NUL, which neither `text` nor `jsonb` takes; halves of pairs of surrogates; and two more of their kind.
ODD = ("a\x00b", "\x00", "cut \ud83d", "\udc00\ud800", "\ufffe\uffff\x00", "\U0010ffff\x1b\x00\x07")
COMMANDS = (
    "start", "start REF12345", "help", "balance", "wallet", "language", "phone", "terms", "privacy", "paysupport",
    "appeal please", "ban @bob why", "unban @bob why", "refund CHARGE", "room 00aaaaaaaaaaaaaa", "stats", "nonsense",
)  # fmt: skip


def payment(**more: Any) -> dict[str, Any]:
    return {
        "currency": "XTR",
        "total_amount": 5,
        "invoice_payload": "00000000-0000-4000-8000-000000000000",
        "telegram_payment_charge_id": "charge",
        "provider_payment_charge_id": "provider",
    } | more


def queries() -> Iterator[dict[str, Any]]:
    chat = {"id": 7, "type": "private"}
    shown = {"message_id": 1, "date": int(time.time()), "chat": chat, "text": "x"}
    for data in ("language:en", "wallet:0", "objection:1:2", "x"):
        query = {"id": "1", "from": person(7), "chat_instance": "1", "data": data, "message": shown}
        yield update("callback_query", query)
    asked = {"id": "1", "currency": "XTR", "total_amount": 5, "invoice_payload": "x"}
    yield update("pre_checkout_query", asked | {"from": person(7, username="ann", last_name="Lee")})
    member = {"status": "member", "user": {"id": 1, "is_bot": True, "first_name": "b"}}
    yield update(
        "my_chat_member",
        {"chat": chat, "from": person(7), "date": 1, "old_chat_member": member, "new_chat_member": member},
    )


def updates() -> list[dict[str, Any]]:
    """One of each kind, with every text that may come with it."""
    sender = {"username": "ann", "last_name": "Lee"}
    return [
        *(message(7, text=f"/{command}", sender=sender) for command in COMMANDS),
        message(7, text="words", sender=sender),
        message(7, contact={"phone_number": "+1", "first_name": "x", "user_id": 7}),
        message(7, successful_payment=payment()),
        message(7, refunded_payment=payment()),
        *queries(),
    ]


def texts_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where texts stand in it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        if isinstance(each, str):
            yield (*path, key)
        else:
            yield from texts_in(each, (*path, key))


def with_odd(whole: dict[str, Any], path: tuple[Any, ...], odd: str) -> dict[str, Any]:
    """The update with its text made odd there: beside the words, that they still lead where they did, and alone."""
    changed = copy.deepcopy(whole)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = f"{at[path[-1]]} {odd}" if path[-1] in ("text", "invoice_payload", "data") else odd
    return changed


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "ASKED", SharedRateLimit("bot", 0.0001, 100_000))


async def test_in_every_text_of_every_update(chats: Chats, orders: Orders, execute: Execute) -> None:
    await chats.write("/start")
    await chats.write("/start", telegram_id=8, sender={"username": "bob"})
    execute("UPDATE auth.users SET role = 'admin' WHERE telegram_id = 7")
    failed, tried, unread = counted("failed"), 0, set()
    with capture_logs() as logs:
        for whole in updates():
            for path in texts_in(whole):
                # Of money each one, of the others one after another.
                for odd in ODD if "payment" in str(path) or "invoice_payload" in path else ODD[tried % len(ODD) :][:1]:
                    tried, before = tried + 1, counted("unknown")
                    changed = with_odd(whole, path, odd) | {"update_id": 10_000 + tried}
                    assert await chats.deliver(json.dumps(changed).encode()) == 200, (path, odd)
                    unread |= {path[-2:]} if counted("unknown") > before else set()
        await orders.say("/stats")  # and what was asked for before it
    assert tried > 200
    assert counted("failed") == failed
    # Where Telegram says one of some words, and aiogram knows no others.
    assert unread == {("refunded_payment", "currency"), ("old_chat_member", "status"), ("new_chat_member", "status")}
    assert {line["event"] for line in logs if line["log_level"] == "error"} == {"update cannot be read"}


async def test_in_what_telegram_says_to_a_refund(
    chats: Chats, orders: Orders, telegram: Telegram, execute: Execute
) -> None:
    await chats.write("/start")
    execute("UPDATE auth.users SET role = 'admin'")
    await chats.deliver(message(7, successful_payment=payment()))
    for odd in ODD:
        telegram.refusals["refundStarPayment"] = [(400, f"Bad Request: {odd}", {})]
        await orders.say("/refund charge")
        (error,) = execute("SELECT error FROM pay.star_receipts")
        assert "Bad Request" in str(error)
        execute("UPDATE pay.star_receipts SET next_try_at = now()")
