"""Redis comes back older than it was: its append-only file is cut between two commands, at every place or at some.

Killing a server proves little, since what it wrote to the page cache is there again; so the file is cut short, as if
the machine had died before the last second reached the disk.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
import redis

from chance_tap.settings import Settings
from cli.embedded.valkey import EmbeddedValkey
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from persistence.rooms.seats import Seats
from tests.fixtures.waiting import wait_for
from tests.rooms.conftest import GRANT, STAKE, World


@dataclass
class Rewindable:
    """A private server and the flows on it."""

    server: EmbeddedValkey
    world: World

    @property
    def _log(self) -> Path:
        return max((self.server.dir / "appendonlydir").glob("*.incr.aof"))

    def now(self) -> int:
        """A moment to come back to; every command that was answered is in the file."""
        with redis.Redis.from_url(self.server.url) as client:
            # While the disk is busy with the last second, what comes after it may wait in memory for two more.
            wait_for("all is in the file", lambda: client.info("persistence")["aof_buffer_length"] == 0)
        return self._log.stat().st_size

    def moments(self, start: int, end: int) -> list[int]:
        """The ends of all transactions written between two moments, both included; half a transaction is none."""
        found, at, whole = [start], start, True
        data = self._log.read_bytes()[:end]
        while at < len(data):
            line = data.index(b"\r\n", at)
            count, at, words = int(data[at + 1 : line]), line + 2, []
            for _ in range(count):
                line = data.index(b"\r\n", at)
                size, at = int(data[at + 1 : line]), line + 2
                words.append(data[at : at + size])
                at += size + 2
            whole = words[0] == b"EXEC" or (whole and words[0] != b"MULTI")
            if whole:
                found.append(at)
        return found

    async def back_to(self, moment: int) -> None:
        """Kill the server, forget what came after that moment, start again."""
        self.server.kill()
        with self._log.open("rb+") as log:
            log.truncate(moment)
        await asyncio.to_thread(self.server.start)
        await self.world.answers()


@pytest_asyncio.fixture
async def redis_at(
    make_valkey: Callable[..., EmbeddedValkey], settings: Settings, db: Database
) -> AsyncIterator[Rewindable]:
    server = make_valkey()
    live = await RedisStore.open(server.url, heartbeat=False)
    mine = replace(settings, redis_url=server.url, capacity=10, wait_s=60, countdown_s=0, game_s=1)
    yield Rewindable(server, World(mine, live, db))
    await live.close()


@pytest.mark.parametrize("others", [0, 1], ids=["alone", "beside another"])
async def test_after_confirm(redis_at: Rewindable, others: int) -> None:
    world = redis_at.world
    for _ in range(others):
        await world.sit(await world.player())
    cut = 0
    while True:
        before = redis_at.now()
        user_id = await world.player()
        await world.sit(user_id)
        moments = redis_at.moments(before, redis_at.now())
        if cut >= len(moments):
            break
        await redis_at.back_to(moments[cut])
        cut += 1
        await world.release_orphans(void_after_s=0)
        await redis_at.world.assert_clean()
        if await world.room_of(user_id) is None:
            await world.sit(user_id, "again")
        assert await world.balance(user_id) == GRANT - STAKE
    assert cut > 4
    await redis_at.world.assert_clean()


async def test_after_leave(redis_at: Rewindable) -> None:
    world = redis_at.world
    await world.sit(await world.player())
    cut = 0
    while True:
        user_id = await world.player()
        room_id = (await world.sit(user_id)).room_id
        before = redis_at.now()
        await world.seats.leave(user_id, room_id)
        moments = redis_at.moments(before, redis_at.now())
        if cut >= len(moments):
            break
        await redis_at.back_to(moments[cut])
        cut += 1
        if cut % 2:
            await world.sit(user_id, "again")
            assert await world.balance(user_id) == GRANT - STAKE
        await world.release_orphans()
        assert await world.total() == GRANT * len(world.players)
        await redis_at.world.assert_clean()
    assert cut >= 2


async def ended_rooms(redis_at: Rewindable, count: int) -> tuple[int, dict[str, int]]:
    """Rooms that end together, and the moment before the first of them ended; each with its winner."""
    world = redis_at.world
    winners: dict[str, int] = {}
    world.seats = Seats(world.live, world.db, replace(world.settings, capacity=2))
    for stake in range(1, count + 1):
        loser, winner = await world.player(), await world.player()
        room_id = (await world.sit(loser, stake=stake)).room_id
        await world.sit(winner, stake=stake)
        winners[room_id] = winner
        await world.tick_until(room_id, "playing")
        assert await world.tap(room_id, winner, 5, 1) == 1
    before = redis_at.now()
    await asyncio.gather(*(world.tick_until(room_id, "finished") for room_id in winners))
    return before, winners


async def assert_paid_once(redis_at: Rewindable, winners: dict[str, int]) -> None:
    """Rooms that play on in Redis come to their end again; every winner has one prize and Redis knows of it."""
    world = redis_at.world
    await asyncio.gather(*(world.tick_until(room_id, "finished", "settled") for room_id in winners))
    await world.recover()
    for stake, (room_id, winner) in enumerate(winners.items(), 1):
        assert await world.balance(winner) == GRANT + stake
        state = await world.live.rooms.snapshot(room_id)
        assert state is not None
        assert state.state == "settled"
        assert state.outcome is not None
    await redis_at.world.assert_clean()
    assert await world.claim() == 0


@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 1.0])
async def test_after_finish(redis_at: Rewindable, part: float) -> None:
    before, winners = await ended_rooms(redis_at, 5)
    moments = redis_at.moments(before, redis_at.now())
    await redis_at.back_to(moments[int(part * (len(moments) - 1))])
    await assert_paid_once(redis_at, winners)


@pytest.mark.parametrize("part", [0.0, 0.4, 0.6, 0.8, 1.0])
async def test_after_settle(redis_at: Rewindable, part: float) -> None:
    """From the game that is not over yet to the entry that is acknowledged."""
    before, winners = await ended_rooms(redis_at, 5)
    assert await redis_at.world.settle() == 5
    moments = redis_at.moments(before, redis_at.now())
    await redis_at.back_to(moments[int(part * (len(moments) - 1))])
    await assert_paid_once(redis_at, winners)
