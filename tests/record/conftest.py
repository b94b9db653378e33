"""Games that were really played, and a made one for what needs no stores."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio

from chance_tap.settings import Settings
from persistence.postgres import records
from persistence.postgres.pool import Database
from persistence.records.signing import Signer
from persistence.redis.codes import TapFrame
from persistence.redis.store import RedisStore
from tests.rooms.conftest import World
from workers.loops.records import Records


@pytest_asyncio.fixture
async def world(settings: Settings, live: RedisStore, db: Database) -> AsyncIterator[World]:
    """Three seats a room and games of a second."""
    yield World(replace(settings, capacity=3, countdown_s=0, game_s=1, wait_s=1), live, db)


async def play(world: World, *, seed: int = 1, settle: bool = True) -> str:
    """A whole game of three who tap as they like, one of them into the block; the room."""
    rng = random.Random(seed)
    players = [await world.player() for _ in range(3)]
    room_id = ""
    for user_id in players:
        room_id = (await world.sit(user_id)).room_id
    await world.tick_until(room_id, "playing")
    state = await world.live.rooms.snapshot(room_id)
    assert state is not None
    assert state.starts_ms is not None
    sequence = 0
    for number, user_id in enumerate(players):
        stamp = state.starts_ms
        for _ in range(5):
            sequence += 1
            stamp += rng.randint(0, 20)
            now = world.live.now_ms()
            frame = TapFrame(str(user_id), rng.randint(1, 5), min(stamp, now), sequence)
            assert await world.send(room_id, frame) == 1
        if number == 2:
            status = 1
            while status == 1:
                sequence += 1
                status = await world.send(room_id, TapFrame(str(user_id), 20, world.live.now_ms(), sequence))
            assert status == 6
    await world.tick_until(room_id, "finished")
    if settle:
        assert await world.settle() == 1
    return room_id


def maker(world: World, *, lease_s: float = 30.0) -> Records:
    return Records(world.live, world.db, Signer.from_settings(world.settings), lease_s=lease_s)


async def document(world: World, room_id: str) -> bytes:
    found = await records.document(world.db, room_id)
    assert found is not None
    return found
