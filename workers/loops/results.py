"""Results streams: what ended in Redis is settled in Postgres, each room once.

Owns reading, the durability barrier, the order settle -> acknowledge, and dead letters.  Reading and settling are two
stages that overlap, since the barrier waits for a disk or a replica and the settlement for Postgres.
Must never acknowledge what was neither settled nor put among the dead letters.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec
import structlog

from persistence.errors import StoreUnavailable
from persistence.postgres import dead_letters
from persistence.postgres.pool import Database
from persistence.redis.results import ResultEntry
from persistence.redis.store import RedisStore
from persistence.rooms.settlement import Settlement
from persistence.waiting import pause
from workers import metrics
from workers.loops.runner import FIRST_PAUSE_S, LONGEST_PAUSE_S

log = structlog.get_logger(__name__)

MAX_FAILURES = 5
READ_COUNT = 16
"""Entries a partition in one round: a batch is settled well before its entries count as left by a dead reader."""
POLL_S = 0.1
IDLE_S = 0.25
"""How long the second stage waits for the first before it looks whether to stop."""
CONCURRENT_ROOMS = 16


class _Ended(msgspec.Struct):
    finished_ms: int


class ResultReader:
    """Reads all partitions as one consumer of the group; several workers share the work."""

    def __init__(
        self, live: RedisStore, db: Database, settlement: Settlement, *, consumer: str, stop: asyncio.Event
    ) -> None:
        self._live = live
        self._db = db
        self._settlement = settlement
        self._consumer = consumer
        self._stop = stop
        self._durable: asyncio.Queue[list[ResultEntry]] = asyncio.Queue(maxsize=1)
        self._rooms = asyncio.Semaphore(CONCURRENT_ROOMS)
        self._failures: Counter[tuple[int, str]] = Counter()
        self._in_hand: set[tuple[int, str]] = set()
        # From the start: an earlier life of this process may have read what it could not settle.
        self._behind = True

    async def read_round(self) -> float:
        """First stage: read entries, make sure that Redis keeps them, hand them on."""
        entries = await self.read()
        if not entries:
            return POLL_S
        await self._durable.put(entries)
        return 0

    async def settle_round(self) -> float:
        """Second stage: settle and acknowledge what the first handed on."""
        try:
            async with asyncio.timeout(IDLE_S):
                entries = await self._durable.get()
        except TimeoutError:
            return 0
        await self.settle(entries)
        return 0

    async def read(self) -> list[ResultEntry]:
        """Entries that the shards keep for sure.

        Where a store goes in the middle they are forgotten here and read again once it is back, if it still holds
        them; nobody else may claim them for a while, and players wait for their result.
        """
        try:
            left: list[ResultEntry] = []
            if self._behind:
                left, all_asked = await self._live.results.unfinished(self._consumer, READ_COUNT)
                self._behind = not all_asked
            entries = [entry for entry in left if _key(entry) not in self._in_hand]
            entries += await self._live.results.read(self._consumer, READ_COUNT)
            kept = await self._live.results.kept(entries) if entries else []
        except StoreUnavailable:
            self._behind = True
            raise
        if len(kept) < len(entries):
            self._behind = True
        self._in_hand.update(map(_key, kept))
        return kept

    @property
    def backlog(self) -> int:
        """Results that were read and are not settled yet."""
        return len(self._in_hand)

    async def settle(self, entries: Sequence[ResultEntry]) -> None:
        """Settle all concurrently and acknowledge those that are done with; the others come again."""
        try:
            done = await asyncio.gather(*(self._settle_one(entry) for entry in entries))
            finished = [entry for entry, is_done in zip(entries, done, strict=True) if is_done]
            if finished:
                await self._live.results.ack(finished)
        except StoreUnavailable:
            self._behind = True
            raise
        finally:
            self._in_hand.difference_update(map(_key, entries))

    async def _settle_one(self, entry: ResultEntry) -> bool:
        key = _key(entry)
        async with self._rooms:
            try:
                outcome = await self._with_postgres(entry)
                ended_ms = msgspec.json.decode(entry.result, type=_Ended).finished_ms
            except StoreUnavailable:
                self._behind = True
                return False
            except Exception as error:
                return await self._failed(entry, error)
        self._failures.pop(key, None)
        metrics.settled_rooms.labels(outcome).inc()
        metrics.settlement_lag.observe(max(0.0, (self._live.now_ms() - ended_ms) / 1000))
        return True

    async def _with_postgres(self, entry: ResultEntry) -> str:
        """Settle; while Postgres is away wait here, so that its absence never counts as a failed delivery."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return (await self._settlement.settle_room(entry.room_id, entry.result, durable=True)).outcome
            except StoreUnavailable as error:
                if error.store != "postgres" or self._stop.is_set():
                    raise
            await pause(self._stop, pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _failed(self, entry: ResultEntry, error: Exception) -> bool:
        """Count a defect; at the fifth the entry becomes a dead letter, and True says that it may be acknowledged."""
        key = _key(entry)
        self._failures[key] += 1
        if self._failures[key] < MAX_FAILURES:
            log.warning("result not settled", room_id=entry.room_id, failures=self._failures[key], error=repr(error))
            return False
        try:
            await dead_letters.put(
                self._db,
                stream=str(entry.partition),
                entry_id=entry.entry_id,
                room_id=entry.room_id or None,
                payload=entry.result,
                error=repr(error),
            )
        except StoreUnavailable:
            return False
        del self._failures[key]
        metrics.dead_letters.inc()
        log.error("dead letter", room_id=entry.room_id, entry_id=entry.entry_id, error=repr(error))
        return True


def _key(entry: ResultEntry) -> tuple[int, str]:
    return entry.partition, entry.entry_id
