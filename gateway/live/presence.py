"""Keeps Redis informed whose app is open on this gateway, so that the bot leaves them in peace.

Said when a user's first socket comes and last one goes, and for all of them every `EVERY_S`: one command a partition.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from persistence.redis.store import RedisStore

EVERY_S: Final = 14.3


class Presence:
    """`users` is the mapping of the sockets by user, read when it is time."""

    def __init__(self, live: RedisStore, users: Mapping[str, Any]) -> None:
        self._live = live
        self._users = users

    def came(self, user_id: str) -> None:
        self._live.presence.say([user_id])

    def left(self, user_id: str) -> None:
        self._live.presence.say([user_id], present=False)

    async def keep_announcing(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self._live.presence.say(list(self._users))
