"""What is kept for ever: a person causes only so much of it, by whatever account and gateway."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.applications import Starlette

from gateway import rate_limits
from gateway.app import ENDPOINTS
from gateway.rate_limits import ENTERED_ROOMS, LastingRates
from persistence.errors import RateLimited, StoreUnavailable
from persistence.redis.rate_limits import RateLimitCommands, SharedRateLimit
from persistence.redis.store import RedisStore
from tests.fixtures.postgres import Execute
from tests.rest.conftest import API, LogIn, Player, code_of

FEW = SharedRateLimit("few", interval_s=3600, burst=3)
# What leaves nothing behind, or no more than something else that is limited.
LEAVES_NOTHING = {
    "POST /api/v1/auth/telegram": "one account an identity; log-ins have a rate of their own",
    "POST /api/v1/auth/refresh": "writes nothing",
    "POST /api/v1/auth/register": "limited by mailbox and network",
    "POST /api/v1/auth/verify": "once a mail",
    "POST /api/v1/auth/login": "writes nothing",
    "POST /api/v1/auth/password/forgot": "limited by mailbox and network",
    "POST /api/v1/auth/password/reset": "once a mail",
    "POST /api/v1/auth/object": "once a change of the ways in",
    "PATCH /api/v1/me": "one row, changed in place",
    "PUT /api/v1/limits": "one row, changed in place",
    "POST /api/v1/rooms/{room_id}/start": "once a room",
    "POST /api/v1/rooms/{room_id}/leave": "once a seat",
    "DELETE /api/v1/bonus": "once a run",
    "POST /api/v1/payments/{payment_id}/cancel": "once an order",
    "POST /api/v1/wallet/proof": "lapses by itself",
    "DELETE /api/v1/wallet": "once a link",
    "POST /api/v1/notices/{notice_id}/appeal": "once a block",
}


def test_every_endpoint_that_writes_has_a_rate_or_leaves_nothing() -> None:
    writing = {f"{e.method} {e.path}": e.lasting for e in ENDPOINTS if e.method != "GET"}
    assert {name for name, rate in writing.items() if rate is None} == set(LEAVES_NOTHING)


async def join(client: httpx.AsyncClient, player: Player, key: str | None = None) -> httpx.Response:
    headers = player.headers | {"idempotency-key": key or uuid.uuid4().hex}
    return await client.post(f"{API}/rooms/join", json={"stake": 50}, headers=headers)


async def leave(client: httpx.AsyncClient, player: Player, room: httpx.Response) -> None:
    room_id = room.json()["room"]["room_id"]
    assert (await client.post(f"{API}/rooms/{room_id}/leave", headers=player.headers)).status_code == 200


async def come_and_go(client: httpx.AsyncClient, player: Player) -> httpx.Response:
    answer = await join(client, player)
    if answer.status_code == 200:
        await leave(client, player, answer)
    return answer


async def test_who_joins_and_leaves_without_end_is_slowed_down(
    client: httpx.AsyncClient, app: Starlette, log_in: LogIn, execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = app.state.services.lasting_rates
    charge = rates.charge
    # However long this test takes, it is no time in which another one would be allowed.
    monkeypatch.setattr(rates, "charge", lambda rate, person: charge(replace(rate, interval_s=3600), person))
    player, other, stranger = await log_in(7), await log_in(8), await log_in(9)
    same = "(SELECT person_id FROM auth.users WHERE telegram_id = 7)"
    execute(f"UPDATE auth.users SET person_id = {same} WHERE telegram_id = 8")
    app.state.services.accounts.forget(other.user_id)
    for _ in range(ENTERED_ROOMS.burst):
        assert (await come_and_go(client, player)).status_code == 200
    refused = await come_and_go(client, player)
    assert code_of(refused) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 3600
    # Neither another account of the same person helps, nor another way into a room.
    assert code_of(await come_and_go(client, other)) == (429, "rate_limited")
    made = await client.post(f"{API}/rooms", json={"fee": 50}, headers=player.headers | {"idempotency-key": "hero"})
    assert code_of(made) == (429, "rate_limited")
    assert (await come_and_go(client, stranger)).status_code == 200
    ((stakes,),) = execute("SELECT count(*) FROM ledger.transfers WHERE kind = 'stake'")
    assert stakes == ENTERED_ROOMS.burst + 1


async def test_what_left_nothing_new_costs_nothing(
    client: httpx.AsyncClient, log_in: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = await log_in()
    room = await join(client, player, "one")
    for _ in range(ENTERED_ROOMS.burst):
        assert (await join(client, player, "one")).content == room.content
        assert code_of(await join(client, player)) == (409, "already_in_room")
    await leave(client, player, room)
    assert (await come_and_go(client, player)).status_code == 200


async def charge(live: RedisStore, person: str) -> float | StoreUnavailable:
    counted: asyncio.Future[float | StoreUnavailable] = asyncio.get_running_loop().create_future()
    live.rate_limits.charge(FEW, person, counted.set_result)
    return await counted


@pytest.mark.on_cluster_too
async def test_a_charge_over_the_limit_makes_the_wait_longer(live: RedisStore) -> None:
    waits = [await charge(live, "7") for _ in range(5)]
    assert waits[:2] == [0, 0]
    assert waits[2:] == [pytest.approx(FEW.interval_s * times, abs=60) for times in (1, 2, 3)]
    assert await charge(live, "8") == 0
    # Whoever asks in advance is told the same.
    assert await live.rate_limits.take(FEW, "7") == pytest.approx(4 * FEW.interval_s - FEW.interval_s, abs=60)


class Shared:
    """What Redis would say, at once."""

    def __init__(self) -> None:
        self.says: float | StoreUnavailable = 0.0

    def charge(self, rate: SharedRateLimit, caller: str, done: Callable[[float | StoreUnavailable], None]) -> None:
        done(self.says)


def test_a_gateway_waits_as_long_as_redis_said(monkeypatch: pytest.MonkeyPatch) -> None:
    now, shared = 1000.0, Shared()
    rates = LastingRates(cast(RateLimitCommands, shared), clock=lambda: now)
    rates.check(FEW, "7")
    shared.says = 10.0
    rates.charge(FEW, "7")
    with pytest.raises(RateLimited) as refusal:
        rates.check(FEW, "7")
    assert refusal.value.retry_after_s == 10.0
    rates.check(FEW, "8")
    rates.check(ENTERED_ROOMS, "7")
    now += 10.0
    rates.check(FEW, "7")
    monkeypatch.setattr(rate_limits, "_MAX_CALLERS", 10)
    for person in range(100):
        rates.charge(FEW, str(person))
    assert len(rates._passes_at) == 10
    shared.says = 0.0
    for person in range(100):
        rates.charge(FEW, str(person))
    assert rates._passes_at == {}


def test_without_redis_the_limit_is_open_and_counted() -> None:
    shared = Shared()
    shared.says = StoreUnavailable("redis")
    rates = LastingRates(cast(RateLimitCommands, shared))
    before = REGISTRY.get_sample_value("chance_tap_open_limits_total") or 0
    rates.charge(FEW, "7")
    rates.check(FEW, "7")
    assert REGISTRY.get_sample_value("chance_tap_open_limits_total") == before + 1
