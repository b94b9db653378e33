"""The webhook: who may speak, what is not understood, and what comes again."""

import asyncio
import json

import httpx
import pytest
from starlette.applications import Starlette

from bot import texts
from bot.updates import updates_total
from chance_tap.environment import load_settings
from chance_tap.settings import Settings, SettingsError
from gateway.routes.telegram import PATH
from persistence.errors import StoreUnavailable
from persistence.postgres import telegram_chats
from tests.bot.conftest import SECRET, Chats, Telegram, message, update
from tests.fixtures.postgres import Execute
from tests.platform.test_settings import PRODUCTION


async def test_only_who_knows_the_secret_is_heard(chats: Chats, telegram: Telegram, execute: Execute) -> None:
    for secret in [None, "", "wrong", SECRET[:-1], SECRET + "x", "x" * 300, "x" * 30_000]:
        assert await chats.deliver(message(7, text="/start"), secret) == 401
        assert await chats.deliver(b"not json", secret) == 401
    assert (telegram.calls, execute("SELECT FROM public.users")) == ([], [])


async def test_what_is_no_update_is_counted_and_not_asked_for_again(chats: Chats, telegram: Telegram) -> None:
    bodies = (
        b"", b"not json", b"[]", b"null", b"7", b'"x"', b"{}", b'{"update_id": "1"}', b'{"update_id": -1}', b"\xff\xfe",
        b'{"update_id": true}', b'{"update_id": 1e3}', b'{"update_id": 99999999999999999999999}', b"[" * 5000,
        b"\xef\xbb\xbf", b"NaN", b'{"update_id": NaN}', b'{"update_id": 1', b"\x00",
        b'{"update_id":' + b"9" * 5000 + b"}",
        b'{"a":' * 900_000, b'"\\ud83d"', b"\xff\xfe{\x00}\x00",
    )  # fmt: skip
    before = counted("malformed")
    for body in bodies:
        assert await chats.deliver(body[: 1024 * 1024]) == 200, body[:50]
    assert counted("malformed") == before + len(bodies)
    assert telegram.calls == []


async def test_what_is_no_text_costs_only_itself(chats: Chats, telegram: Telegram) -> None:
    hello = json.dumps(message(7, text="/start", sender={"first_name": "NAME"}))
    for name, shown in (
        (rb"Anna \ud83d", "Anna ?"),
        (rb"\udc00\udc00Bo", "??Bo"),
        (b"Eve \xff", "Eve \ufffd"),
        (b"Ute\xc3", "Ute\ufffd"),
    ):
        body = hello.replace("NAME", "Z").replace('"Z"', '"NAME"').encode().replace(b"NAME", name)
        body = body.replace(b'"update_id": ', b'"update_id": 7000')
        assert await chats.deliver(b"\xef\xbb\xbf" + body) == 200
        assert shown in telegram.last
        hello = json.dumps(message(7, text="/start", sender={"first_name": "NAME"}))
    for field in (
        b'"date": NaN',
        b'"date": 1e400',
        b'"date": ' + b"9" * 400,
        b'"date": "\\ud83d"',
        b'"date": [[[[[]]]]]',
    ):
        before, _, after = json.dumps(message(8, text="/start")).encode().partition(b'"date": ')
        assert await chats.deliver(before + field + after[after.index(b",") :]) == 200, field
    assert len(telegram.said()) == 4


def counted(outcome: str) -> float:
    return float(updates_total.labels(outcome)._value.get())


async def test_what_cannot_be_understood_is_not_asked_for_again(chats: Chats, telegram: Telegram) -> None:
    contents: list[dict[str, object]] = [
        {}, {"edited_message": {}}, {"a_kind_of_next_year": {"x": 1}}, {"message": {}}, {"message": 7},
        {"message": None},
        {"message": {"message_id": "x"}}, {"callback_query": {"id": "1"}}, {"pre_checkout_query": []},
    ]  # fmt: skip
    for content in contents:
        assert await chats.deliver({"update_id": 5} | content) == 200, content
    assert telegram.calls == []


async def test_a_body_without_end_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"x-telegram-bot-api-secret-token": SECRET}
    answer = await client.post(PATH, content=b" " * (1024 * 1024 + 1), headers=headers)
    assert answer.status_code == 413
    assert (await client.get(PATH, headers=headers)).status_code == 405


async def test_an_update_is_handled_once_however_often_it_comes(
    chats: Chats, telegram: Telegram, execute: Execute
) -> None:
    hello = message(7, text="/start")
    for _ in range(5):
        assert await chats.deliver(hello) == 200
    assert len(telegram.said()) == 1
    assert execute("SELECT update_id FROM bot.updates") == [(hello["update_id"],)]
    await asyncio.gather(*(chats.deliver(message(8, text="/start")) for _ in range(5)))
    assert execute("SELECT count(*) FROM auth.users") == [(2,)]


async def test_an_update_whose_handler_failed_comes_again(
    chats: Chats, telegram: Telegram, monkeypatch: pytest.MonkeyPatch, execute: Execute
) -> None:
    gone = message(7, text="/start")
    telegram.refusals["sendMessage"] = [(502, "Bad Gateway", {})]
    assert await chats.deliver(gone) == 500
    assert await chats.deliver(gone) == 200
    assert len(telegram.said()) == 2

    member = update(
        "my_chat_member",
        {
            "chat": {"id": 7, "type": "private"},
            "from": {"id": 7, "is_bot": False, "first_name": "x"},
            "date": 1,
            "old_chat_member": {"status": "member", "user": {"id": 1, "is_bot": True, "first_name": "b"}},
            "new_chat_member": {
                "status": "kicked",
                "until_date": 0,
                "user": {"id": 1, "is_bot": True, "first_name": "b"},
            },
        },
    )

    async def away(*_: object) -> None:
        raise StoreUnavailable("postgres")

    with monkeypatch.context() as patched:
        patched.setattr(telegram_chats, "set_can_write", away)
        assert await chats.deliver(member) == 500
    assert await chats.deliver(member) == 200
    assert execute("SELECT telegram_id, can_write FROM bot.chats") == [(7, False)]
    await chats.write("/start")
    assert execute("SELECT telegram_id, can_write FROM bot.chats") == [(7, True)]


@pytest.mark.parametrize(
    "refusal", [(403, "Forbidden: bot was blocked by the user", {}), (400, "Bad Request: chat not found", {})]
)
async def test_a_chat_that_cannot_be_answered_is_no_reason_to_come_again(
    chats: Chats, telegram: Telegram, refusal: tuple[int, str, dict[str, object]]
) -> None:
    telegram.refusals["sendMessage"] = [refusal]
    assert await chats.write("/start") == 200


async def test_words_for_every_person_in_both_languages() -> None:
    everything = {name: value for name, value in vars(texts).items() if name.isupper() and name != "MENU"}
    for name, text in (everything | dict(texts.MENU)).items():
        assert set(text) == {"ru", "en"}, name
        assert all(words.strip() for words in text.values()), name
        placeholders = {words.count("{") for words in text.values()}
        assert len(placeholders) == 1, name


def test_a_weak_webhook_secret_stops_production() -> None:
    with pytest.raises(SettingsError, match="TELEGRAM_WEBHOOK_SECRET is too weak"):
        load_settings(PRODUCTION | {"TELEGRAM_WEBHOOK_SECRET": "secret"})
    with pytest.raises(SettingsError, match="TELEGRAM_WEBHOOK_SECRET is malformed"):
        load_settings({"TELEGRAM_WEBHOOK_SECRET": "ä" * 40})
    assert load_settings(PRODUCTION | {"TELEGRAM_WEBHOOK_SECRET": SECRET}).telegram_webhook_secret == SECRET


async def test_without_a_secret_nobody_is_heard(app: Starlette, bot_settings: Settings, chats: Chats) -> None:
    object.__setattr__(app.state.services, "updates", None)
    assert await chats.write("/start") == 401
