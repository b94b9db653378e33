"""A flood from one person: one polite answer, then silence until it refills; nobody else notices, and no payment."""

import pytest
from starlette.applications import Starlette

from bot import texts, throttle
from persistence.errors import StoreUnavailable
from persistence.redis.rate_limits import RateLimitCommands, SharedRateLimit
from tests.bot.conftest import Chats, Telegram, message, person, press, update
from tests.bot.test_admin_and_payments import charge
from tests.fixtures.postgres import Execute

SLOWLY = 600.0


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "ASKED", SharedRateLimit("bot", SLOWLY, 4))
    monkeypatch.setattr(throttle, "SLOWED", SharedRateLimit("bot-slowed", SLOWLY, 1))


async def flood(chats: Chats, times: int = 10) -> None:
    for number in range(times):
        assert await (chats.write("/help") if number % 2 else press(chats, "language:en")) == 200


async def test_a_flood_is_answered_once_and_then_not_at_all(chats: Chats, telegram: Telegram) -> None:
    await chats.write("/start")
    telegram.calls.clear()
    await flood(chats)
    assert [call["text"] for call in telegram.said()] == [texts.HELP["en"], texts.TOO_FAST["ru"]]
    assert [call["text"] for call in telegram.said("answerCallbackQuery")] == [texts.LANGUAGE_CHOSEN["en"]] * 2
    await chats.write("/help", telegram_id=8)
    assert telegram.said()[-1]["chat_id"] == "8"


async def test_a_button_is_told_so_too(chats: Chats, telegram: Telegram) -> None:
    await chats.write("/start")
    for _ in range(8):
        await press(chats, "language:ru")
    shown = [call["text"] for call in telegram.said("answerCallbackQuery")]
    assert shown == [texts.LANGUAGE_CHOSEN["ru"]] * 3 + [texts.TOO_FAST["ru"]]


async def test_it_refills(chats: Chats, telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "ASKED", SharedRateLimit("bot", 0.3, 2))
    while texts.TOO_FAST["ru"] not in [call["text"] for call in telegram.said()]:
        await chats.write("/help")
    telegram.calls.clear()
    while not telegram.calls:
        await chats.write("/help")
    assert telegram.last == texts.HELP["ru"]


async def test_what_tells_of_money_is_never_held_back(chats: Chats, telegram: Telegram, execute: Execute) -> None:
    await flood(chats)
    for number in range(6):
        assert await chats.deliver(message(7, successful_payment=charge("not ours", f"charge-{number}"))) == 200
    assert execute("SELECT count(*) FROM pay.star_receipts") == [(6,)]
    query = {"from": person(7), "currency": "XTR", "total_amount": 50, "invoice_payload": "not ours"}
    for number in range(6):
        assert await chats.deliver(update("pre_checkout_query", query | {"id": f"q{number}"})) == 200
    assert len(telegram.said("answerPreCheckoutQuery")) == 6
    assert await chats.deliver(message(7, refunded_payment=charge("not ours", "charge-1"))) == 200


async def test_without_redis_nobody_is_held_back(
    app: Starlette, chats: Chats, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> float:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(RateLimitCommands, "take", away)
    for _ in range(6):
        await chats.write("/help")
    assert [call["text"] for call in telegram.said()] == [texts.HELP["ru"]] * 6
