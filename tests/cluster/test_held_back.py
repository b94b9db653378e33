"""A replica takes over that lacks what its master wrote last: after each step of the money's way.

What Postgres decided stands, no Star is lost or made, and the room that plays on in Redis is made to obey.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from chance_tap.settings import Settings
from persistence.postgres.pool import Database
from persistence.redis import keys
from persistence.redis.store import RedisStore
from persistence.rooms.seats import Seats
from tests.fixtures.cluster import Cluster, MakeCluster
from tests.fixtures.waiting import eventually
from tests.rooms.conftest import GRANT, STAKE, World

PARTITION = 0x1F


class Shard:
    """The master of the partition in which every room of these tests lies."""

    def __init__(self, cluster: Cluster, world: World) -> None:
        self.cluster = cluster
        self.world = world
        self._slot = keys.partition(PARTITION).slot
        self.master = cluster.owner(self._slot)

    def hold_back(self) -> None:
        """From here on the replica learns nothing; what was before it has."""
        assert self.master.run("WAIT", 1, 10_000) == 1
        self.cluster.hold_back(self.master)

    async def fail_over(self) -> None:
        self.master.server.kill()
        await eventually("the replica takes over", lambda: self.cluster.failed_over(self.master, self._slot))
        await self.world.answers()


@pytest_asyncio.fixture
async def shard(
    make_cluster: MakeCluster, settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Shard]:
    cluster = await asyncio.to_thread(make_cluster)
    live = await RedisStore.open(cluster.url, heartbeat=False)
    mine = replace(settings, redis_url=cluster.url, capacity=10, wait_s=60, countdown_s=0, game_s=1)
    monkeypatch.setattr("persistence.rooms.seats.new_room_id", lambda: f"{PARTITION:02x}{keys.new_room_id()[2:]}")
    yield Shard(cluster, World(mine, live, db))
    await live.close()


async def test_after_confirm(shard: Shard) -> None:
    world = shard.world
    await world.sit(await world.player())
    shard.hold_back()
    user_id = await world.player()
    await world.sit(user_id)
    await shard.fail_over()
    await world.release_orphans(void_after_s=0)
    assert await world.room_of(user_id) is None
    assert await world.balance(user_id) == GRANT
    await shard.world.assert_clean()
    await world.sit(user_id, "again")
    await shard.world.assert_clean()


async def test_after_leave(shard: Shard) -> None:
    world = shard.world
    users = [await world.player() for _ in range(3)]
    for user_id in users:
        room_id = (await world.sit(user_id)).room_id
    shard.hold_back()
    for user_id in users[1:]:
        await world.seats.leave(user_id, room_id)
    await shard.fail_over()
    await world.sit(users[1], "again")  # Redis has the old seat back: it must not be taken for a paid one
    assert await world.balance(users[1]) == GRANT - STAKE
    await world.release_orphans()
    assert await world.balance(users[2]) == GRANT
    await shard.world.assert_clean()


@pytest.mark.parametrize("settled_before", [False, True], ids=["finish", "settle"])
async def test_after(shard: Shard, settled_before: bool) -> None:
    world = shard.world
    world.seats = Seats(world.live, world.db, replace(world.settings, capacity=2))
    loser, winner = await world.player(), await world.player()
    room_id = (await world.sit(loser)).room_id
    await world.sit(winner)
    await world.tick_until(room_id, "playing")
    assert await world.tap(room_id, winner, 5, 1) == 1
    before = await world.live.rooms.snapshot(room_id)
    shard.hold_back()
    await world.tick_until(room_id, "finished")
    if settled_before:
        assert await world.settle() == 1
        assert await world.balance(winner) == GRANT + STAKE
    await shard.fail_over()
    after = await world.live.rooms.snapshot(room_id)
    assert before is not None
    assert after is not None
    assert (after.state, after.players) == ("playing", before.players)
    assert after.epoch != before.epoch
    assert await world.tap(room_id, loser, 9, 1) != 1  # it is over, also for who would like to go on
    await world.tick_until(room_id, "finished", "settled")
    await world.recover()
    assert (await world.balance(loser), await world.balance(winner)) == (GRANT - STAKE, GRANT + STAKE)
    state = await world.live.rooms.snapshot(room_id)
    assert state is not None
    assert state.state == "settled"
    await shard.world.assert_clean()
