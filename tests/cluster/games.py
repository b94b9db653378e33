"""Waiting for the middle of games that simulated players play."""

import asyncio
from typing import Any

from persistence.redis.store import RedisStore

_PAUSE_S = 0.05


async def into_a_game(live: RedisStore, running: asyncio.Task[Any], after_ms: int) -> str:
    """A room that has played for about `after_ms`, while the games are `running`."""
    while True:
        assert not running.done(), "the games were over before their middle was seen"
        for room_id in await live.open_rooms():
            room = await live.rooms.snapshot(room_id)
            if room is not None and room.state == "playing":
                assert room.starts_ms is not None
                if after_ms <= room.server_time_ms - room.starts_ms < 3 * after_ms:
                    return room_id
        await asyncio.sleep(_PAUSE_S)
