"""Joins that race: one key takes one stake, one player gets one seat, a room is never overfilled."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from persistence.errors import GameError
from persistence.postgres.idempotency import IdempotencyKey
from tests.fixtures.postgres import Execute
from tests.rest.conftest import API, LogIn, code_of

JOIN = f"{API}/rooms/join"
MAX_SENDS = 20


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Rooms that wait for as long as a slow machine needs to fill them."""
    return replace(settings, wait_s=600)


async def test_twenty_sends_of_one_key_take_one_stake(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings, execute: Execute
) -> None:
    player = await log_in()
    headers = player.headers | {"idempotency-key": "one"}
    answers = await asyncio.gather(*(client.post(JOIN, headers=headers, json={"stake": 50}) for _ in range(20)))
    refused = {code_of(answer) for answer in answers if answer.status_code != 200}
    assert refused <= {(409, "idempotency_in_progress")}
    again = await client.post(JOIN, headers=headers, json={"stake": 50})
    assert {answer.content for answer in answers if answer.status_code == 200} == {again.content}
    assert execute("SELECT sum(amount) FROM game.seats WHERE state = 'live'") == [(50,)]
    assert execute("SELECT balance FROM ledger.balances WHERE user_id = %s", int(player.user_id)) == [
        (settings.demo_stars - 50,)
    ]


async def test_six_joins_at_once_get_one_seat(
    client: httpx.AsyncClient, log_in: LogIn, settings: Settings, execute: Execute
) -> None:
    player = await log_in()
    answers = await asyncio.gather(
        *(
            client.post(JOIN, headers=player.headers | {"idempotency-key": f"k{stake}"}, json={"stake": stake})
            for stake in settings.stakes
        )
    )
    taken = [answer.json()["room"] for answer in answers if answer.status_code == 200]
    assert len(taken) == 1
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {code_of(answer) for answer in refused} == {(409, "already_in_room")}
    assert {answer.json()["details"]["room_id"] for answer in refused} == {taken[0]["room_id"]}
    assert execute("SELECT count(*), sum(amount) FROM game.seats WHERE state = 'live'") == [(1, taken[0]["stake"])]
    assert execute("SELECT min(balance) FROM ledger.balances WHERE user_id IS NOT NULL") == [
        (settings.demo_stars - taken[0]["stake"],)
    ]


async def test_a_thousand_racers_never_overfill_a_room(
    client: httpx.AsyncClient, app: Starlette, racers: list[int], settings: Settings, execute: Execute
) -> None:
    client.event_hooks["response"].clear()
    at_once = asyncio.Semaphore(200)

    async def race(user_id: int) -> httpx.Response:
        token, _ = app.state.services.tokens.issue(str(user_id), None, "user")
        headers = {"authorization": f"Bearer {token}", "idempotency-key": "race"}
        for _ in range(MAX_SENDS):
            async with at_once:
                answer = await client.post(JOIN, headers=headers, json={"stake": 50})
            if answer.status_code == 200:
                break
            # Whoever found five rooms full, or no connection in time, is told to come again.
            assert code_of(answer) == (503, "temporarily_unavailable")
        return answer

    seated = await asyncio.gather(*(race(user_id) for user_id in racers))
    assert {answer.status_code for answer in seated} == {200}
    assert all(len(answer.json()["room"]["players"]) <= settings.capacity for answer in seated)
    seats = execute("SELECT room_id, count(*) FROM game.seats WHERE state = 'live' GROUP BY room_id")
    assert max(count for _, count in seats) <= settings.capacity
    assert sum(count for _, count in seats) == len(seated)
    # Joins of one stake fill one room before another opens.
    assert len(seats) <= len(racers) / settings.capacity * 1.2
    for room_id, count in seats:
        held = await app.state.services.live.rooms.seats(room_id)
        assert len([seat for seat in held if seat.state == "paid"]) == count
    assert execute("SELECT min(balance) >= 0, sum(balance) FROM ledger.balances WHERE user_id IS NOT NULL") == [
        (True, len(racers) * settings.demo_stars - 50 * len(seated))
    ]


async def test_one_seat_left(client: httpx.AsyncClient, app: Starlette, racers: list[int], settings: Settings) -> None:
    """Two hundred players want the last seat of a room; one gets it, the others sit elsewhere."""
    join, key = app.state.services.seats.join, IdempotencyKey(JOIN, "k", b"hash")
    for user_id in racers[: settings.capacity - 1]:
        first = await join(user_id, 50, key)
    wanted = first.room_state.room_id

    async def race(user_id: int) -> str | None:
        try:
            joined = await join(user_id, 50, key)
        except GameError:
            return None
        return str(joined.room_state.room_id)

    rooms = await asyncio.gather(*(race(user_id) for user_id in racers[100:300]))
    assert rooms.count(wanted) == 1
