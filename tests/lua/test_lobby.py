"""The lobby: one room after another, never a seat too many, and every promise lapses."""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest

from persistence.redis import keys
from persistence.redis.rooms import RoomTerms
from persistence.redis.store import RedisStore
from tests.lua.clocked import NOON_MS, set_clock

pytestmark = pytest.mark.on_cluster_too

STAKE, CAPACITY = 50, 10
TERMS = RoomTerms("standard", STAKE, CAPACITY, 2, 60_000, 3000, 60_000, 0)


async def _ticket(store: RedisStore) -> str:
    return await store.lobby.ticket(STAKE, keys.new_room_id(), CAPACITY)


async def _join(store: RedisStore, user_id: str) -> str:
    for _ in range(5):
        room_id = await _ticket(store)
        seat_id = str(uuid4())
        if (await store.rooms.reserve(room_id, seat_id, user_id, "a", TERMS)).code == "ok":
            assert (await store.rooms.confirm(room_id, seat_id, user_id, b"{}")).code == "ok"
            return room_id
    raise AssertionError("five tickets and no seat")


async def _settle_reports(store: RedisStore) -> None:
    """Reports are sent without waiting; on one connection whatever is asked now comes after them."""
    await store.lobby.counts([STAKE])


async def test_a_thousand_racers_fill_rooms_one_after_another(live: RedisStore) -> None:
    rooms = Counter(await asyncio.gather(*(_join(live, str(n + 1)) for n in range(1000))))
    assert set(rooms.values()) == {CAPACITY}
    assert len(rooms) == 100
    assert await live.lobby.counts([STAKE, 20]) == {STAKE: (0, 1000), 20: (0, 0)}


async def test_racers_for_the_last_seats_never_overfill(live: RedisStore) -> None:
    """Without tickets: the room's own script is what holds."""
    room_id = keys.new_room_id()
    replies = await asyncio.gather(
        *(live.rooms.reserve(room_id, str(uuid4()), str(n + 1), "a", TERMS) for n in range(1000))
    )
    assert Counter(reply.code for reply in replies) == {"ok": CAPACITY, "room_full": 1000 - CAPACITY}


async def test_one_room_fills_before_another_opens(store: RedisStore) -> None:
    joined = [await _join(store, str(n + 1)) for n in range(CAPACITY + 1)]
    assert len(set(joined[:CAPACITY])) == 1
    assert joined[CAPACITY] != joined[0]
    assert await store.lobby.counts([STAKE]) == {STAKE: (1, CAPACITY)}


async def test_a_seat_given_back_is_given_away_again(store: RedisStore) -> None:
    first = await _ticket(store)
    seats = [str(uuid4()) for _ in range(CAPACITY - 1)]
    for n, seat_id in enumerate(seats):
        if n:
            await _ticket(store)
        await store.rooms.reserve(first, seat_id, str(n + 1), "a", TERMS)
        await store.rooms.confirm(first, seat_id, str(n + 1), b"{}")
    assert await _join(store, "100") == first  # full: the countdown begins, nothing is free any more
    second = await _join(store, "101")
    seat = (await store.rooms.seats(second) or [])[0]
    await store.rooms.leave(second, seat.seat_id)
    assert await _join(store, "102") == second


async def test_a_ticket_that_nobody_uses_lapses(store: RedisStore) -> None:
    first = {await _ticket(store) for _ in range(CAPACITY)}
    assert len(first) == 1
    second = await _ticket(store)
    assert {second} != first
    await set_clock(store, NOON_MS + 4000)
    assert {await _ticket(store)} == first


async def test_stale_reports_change_nothing(store: RedisStore) -> None:
    room_id = await _join(store, "1")
    from persistence.redis.lobby import LobbyRoom

    store.lobby.report(STAKE, LobbyRoom(room_id, 1, 0, 9, "playing"))
    assert await store.lobby.counts([STAKE]) == {STAKE: (1, 0)}
    assert await _ticket(store) == room_id


async def test_rebuild_forgets_what_is_gone_and_learns_what_is_there(store: RedisStore) -> None:
    room_id = await _join(store, "1")
    ghost = await _ticket(store)
    assert ghost == room_id
    at = keys.lobby(STAKE)
    await store.router.execute(at.slot, "DEL", at.rooms, at.open, at.held)
    lost = await _ticket(store)  # a room that never comes to be
    assert lost != room_id
    await set_clock(store, NOON_MS + 11_000)
    assert await store.rebuild_lobbies([STAKE]) == 1
    assert await store.lobby.counts([STAKE]) == {STAKE: (1, 0)}
    assert await _ticket(store) == room_id


async def test_a_finished_room_leaves_the_lobby(store: RedisStore) -> None:
    room_id = await _join(store, "1")
    await _join(store, "2")
    await store.rooms.cancel(room_id, "operator")
    await _settle_reports(store)
    assert await store.lobby.counts([STAKE]) == {STAKE: (0, 0)}
    assert await _ticket(store) != room_id
