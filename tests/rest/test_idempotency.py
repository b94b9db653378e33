"""Every endpoint that wants an Idempotency-Key: one effect and the same bytes for one key, whatever becomes of callers.

The endpoints are those of the application's own table: a new one fails here until its bodies are named.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from gateway.app import ENDPOINTS
from gateway.rest.idempotency import read_key, respond_once
from gateway.schemas.rest import JoinStandard, RoomAnswer
from gateway.schemas.room import room_view
from persistence.postgres.pool import Database
from tests.fixtures.accounts import earn
from tests.payments.telegram import TOKEN
from tests.rest.conftest import API, LogIn, Player, code_of
from tests.stand_ins.telegram import TelegramApi

Body = dict[str, Any]

# Of each endpoint a body that succeeds, and another one that is as well formed.
BODIES: Final[dict[str, tuple[Body, Body]]] = {
    f"{API}/rooms": ({"fee": 20}, {"fee": 21}),
    f"{API}/rooms/join": ({"stake": 50}, {"stake": 20}),
    f"{API}/rooms/join-by-key": ({"key": "the host's"}, {"key": "0000000000"}),
    f"{API}/payments/stars": ({"stars": 50}, {"stars": 51}),
    f"{API}/payments/ton": ({"stars": 100}, {"stars": 101}),
    f"{API}/withdrawals": ({"stars": 500, "method": "ton"}, {"stars": 501, "method": "ton"}),
}
PATHS: Final = [endpoint.path for endpoint in ENDPOINTS if endpoint.idempotent]
BAD_KEYS: Final = (None, b"", b"x" * 201, b"a b", b"tab\there", "ключ".encode(), b"\xff\xfe", b"\x7f")


@pytest.fixture
def settings(settings: Settings, telegram_api: TelegramApi) -> Settings:
    return replace(
        settings,
        bot_token=TOKEN,
        telegram_api_url=telegram_api.url,
        stars_deposits="on",
        withdrawals_ton="on",
        ton_payout_key="11" * 32,
        ton_wallet_address="0:" + "5f" * 32,
        ton_nanoton_per_star=13_000_000,
        demo_stars=0,
    )


@pytest.fixture
def bodies(client: httpx.AsyncClient, log_in: LogIn) -> Callable[[str], Any]:
    async def bodies(path: str) -> tuple[Body, Body]:
        """The two bodies of an endpoint; there is a host whose room can be joined."""
        body, other = BODIES[path]
        if "key" in body:
            host = await log_in(8)
            room = await post(client, host, f"{API}/rooms", {"fee": 20})
            body = {"key": room.json()["room"]["key"]}
        return body, other

    return bodies


@pytest.fixture
async def rich(log_in: LogIn, execute: Callable[..., Any], db: Database) -> Player:
    """Somebody who can do everything that is asked for here."""
    player = await log_in(7)
    await earn(db, int(player.user_id), 3000)
    execute(
        "INSERT INTO pay.wallets (user_id, network, address, public_key) VALUES (%s, 'mainnet', %s, %s)",
        int(player.user_id),
        "0:" + "ab" * 32,
        "cd" * 32,
    )
    return player


async def post(
    client: httpx.AsyncClient, player: Player, path: str, body: Body, key: bytes | None = b"key"
) -> httpx.Response:
    headers = [(b"authorization", f"Bearer {player.token}".encode()), (b"content-type", b"application/json")]
    headers += [] if key is None else [(b"idempotency-key", key)]
    return await client.post(path, headers=headers, content=json.dumps(body).encode())


def test_the_bodies_are_those_of_all_idempotent_endpoints() -> None:
    assert sorted(PATHS) == sorted(BODIES)
    assert all(endpoint.with_token for endpoint in ENDPOINTS if endpoint.idempotent)


@pytest.mark.parametrize("path", PATHS)
async def test_one_key_is_one_request(
    client: httpx.AsyncClient, rich: Player, bodies: Callable[[str], Any], path: str
) -> None:
    body, other = await bodies(path)
    for key in BAD_KEYS:
        refused = await post(client, rich, path, body, key)
        assert code_of(refused) == (400, "invalid_request"), key
        assert refused.json()["details"]["fields"][0]["field"] == "Idempotency-Key"

    first = await post(client, rich, path, body)
    assert first.status_code == 200, first.text
    headers = rich.headers | {"idempotency-key": "key", "content-type": "application/json"}
    spelt_otherwise = json.dumps(dict(reversed(body.items())), indent=3).encode()
    again = await client.post(path, headers=headers, content=spelt_otherwise)
    assert (again.status_code, again.content) == (200, first.content)
    assert code_of(await post(client, rich, path, other)) == (409, "idempotency_mismatch")
    assert (await post(client, rich, path, body)).content == first.content, "a refusal changes nothing"


@pytest.mark.parametrize("path", PATHS)
async def test_many_sends_at_once_take_effect_once(
    client: httpx.AsyncClient, rich: Player, bodies: Callable[[str], Any], path: str
) -> None:
    body, _ = await bodies(path)
    answers = await asyncio.gather(*(post(client, rich, path, body) for _ in range(6)))
    made = [answer for answer in answers if answer.status_code == 200]
    assert len({answer.content for answer in made}) == 1
    assert {answer.json()["code"] for answer in answers if answer not in made} <= {"idempotency_in_progress"}
    assert (await post(client, rich, path, body)).content == made[0].content


async def test_a_caller_that_is_cancelled_leaves_its_response_stored(
    app: Starlette, client: httpx.AsyncClient, rich: Player
) -> None:
    services, path = app.state.services, f"{API}/rooms/join"
    key = read_key(b"key", path, JoinStandard(stake=50))
    acted = asyncio.Event()

    async def join() -> RoomAnswer:
        joined = await services.seats.join(int(rich.user_id), 50, key)
        acted.set()
        return RoomAnswer(room_view(joined.room_state, rich.user_id))

    caller = asyncio.create_task(respond_once(services.responses, int(rich.user_id), key, join()))
    await acted.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    # Whatever is stored after it comes too late.
    await services.responses.store(int(rich.user_id), key, b"{}")
    again = await post(client, rich, path, {"stake": 50})
    room = again.json()["room"]
    assert (again.status_code, [player["user_id"] for player in room["players"]]) == (200, [rich.user_id])
