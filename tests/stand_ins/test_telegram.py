"""The stand-in behaves as Telegram does, seen through aiogram and through plain HTTP."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import pytest_asyncio
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, LabeledPrice, WebAppInfo
from aiohttp import web

from tests.stand_ins.telegram import TelegramApi


class Receiver:
    """A webhook: answers with `statuses` in turn, then with 200."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.seen: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []

    async def take(self, request: web.Request) -> web.Response:
        self.seen.append(await request.json())
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@pytest_asyncio.fixture
async def bot(telegram_api: TelegramApi) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(telegram_api.url))
    async with Bot(telegram_api.token, session=session) as bot:
        yield bot


@pytest_asyncio.fixture
async def receiver(telegram_api: TelegramApi, bot: Bot) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    telegram_api.tunnel("https://play.example", f"http://127.0.0.1:{runner.addresses[0][1]}")
    await bot.set_webhook("https://play.example/hook", secret_token="s3cret")
    yield receiver
    await bot.delete_webhook()
    await runner.cleanup()


async def _link(bot: Bot, payload: str = "order-1", stars: int = 50) -> str:
    return await bot.create_invoice_link(
        title="50 Stars",
        description="For games",
        payload=payload,
        provider_token="",
        currency="XTR",
        prices=[LabeledPrice(label="Stars", amount=stars)],
    )


async def test_polling_gives_each_update_until_it_is_confirmed(telegram_api: TelegramApi, bot: Bot) -> None:
    anna = telegram_api.person(language_code="ru")
    anna.says("/start ref_1")
    first = await bot.get_updates(allowed_updates=["message"])
    assert [update.update_id for update in first] == [update.update_id for update in await bot.get_updates()]
    message = first[0].message
    assert message is not None
    assert message.from_user is not None
    assert (message.text, message.from_user.language_code) == ("/start ref_1", "ru")
    anna.blocks()  # not among the kinds asked for
    assert await bot.get_updates(offset=first[0].update_id + 1) == []


async def test_the_webhook_is_called_with_the_secret_until_it_answers_well(
    telegram_api: TelegramApi, receiver: Receiver
) -> None:
    receiver.statuses = [500, 302, 404]
    telegram_api.person().says("/start")
    await telegram_api.delivered()
    assert len(receiver.seen) == 4
    assert len({update["update_id"] for update in receiver.seen}) == 1
    assert set(receiver.secrets) == {"s3cret"}
    assert [attempt.status for attempt in telegram_api.attempts] == [500, 302, 404, 200]


async def test_updates_are_held_doubled_shuffled_and_lost(telegram_api: TelegramApi, receiver: Receiver) -> None:
    anna = telegram_api.person()
    telegram_api.hold()
    said = [anna.says(str(number))["update_id"] for number in range(3)]
    telegram_api.disturb(copies=2)
    telegram_api.release(telegram_api.held[::-1])
    await telegram_api.until(lambda: len(receiver.seen) == 6)
    assert sorted(update["update_id"] for update in receiver.seen) == sorted(said * 2)
    telegram_api.disturb(copies=1, shuffle=Random(1))
    telegram_api.lose(lambda update: update.get("message", {}).get("text") == "lost")
    anna.says("lost")
    anna.says("kept")
    await telegram_api.delivered()
    assert receiver.seen[-1]["message"]["text"] == "kept"
    assert len(receiver.seen) == 7


async def test_polling_is_refused_while_there_is_a_webhook(bot: Bot, receiver: Receiver) -> None:
    with pytest.raises(TelegramConflictError):
        await bot.get_updates()
    with pytest.raises(TelegramBadRequest, match="HTTPS"):
        await bot.set_webhook("http://play.example/hook")
    with pytest.raises(TelegramBadRequest, match="unallowed"):
        await bot.set_webhook("https://play.example/hook", secret_token="not allowed!")


async def test_a_payment_is_asked_for_charged_told_and_booked(
    telegram_api: TelegramApi, bot: Bot, receiver: Receiver
) -> None:
    anna = telegram_api.person()
    paying = anna.pays(await _link(bot))
    await telegram_api.until(lambda: bool(receiver.seen))
    query = receiver.seen[0]["pre_checkout_query"]
    assert (query["total_amount"], query["invoice_payload"], query["from"]["id"]) == (50, "order-1", anna.id)
    await bot.answer_pre_checkout_query(query["id"], ok=True)
    outcome = await paying
    await telegram_api.delivered()
    payment = receiver.seen[1]["message"]["successful_payment"]
    assert payment["telegram_payment_charge_id"] == outcome.charge_id
    stars = await bot.get_my_star_balance()
    assert stars.amount == telegram_api.book.balance == 50

    assert outcome.charge_id is not None
    await bot.refund_star_payment(anna.id, outcome.charge_id)
    with pytest.raises(TelegramBadRequest, match="CHARGE_ALREADY_REFUNDED"):
        await bot.refund_star_payment(anna.id, outcome.charge_id)
    await telegram_api.delivered()
    assert receiver.seen[2]["message"]["refunded_payment"]["telegram_payment_charge_id"] == outcome.charge_id
    book = (await bot.get_star_transactions(offset=0, limit=100)).transactions
    assert [(entry.id, entry.source is None, entry.receiver is None) for entry in book] == [
        (outcome.charge_id, False, True),
        (outcome.charge_id, True, False),
    ]
    assert telegram_api.book.balance == 0
    assert (await bot.get_star_transactions(offset=1)).transactions == book[1:]


async def test_a_payment_fails_when_the_bot_refuses_or_is_silent(
    telegram_api: TelegramApi, bot: Bot, receiver: Receiver
) -> None:
    anna = telegram_api.person()
    link = await _link(bot)
    paying = anna.pays(link, total_amount=49)
    await telegram_api.until(lambda: bool(receiver.seen))
    query_id = receiver.seen[0]["pre_checkout_query"]["id"]
    with pytest.raises(TelegramBadRequest, match="error message"):
        await bot.answer_pre_checkout_query(query_id, ok=False)
    await bot.answer_pre_checkout_query(query_id, ok=False, error_message="Another sum")
    outcome = await paying
    assert (outcome.paid, outcome.words) == (False, "Another sum")

    telegram_api.limit(pre_checkout_s=0.05)
    outcome = await anna.pays(link)
    assert outcome.late
    with pytest.raises(TelegramBadRequest, match="too old"):
        await bot.answer_pre_checkout_query(receiver.seen[1]["pre_checkout_query"]["id"], ok=True)
    assert telegram_api.book.transactions == []


async def test_premium_is_paid_from_the_bots_stars(telegram_api: TelegramApi, bot: Bot) -> None:
    anna = telegram_api.person()
    with pytest.raises(TelegramBadRequest, match="BALANCE_TOO_LOW"):
        await bot.gift_premium_subscription(anna.id, month_count=3, star_count=1000)
    telegram_api.book.top_up(1200, 1)
    with pytest.raises(TelegramBadRequest, match="star_count"):
        await bot.gift_premium_subscription(anna.id, month_count=3, star_count=999)
    await bot.gift_premium_subscription(anna.id, month_count=3, star_count=1000)
    assert (anna.premium_months, telegram_api.book.balance) == (3, 200)


async def test_messages_reach_those_who_started_the_bot_and_did_not_block_it(
    telegram_api: TelegramApi, bot: Bot
) -> None:
    anna = telegram_api.person()
    with pytest.raises(TelegramForbiddenError, match="initiate"):
        await bot.send_message(anna.id, "Hello")
    anna.says("/start")
    markup = InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text="Enter", web_app=WebAppInfo(url="https://play.example/"))],
            [InlineKeyboardButton(text="Language", callback_data="language")],
        ]
    )
    sent = await bot.send_message(anna.id, "<b>Привет 👋</b>, &lt;Anna&gt;", parse_mode="HTML", reply_markup=markup)
    heard = await anna.hears("Привет")
    assert heard.text == "Привет 👋, <Anna>"
    assert sent.entities is not None
    assert (sent.entities[0].offset, sent.entities[0].length) == (0, 9)
    with pytest.raises(TelegramBadRequest, match="not modified"):
        await bot.edit_message_text(
            "<b>Привет 👋</b>, &lt;Anna&gt;",
            chat_id=anna.id,
            message_id=sent.message_id,
            parse_mode="HTML",
            reply_markup=markup,
        )
    pressing = anna.presses(heard.buttons[1], heard)
    query = (await bot.get_updates(timeout=5))[-1].callback_query
    assert query is not None
    await bot.answer_callback_query(query.id, text="Done")
    assert (await pressing)["text"] == "Done"
    with pytest.raises(TelegramBadRequest, match="can't parse"):
        await bot.send_message(anna.id, "<b>open", parse_mode="HTML")
    telegram_api.flood(retry_after=3)
    with pytest.raises(TelegramRetryAfter) as flood:
        await bot.send_message(anna.id, "Hello")
    assert flood.value.retry_after == 3
    anna.blocks()
    with pytest.raises(TelegramForbiddenError, match="blocked"):
        await bot.send_message(anna.id, "Hello")


async def test_an_answer_is_lost_after_its_effect(telegram_api: TelegramApi, bot: Bot) -> None:
    anna = telegram_api.person()
    anna.says("/start")
    telegram_api.lose_answer("sendMessage")
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(anna.id, "Hello")
    assert [one.text for one in anna.inbox] == ["Hello"]


@pytest.mark.parametrize(
    ("method", "parameters", "words"),
    [
        ("sendMesage", {}, "no such method"),
        ("sendMessage", {"chat_id": 1, "text": "a", "colour": "red"}, "colour"),
        ("sendMessage", {"chat_id": 1}, "'text' is a required property"),
        ("sendMessage", {"chat_id": 1, "text": "a" * 4097}, "too long"),
        ("sendMessage", {"chat_id": 1.5, "text": "a"}, "chat_id"),
        ("answerPreCheckoutQuery", {"pre_checkout_query_id": "1", "ok": "perhaps"}, "ok"),
        ("createInvoiceLink", {"title": "a", "description": "b", "payload": "ы" * 65, "currency": "XTR",
                               "prices": [{"label": "a", "amount": 1}]}, "128 bytes"),
        ("createInvoiceLink", {"title": "a", "description": "b", "payload": "c", "currency": "XTR",
                               "prices": [{"label": "a", "amount": 1.5}]}, "amount"),
        ("giftPremiumSubscription", {"user_id": 1, "month_count": 4, "star_count": 1000}, "month_count"),
        ("getStarTransactions", {"limit": 101}, "maximum"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["json", "form"])
def test_calls_against_the_documentation_are_found(
    telegram_api: TelegramApi, method: str, parameters: dict[str, Any], words: str, way: str
) -> None:
    address = f"{telegram_api.url}/bot{telegram_api.token}/{method}"
    if way == "json":
        answer = httpx.post(address, json=parameters)
    else:
        answer = httpx.post(address, files={key: (None, _in_form(value)) for key, value in parameters.items()} or None)
    assert (answer.status_code, answer.json()["ok"]) == (400, False)
    (breach,) = telegram_api.forgive()
    assert words in breach


def _in_form(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


async def test_another_token_is_nobody(telegram_api: TelegramApi) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(telegram_api.url))
    async with Bot("7000000001:AAE-another-token", session=session) as bot:
        with pytest.raises(TelegramUnauthorizedError):
            await bot.get_me()


def test_init_data_is_signed_with_the_bots_token(telegram_api: TelegramApi) -> None:
    fields = dict(parse_qsl(telegram_api.person("Аня").init_data(start_param="ref_1"), strict_parsing=True))
    claimed = fields.pop("hash")
    lines = "\n".join(f"{key}={value}" for key, value in sorted(fields.items()))
    secret = hmac.new(b"WebAppData", telegram_api.token.encode(), hashlib.sha256).digest()
    assert hmac.new(secret, lines.encode(), hashlib.sha256).hexdigest() == claimed
