"""Every crash point of a hero room's flows: the process is killed there, then the worker's rounds run, and the books
must be right to the Star."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import psycopg
import pytest
import pytest_asyncio

from chance_tap.settings import Settings
from persistence.errors import ErrorCode
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from persistence.rooms.seats import Seats
from tests.fixtures.crash import Crashes
from tests.rooms.conftest import CREATE_ONCE, GRANT, JOIN_BY_KEY_ONCE, STAKE, World, code_of


@pytest_asyncio.fixture
async def calm(settings: Settings, live: RedisStore, db: Database) -> AsyncIterator[World]:
    """Rooms that wait for fifty players and five minutes; games of a second."""
    yield World(replace(settings, countdown_s=0, game_s=1), live, db)


async def end_what_waits(world: World) -> None:
    """As after five minutes: rooms that nobody was ever bound to have come to their deadline."""
    for room_id in await world.live.open_rooms():
        state = await world.live.rooms.snapshot(room_id)
        assert state is not None
        if state.organizer_id is not None and await world.room_of(int(state.organizer_id)) != room_id:
            await world.live.rooms.cancel(room_id, "not_started")
    await world.recover()


@pytest.mark.parametrize("worker_first", [True, False], ids=["worker first", "retry first"])
async def test_create(calm: World, crashes: Crashes, worker_first: bool) -> None:
    for at in itertools.count(1):
        if not await crashes.dies("create_hero", at, calm.settings, await calm.player(), STAKE):
            break
    assert at > 5
    if worker_first:
        await calm.recover()
        await calm.assert_clean()
    await calm.time_passes()
    for user_id in calm.players:
        bound = await calm.room_of(user_id)
        made = await calm.seats.create_hero(user_id, STAKE, CREATE_ONCE)
        if made.room_state is None:
            assert made.response == b"answer"
        else:
            assert bound in (None, made.room_state.room_id)
            assert made.room_state.room_id == await calm.room_of(user_id)
            assert made.room_state.key is not None
        assert await calm.balance(user_id) == GRANT
    await end_what_waits(calm)
    assert len(await calm.live.open_rooms()) == len(calm.players)
    await calm.assert_clean()
    for user_id in calm.players:
        room_id = await calm.room_of(user_id)
        assert room_id is not None
        assert await calm.seats.leave(user_id, room_id) == GRANT
    await calm.assert_clean()


@pytest.mark.parametrize("worker_first", [True, False], ids=["worker first", "retry first"])
async def test_join(calm: World, crashes: Crashes, worker_first: bool) -> None:
    room, organizer, _ = await calm.opened(0)
    guests = []
    for at in itertools.count(1):
        guests.append(await calm.player())
        if not await crashes.dies("join_by_key", at, calm.settings, guests[-1], room.key):
            break
    assert at > 5
    if worker_first:
        await calm.recover()
        await calm.assert_clean()
    await calm.time_passes()
    assert room.key is not None
    for guest in guests:
        joined = await calm.seats.join_by_key(guest, room.key, JOIN_BY_KEY_ONCE)
        assert joined.response == b"answer" or joined.room_state is not None
        assert await calm.balance(guest) == GRANT - STAKE
        assert await calm.room_of(guest) == room.room_id
    await calm.recover()
    await calm.assert_clean()
    assert await calm.start(room) == "ok"
    await calm.play(room.room_id, {guests[0]: 5})
    await calm.recover()
    assert await calm.balance(organizer) == GRANT + len(guests) * STAKE // 10
    await calm.assert_clean()


async def test_join_and_the_room_starts_without_waiting(calm: World, crashes: Crashes) -> None:
    """The organizer starts while requests lie dead: who was seated plays, all others get their Stars back, and each
    one's retry tells which."""
    room, organizer, first = await calm.opened(2)
    guests = []
    for at in itertools.count(1):
        guests.append(await calm.player())
        if not await crashes.dies("join_by_key", at, calm.settings, guests[-1], room.key):
            break
    assert await calm.start(room) == "ok"
    # At once: a game of a second may be over before everybody has asked again.
    await calm.tick_until(room.room_id, "playing")
    assert await calm.tap(room.room_id, first[0], 5, 1) == 1
    await calm.time_passes()
    assert room.key is not None
    codes = {guest: await code_of(calm.seats.join_by_key(guest, room.key, JOIN_BY_KEY_ONCE)) for guest in guests}
    assert set(codes.values()) == {None, ErrorCode.NOT_FOUND}
    playing = {guest for guest, code in codes.items() if code is None}
    await calm.recover()
    for guest in guests:
        assert await calm.balance(guest) == (GRANT - STAKE if guest in playing else GRANT)
    await calm.assert_clean()
    await calm.tick_until(room.room_id, "finished", "settled")
    await calm.recover()
    assert await calm.balance(organizer) == GRANT + (len(playing) + 2) * STAKE // 10
    await calm.assert_clean()


@pytest.mark.parametrize("worker_first", [True, False], ids=["worker first", "retry first"])
async def test_the_organizer_leaves(calm: World, crashes: Crashes, worker_first: bool) -> None:
    rooms: dict[int, str] = {}
    for at in itertools.count(1):
        room, organizer, _ = await calm.opened(2)
        rooms[organizer] = room.room_id
        if not await crashes.dies("leave", at, calm.settings, organizer, room.room_id):
            break
    assert at > 5
    if worker_first:
        await calm.recover()
        await calm.assert_clean()
    for organizer, room_id in rooms.items():
        assert await calm.seats.leave(organizer, room_id) == GRANT
    await calm.recover()
    assert {await calm.balance(user_id) for user_id in calm.players} == {GRANT}
    assert {await calm.room_of(user_id) for user_id in calm.players} == {None}
    await calm.assert_clean()


async def played(world: World, count: int) -> list[tuple[str, int, int]]:
    """Rooms that have ended and are not settled: id, organizer, winner."""

    async def play() -> tuple[str, int, int]:
        room, organizer, guests = await world.opened(2)
        await world.start(room)
        await world.play(room.room_id, {guests[0]: 1, guests[1]: 5})
        return room.room_id, organizer, guests[1]

    return await asyncio.gather(*(play() for _ in range(count)))


async def test_settle(calm: World, crashes: Crashes) -> None:
    rooms = await played(calm, 9)
    await calm.live.results.read("makes the groups")
    ends = [await crashes.dies("settle", at, calm.settings, room_id) for at, (room_id, _, _) in enumerate(rooms, 1)]
    assert ends.count(True) > 5
    assert ends[-1] is False
    await calm.recover()
    for _, organizer, winner in rooms:
        assert await calm.balance(organizer) == GRANT + 10
        assert await calm.balance(winner) == GRANT + 40
    await calm.assert_clean()
    assert await calm.claim() == 0


async def test_create_again_before_the_room_is_settled(calm: World, crashes: Crashes) -> None:
    rooms = await played(calm, 14)
    again = replace(calm.settings, hero_wait_s=600)
    ends = []
    for at, (_, organizer, _) in enumerate(rooms, 1):
        with psycopg.connect(calm.settings.database_url) as connection:
            connection.execute("DELETE FROM game.idempotency WHERE user_id = %s", (organizer,))
        ends.append(await crashes.dies("create_hero", at, again, organizer, STAKE))
    assert ends.count(True) > 8
    assert ends[-1] is False
    calm.seats = Seats(calm.live, calm.db, again)
    await end_what_waits(calm)
    for _, organizer, winner in rooms:
        assert await calm.balance(organizer) == GRANT + 10
        assert await calm.balance(winner) == GRANT + 40
    await calm.assert_clean()
