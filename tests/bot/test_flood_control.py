"""What Telegram asks of who asks it: silence for as long as it says, a chat's new address, another token."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiogram import Bot
from aiogram.methods import AnswerCallbackQuery, SendMessage
from starlette.applications import Starlette
from structlog.testing import capture_logs

from chance_tap.settings import Settings
from gateway.routes.telegram import PATH
from persistence.errors import TelegramRefused, TelegramUnavailable, TelegramUnreadable, TokenRefused
from persistence.telegram import _Manners, ask, make_bot
from tests.bot.conftest import SECRET, Chats, Telegram, message, press

HEADERS = {"x-telegram-bot-api-secret-token": SECRET}


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs() as captured:
        yield captured


def levels(logs: list[Any], event: str) -> list[str]:
    return [line["log_level"] for line in logs if line["event"] == event]


def manners(bot: Bot) -> _Manners:
    (found,) = [each for each in bot.session.middleware._middlewares if isinstance(each, _Manners)]
    return found


async def test_a_flood_is_answered_with_silence(
    app: Starlette, client: httpx.AsyncClient, chats: Chats, telegram: Telegram, logs: list[Any]
) -> None:
    for person, words, parameters, wait_s in (
        (21, "Too Many Requests: retry after 35", {"retry_after": 35}, 35),
        (22, "Too Many Requests: retry after 29000", {"retry_after": 29000}, 29000),
        (23, "Too Many Requests: retry after 12", {}, 12),
        (24, "Too Many Requests", {}, 5),
    ):
        telegram.refusals["sendMessage"] = [(429, words, parameters)]
        asked = message(person, text="/help")
        # As often as Telegram may ask all the same; few enough that the person is not held back for it.
        answers = [await client.post(PATH, json=asked, headers=HEADERS) for _ in range(12)]
        assert {answer.status_code for answer in answers} == {500}
        assert answers[0].headers["retry-after"] == str(wait_s)
        assert all(0 < int(answer.headers["retry-after"]) <= wait_s for answer in answers)
        assert len(telegram.said()) == 1
        assert await chats.write("/help", telegram_id=8) == 200  # it is one chat's flood
        assert [levels(logs, "flood control"), levels(logs, "update failed")] == [["warning"], []]
        assert not [line for line in logs if line["log_level"] == "error"]
        manners(app.state.services.bot)._until.clear()  # it is over
        assert await chats.deliver(asked) == 200
        assert [call["chat_id"] for call in telegram.said()[1:]] == ["8", str(person)]
        telegram.calls.clear()
        logs.clear()


async def test_buttons_have_a_flood_of_their_own(chats: Chats, telegram: Telegram, logs: list[Any]) -> None:
    await chats.write("/start")
    telegram.refusals["answerCallbackQuery"] = [(429, "Too Many Requests: retry after 40", {"retry_after": 40})]
    assert [await press(chats, "language:en") for _ in range(5)] == [500] * 5
    assert await chats.write("/help") == 200
    assert len(telegram.said("answerCallbackQuery")) == 1
    assert levels(logs, "flood control") == ["warning"]


async def test_a_token_that_is_refused_is_told_once(
    client: httpx.AsyncClient, telegram: Telegram, logs: list[Any]
) -> None:
    telegram.refusals["sendMessage"] = [(401, "Unauthorized", {}), (404, "Not Found", {}), (401, "Unauthorized", {})]
    for _ in range(3):
        answer = await client.post(PATH, json=message(7, text="/help"), headers=HEADERS)
        assert (answer.status_code, answer.headers["retry-after"]) == (500, "60")
    assert [line["event"] for line in logs if line["log_level"] in ("error", "warning")] == [
        "Telegram refuses BOT_TOKEN: nobody is answered until it is another"
    ]


async def test_an_answer_that_cannot_be_read_is_no_reason_to_say_it_again(chats: Chats, telegram: Telegram) -> None:
    await chats.write("/start")
    telegram.results["answerCallbackQuery"] = {"shown": "a form of next year"}
    assert await press(chats, "language:en") == 200
    assert len(telegram.said("answerCallbackQuery")) == 1


@pytest_asyncio.fixture
async def bot(bot_settings: Settings) -> Any:
    opened = make_bot(bot_settings)
    yield opened
    await opened.session.close()


async def test_a_chat_that_moved_is_found_where_it_is(bot: Bot, telegram: Telegram) -> None:
    moved = (400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": -1007})
    telegram.refusals["sendMessage"] = [moved]
    await ask(bot, SendMessage(chat_id=-7, text="x"))
    assert [call["chat_id"] for call in telegram.said()] == ["-7", "-1007"]
    telegram.refusals["sendMessage"] = [moved, moved]  # it does not move on and on
    with pytest.raises(TelegramRefused):
        await ask(bot, SendMessage(chat_id=-7, text="x"))
    telegram.refusals["sendMessage"] = [moved, (429, "Too Many Requests: retry after 9", {"retry_after": 9})]
    with pytest.raises(TelegramUnavailable) as refused:
        await ask(bot, SendMessage(chat_id=-7, text="x"))
    assert refused.value.retry_after_s == 9


async def test_what_each_refusal_is(bot: Bot, telegram: Telegram) -> None:
    for code, words, kind in (
        (401, "Unauthorized", TokenRefused),
        (404, "Not Found", TokenRefused),
        (403, "Forbidden: bot was kicked", TelegramRefused),
        (400, "Bad Request: chat not found", TelegramRefused),
        (500, "Internal Server Error", TelegramUnavailable),
        (418, "too many cooks", TelegramRefused),
    ):
        telegram.refusals["sendMessage"] = [(code, words, {})]
        with pytest.raises(kind):
            await ask(bot, SendMessage(chat_id=7, text="x"))
    telegram.results["answerCallbackQuery"] = {"shown": "a form of next year"}
    with pytest.raises(TelegramUnreadable) as unreadable:
        await ask(bot, AnswerCallbackQuery(callback_query_id="1"))
    assert unreadable.value.done
