"""Every crash point of join, leave, settle and void: the process is killed there, then the worker's rounds run, and
the books must be right to the Star."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from chance_tap.settings import Settings
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from tests.fixtures.crash import Crashes
from tests.rooms.conftest import GRANT, STAKE, World


@pytest_asyncio.fixture
async def calm(settings: Settings, live: RedisStore, db: Database) -> AsyncIterator[World]:
    """Rooms that wait for ten players and a minute."""
    yield World(replace(settings, capacity=10, wait_s=60), live, db)


@pytest.mark.parametrize("scenario", ["join", "refused_join"])
@pytest.mark.parametrize("worker_first", [True, False], ids=["worker first", "retry first"])
async def test_join(calm: World, crashes: Crashes, scenario: str, worker_first: bool) -> None:
    for at in itertools.count(1):
        if not await crashes.dies(scenario, at, calm.settings, await calm.player(), STAKE):
            break
    assert at > 5
    if worker_first:
        await calm.recover()
        await calm.assert_clean()
    await calm.time_passes()
    for user_id in calm.players:
        joined = await calm.join(user_id, "key")
        assert joined.response == b"answer" or joined.room_state is not None
        assert await calm.balance(user_id) == GRANT - STAKE
    await calm.recover()
    for user_id in calm.players:
        assert await calm.balance(user_id) == GRANT - STAKE
        assert await calm.room_of(user_id) is not None
    await calm.assert_clean()


@pytest.mark.parametrize("worker_first", [True, False], ids=["worker first", "retry first"])
async def test_leave(calm: World, crashes: Crashes, worker_first: bool) -> None:
    rooms: dict[int, str] = {}
    for at in itertools.count(1):
        user_id = await calm.player()
        rooms[user_id] = (await calm.sit(user_id)).room_id
        if not await crashes.dies("leave", at, calm.settings, user_id, rooms[user_id]):
            break
    assert at > 3
    if worker_first:
        await calm.recover()
        await calm.assert_clean()
    for user_id, room_id in rooms.items():
        assert await calm.seats.leave(user_id, room_id) == GRANT
    await calm.recover()
    for user_id in calm.players:
        assert await calm.balance(user_id) == GRANT
    await calm.assert_clean()


@dataclass(frozen=True)
class Ended:
    """A finished room that nobody has settled."""

    room_id: str
    stake: int
    loser: int
    winner: int


async def ended_rooms(world: World, count: int) -> list[Ended]:
    """All at once, each in a lobby of its own."""

    async def play(stake: int) -> Ended:
        loser, winner = await world.player(), await world.player()
        room_id = (await world.sit(loser, stake=stake)).room_id
        await world.sit(winner, stake=stake)
        await world.play(room_id, {loser: 1, winner: 5})
        return Ended(room_id, stake, loser, winner)

    return await asyncio.gather(*(play(stake) for stake in range(1, count + 1)))


async def assert_paid(world: World, rooms: list[Ended]) -> None:
    await world.recover()
    for room in rooms:
        assert await world.balance(room.winner) == GRANT + room.stake
    await world.assert_clean()


async def test_settle(world: World, crashes: Crashes) -> None:
    rooms = await ended_rooms(world, 9)
    await world.live.results.read("makes the groups")
    ends = [await crashes.dies("settle", at, world.settings, room.room_id) for at, room in enumerate(rooms, 1)]
    assert ends.count(True) > 5
    assert ends[-1] is False
    await assert_paid(world, rooms)
    assert {await world.balance(room.loser) - GRANT + room.stake for room in rooms} == {0}
    assert await world.claim() == 0


async def test_play_again_before_the_room_is_settled(world: World, crashes: Crashes) -> None:
    rooms = await ended_rooms(world, 14)
    ends = [
        await crashes.dies("join", at, world.settings, room.loser, room.stake, "again")
        for at, room in enumerate(rooms, 1)
    ]
    assert ends.count(True) > 9
    assert ends[-1] is False
    await assert_paid(world, rooms)


async def test_void(calm: World, crashes: Crashes) -> None:
    for at in itertools.count(1):
        user_id = await calm.player()
        room_id = (await calm.sit(user_id)).room_id
        if not await crashes.dies("void", at, calm.settings, room_id):
            break
    assert at > 2
    await calm.recover()
    for room_id in await calm.live.open_rooms():
        await calm.live.rooms.cancel(room_id, "outage")
    await calm.recover()
    assert {await calm.balance(user_id) for user_id in calm.players} == {GRANT}
    await calm.assert_clean()
