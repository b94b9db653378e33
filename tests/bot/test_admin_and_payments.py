"""Admins' commands exist for admins only; payments are handed on, answered, and committed before the answer."""

from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from bot import throttle
from persistence.postgres import users
from persistence.postgres.idempotency import IdempotencyKey
from persistence.redis.rate_limits import SharedRateLimit
from persistence.rooms.seats import Seats
from tests.bot.conftest import Chats, Orders, Telegram, message, person, update
from tests.fixtures.postgres import Execute
from tests.rest.conftest import API, code_of


def charge(payload: str, charge_id: str = "charge-1") -> dict[str, Any]:
    return {
        "currency": "XTR",
        "total_amount": 50,
        "invoice_payload": payload,
        "telegram_payment_charge_id": charge_id,
        "provider_payment_charge_id": "",
    }


COMMANDS = ("/stats", "/ban 1 cheating", "/unban 1", "/refund x", "/room 00aaaaaaaaaaaaaa")


@pytest_asyncio.fixture
async def admin(chats: Chats, execute: Execute) -> int:
    """The account of 7, who may do everything."""
    await chats.write("/start", 7)
    ((user_id,),) = execute("UPDATE auth.users SET role = 'admin' WHERE telegram_id = 7 RETURNING user_id")
    return int(user_id)


@pytest_asyncio.fixture
async def target(chats: Chats, execute: Execute) -> int:
    """The account of 8, @Ann."""
    await chats.deliver(message(8, text="/start", sender={"username": "Ann", "language_code": "en"}))
    ((user_id,),) = execute("SELECT user_id FROM auth.users WHERE telegram_id = 8")
    return int(user_id)


@pytest.mark.parametrize("who", ["player", "banned admin", "stranger"])
async def test_to_everybody_else_these_commands_do_not_exist(
    chats: Chats, telegram: Telegram, execute: Execute, admin: int, target: int, who: str
) -> None:
    telegram_id = {"player": 8, "banned admin": 7, "stranger": 9}[who]
    if who == "banned admin":
        execute("UPDATE auth.users SET banned_at = now() WHERE user_id = %s", admin)
    sender = {"language_code": "en"}
    await chats.deliver(message(telegram_id, text="/no_such_command", sender=sender))
    unknown = telegram.last
    for command in (*COMMANDS, "/ban", "/unban nobody!", "/refund", "/room x"):
        telegram.calls.clear()
        await chats.deliver(message(telegram_id, text=command, sender=sender))
        assert [call["text"] for call in telegram.said()] == [unknown], command
    assert execute("SELECT count(*) FROM auth.operator_log") == [(0,)]


async def test_a_ban_and_its_end(orders: Orders, telegram: Telegram, execute: Execute, admin: int, target: int) -> None:
    await orders.say("/stats")
    assert "Игроков: 2" in telegram.last
    for name, status in (("telegram:8", "ok"), (str(target), "unchanged"), ("@ann", "unchanged")):
        await orders.say(f"/ban {name} two\n  accounts")
        assert telegram.last == f"ban {target}: {status}"
    assert execute("SELECT ban_reason FROM auth.users WHERE user_id = %s", target) == [("two accounts",)]
    await orders.say(f"/ban {target}\n{'x' * 600}")
    assert execute("SELECT length(ban_reason) FROM auth.users WHERE user_id = %s", target) == [(500,)]
    await orders.say(f"/unban {target} a mistake")
    assert telegram.last == f"unban {target}: ok"
    await orders.say("/unban @Ann")
    assert telegram.last == f"unban {target}: unchanged"
    assert execute("SELECT action, operator, reason FROM auth.operator_log WHERE length(reason) < 500") == [
        ("ban", f"bot:{admin}", "two accounts"),
        ("unban", f"bot:{admin}", "a mistake"),
    ]


async def test_a_ban_gives_the_seat_back_and_ends_the_sessions(
    app: Starlette, orders: Orders, telegram: Telegram, client: httpx.AsyncClient, admin: int, target: int
) -> None:
    services = app.state.services
    token, _ = services.tokens.issue(str(target), None, "user")
    headers = {"authorization": f"Bearer {token}"}
    body = {"stake": services.settings.stakes[0]}
    joined = await client.post(f"{API}/rooms/join", headers=headers | {"idempotency-key": "k"}, json=body)
    assert joined.status_code == 200, joined.text
    room_id = joined.json()["room"]["room_id"]
    before = (await users.me(services.db, target)).balance
    await orders.say("/ban @Ann two accounts")
    assert telegram.last == f"ban {target}: ok"
    assert (await users.me(services.db, target)).balance == before + body["stake"]
    room = await services.live.rooms.snapshot(room_id)
    assert room is None or room.players == []
    answers = [
        await client.get(f"{API}/me", headers=headers),
        await client.post(f"{API}/auth/refresh", headers=headers),
        await client.post(f"{API}/rooms/join", headers=headers | {"idempotency-key": "k2"}, json=body),
    ]
    assert [code_of(answer)[1] for answer in answers] == ["banned"] * 3
    await orders.say("/unban @Ann")
    assert code_of(await client.get(f"{API}/me", headers=headers))[1] == "unauthorized", "the session stays ended"


async def test_bad_input_of_an_admin(
    orders: Orders, telegram: Telegram, execute: Execute, admin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "ASKED", SharedRateLimit("bot", 0.01, 1000))
    usages = {
        "/ban": ("", "nobody!", "telegram:", "telegram:x", "@", "-1", "1.5", "9" * 19, "@" + "x" * 65, "'; DROP TABLE"),
        "/unban": ("", "nobody!", "telegram:x"),
        "/refund": ("", "x" * 201, "a\x00b"),
        "/room": ("", "x", "zzzzzzzzzzzzzzzz", "00aaaaaaaaaaaaaa more", "00aaaaaaaaaaaaa"),
    }
    for command, words in usages.items():
        for word in words:
            await orders.say(f"{command} {word}".strip())
            assert telegram.last.startswith(f"Так: {command} "), (command, word)
    for word, shown in (("999999", "999999"), ("telegram:999", "telegram:999"), ("@nobody", "@nobody")):
        for command in ("ban", "unban"):
            await orders.say(f"/{command} {word} why")
            assert telegram.last == f"{command} {shown}: not_found"
    await orders.say("/refund no-such-charge")
    assert telegram.last == "refund: not_found"
    await orders.say("/room 00AAAAAAAAAAAAAA")
    assert telegram.last == "Такой комнаты нет."
    await orders.say("/stats of everything")
    assert "Игроков: 1" in telegram.last
    assert execute("SELECT count(*) FROM auth.operator_log") == [(0,)]


async def test_a_room_and_a_charge_as_admins_see_them(
    app: Starlette, chats: Chats, orders: Orders, telegram: Telegram, execute: Execute, admin: int
) -> None:
    seats = Seats(app.state.services.live, app.state.services.db, app.state.services.settings)
    room = (await seats.join(admin, 50, IdempotencyKey("/join", "k", b"x" * 32))).room_state
    assert room is not None
    await orders.say(f"/room {room.room_id.upper()}")
    assert telegram.last.splitlines()[:2] == [room.room_id, "Redis: standard waiting, 50 ⭐, 1/10"]
    assert f"  {admin}: live 50 ⭐, prize " in telegram.last
    await chats.deliver(message(7, successful_payment=charge("not ours")))
    await orders.say("/refund charge-1")
    assert telegram.last.startswith("refund: ")
    assert "not_found" not in telegram.last
    assert execute("SELECT state FROM pay.star_receipts") != [("review",)]


async def test_a_pre_checkout_is_answered_and_what_we_never_sold_is_refused(chats: Chats, telegram: Telegram) -> None:
    query = {"id": "q1", "from": person(7), "currency": "XTR", "total_amount": 50, "invoice_payload": "not ours"}
    assert await chats.deliver(update("pre_checkout_query", query)) == 200
    (answer,) = telegram.said("answerPreCheckoutQuery")
    assert (answer["pre_checkout_query_id"], answer["ok"]) == ("q1", "false")
    assert "нельзя оплатить" in answer["error_message"]
    telegram.refusals["answerPreCheckoutQuery"] = [(400, "Bad Request: query is too old", {})]
    assert await chats.deliver(update("pre_checkout_query", query | {"id": "q2"})) == 200


async def test_a_charge_is_recorded_once_however_often_it_comes(
    chats: Chats, telegram: Telegram, execute: Execute
) -> None:
    await chats.write("/start", 7)
    for _ in range(3):  # each with an update number of its own
        assert await chats.deliver(message(7, successful_payment=charge("not ours"))) == 200
    assert execute("SELECT charge_id, payer_id, stars FROM pay.star_receipts") == [("charge-1", 7, 50)]
    assert sum("Платёж 50" in call["text"] for call in telegram.said()) == 1
    assert await chats.deliver(message(7, refunded_payment=charge("not ours", "charge-2"))) == 200
