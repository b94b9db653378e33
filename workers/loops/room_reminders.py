"""Rooms whose players should come back: a game that begins, a hero room that is about to lapse.

Reads what Redis says of the rooms that have a deadline soon, again and again, so that nothing has to be delivered and
nothing can be lost: whichever worker looks while a game runs sees that it has begun.  The tap path knows nothing of it.
"""

import asyncio
from collections import OrderedDict
from typing import Final

from chance_tap.settings import Settings
from persistence.postgres import notices
from persistence.postgres.pool import Database
from persistence.redis.room_state import RoomState
from persistence.redis.store import RedisStore

PERIOD_S: Final = 0.73
EXPIRES_SOON_MS: Final = 60_000
SLACK_MS: Final = 2_000
A_PARTITION: Final = 500
CONCURRENT_ROOMS: Final = 32
REMEMBERED: Final = 50_000


class RoomReminders:
    """One round looks at each room that has not been dealt with."""

    def __init__(self, live: RedisStore, db: Database, settings: Settings) -> None:
        self._live = live
        self._db = db
        game_ms = (settings.game_s + settings.countdown_s) * 1000 + SLACK_MS
        self._horizon_ms = max(game_ms, EXPIRES_SOON_MS)
        self._done: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._rooms = asyncio.Semaphore(CONCURRENT_ROOMS)

    async def round(self) -> float:
        now_ms = self._live.now_ms()
        rooms = await self._live.upcoming(now_ms, now_ms + self._horizon_ms, A_PARTITION)
        await asyncio.gather(*(self._look(room_id) for room_id in rooms if ("game_starts", room_id) not in self._done))
        return PERIOD_S

    async def _look(self, room_id: str) -> None:
        async with self._rooms:
            room = await self._live.rooms.snapshot(room_id)
            if room is None:
                return
            now_ms = room.server_time_ms
            if room.state in ("countdown", "playing"):
                assert room.ends_ms is not None
                await self._note("game_starts", room, (room.ends_ms - now_ms) / 1000)
            elif room.kind == "hero" and room.state == "waiting" and room.deadline_ms is not None:
                left_ms = room.deadline_ms - now_ms
                if left_ms <= EXPIRES_SOON_MS and ("room_expires", room_id) not in self._done:
                    await self._note("room_expires", room, left_ms / 1000)

    async def _note(self, event: notices.RoomEvent, room: RoomState, for_s: float) -> None:
        people = {player.user_id for player in room.players}
        if room.organizer_id is not None:
            people.add(room.organizer_id)
        absent = people - await self._live.presence.present(people, self._live.now_ms())
        if absent and for_s > 0:
            users = sorted(map(int, absent))
            await notices.note_event(self._db, event, room.room_id, users, amount=room.stake, for_s=for_s)
        self._done[event, room.room_id] = None
        if len(self._done) > REMEMBERED:
            self._done.popitem(last=False)
