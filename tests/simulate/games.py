"""Waiting for the middle of games that simulated players play."""

import asyncio
from typing import Any

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.simulate.api import Api
from cli.simulate.identity import OPPONENT_IDS, identity
from persistence.redis.store import RedisStore
from tests.fixtures.waiting import eventually


async def into_a_game(live: RedisStore, running: asyncio.Task[Any], after_ms: int) -> str:
    """A room that has played for about `after_ms`, while the games are `running`."""

    async def look() -> str | None:
        assert not running.done(), "the games were over before their middle was seen"
        for room_id in await live.open_rooms():
            room = await live.rooms.snapshot(room_id)
            if room is not None and room.state == "playing":
                assert room.starts_ms is not None
                if after_ms <= room.server_time_ms - room.starts_ms < 3 * after_ms:
                    return room_id
        return None

    return str(await eventually("the middle of a game", look, within_s=120))


async def all_play(url: str, players: int) -> None:
    """Until everybody's game runs, as an onlooker reads in the lobby."""
    api = Api(url, DEVELOPMENT_BOT_TOKEN)
    try:
        onlooker = await api.log_in(identity(OPPONENT_IDS))

        async def everybody() -> bool:
            return sum(int(tier["playing"]) for tier in await api.tiers(onlooker)) >= players

        await eventually(f"{players} play", everybody, within_s=60)
    finally:
        await api.close()
