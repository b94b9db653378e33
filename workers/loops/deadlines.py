"""Deadlines that nobody watches, results that no reader brought, and fresh lobbies.

Deadlines are moved by an idempotent script that gateways call too; here it is called when no player looks.  A room
that has ended comes up again every half minute until it is settled: so a result whose stream entry was lost is found.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Final

import structlog

from persistence.errors import StoreUnavailable
from persistence.redis.keys import partition_of
from persistence.redis.store import RedisStore
from persistence.rooms.settlement import Settlement
from workers import metrics

log = structlog.get_logger(__name__)

PERIOD_S = 0.5
LOBBY_PERIOD_S = 5.0
DUE_A_PARTITION = 200
CONCURRENT_ROOMS = 64


class DeadlineLoop:
    """One round each half second."""

    NAME: Final = "deadlines"

    def __init__(self, live: RedisStore, settlement: Settlement, stakes: Sequence[int]) -> None:
        self._live = live
        self._settlement = settlement
        self._stakes = stakes
        self._lobbies_at = 0.0
        self._rooms = asyncio.Semaphore(CONCURRENT_ROOMS)

    async def round(self) -> float:
        started = time.monotonic()
        with contextlib.suppress(StoreUnavailable):  # of one shard: the rooms of the others have deadlines too
            await self._live.heartbeat()
        due = await self._live.due(DUE_A_PARTITION)
        await asyncio.gather(*(self._tick(room_id) for room_id, _ in due))
        if started >= self._lobbies_at:
            await self._live.rebuild_lobbies(self._stakes)
            self._lobbies_at = started + LOBBY_PERIOD_S
        return max(0.0, PERIOD_S - (time.monotonic() - started))

    async def _tick(self, room_id: str) -> None:
        async with self._rooms:
            room = await self._live.rooms.tick(room_id)
            if room.state not in ("finished", "cancelled") or room.changed:
                return
            if await self._live.results.waiting(partition_of(room_id)):
                return  # its entry may be among them; the readers are behind and need no competition
            result = await self._live.rooms.result(room_id)
            if result is None:
                return
            try:
                await self._settlement.settle_room(room_id, result)
            except StoreUnavailable:
                raise
            except Exception:  # one room that cannot be settled must not hold up the others; its dead letter says more
                metrics.loop_failures.labels(self.NAME).inc()
                log.exception("ended room not settled", room_id=room_id)
            else:
                metrics.repaired.labels("unsettled_room").inc()
                log.warning("settled without its stream entry", room_id=room_id)
