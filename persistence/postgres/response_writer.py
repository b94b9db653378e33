"""Stored responses of finished requests, written in groups.

Owns the wait of a few milliseconds in which the responses of many requests gather into one UPDATE.  A response is given
to the client only after it is stored here, so a repeated request gets the same bytes.
"""

import asyncio
from dataclasses import dataclass, field

from persistence.postgres import idempotency
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database

GATHER_S = 0.01


@dataclass(slots=True)
class _Group:
    rows: list[tuple[int, IdempotencyKey, bytes]] = field(default_factory=list)
    stored: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class ResponseWriter:
    """Collects responses; one UPDATE is under way at a time, and what comes meanwhile makes the next group."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._group: _Group | None = None
        self._writing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def store(self, user_id: int, key: IdempotencyKey, response: bytes) -> None:
        """Returns once the response is committed.

        The write is a task of its own and has the response before anything is awaited here: a caller that is cancelled
        at whatever point loses the wait, never the response.

        Raises:
            StoreUnavailable: it may or may not be stored; a retry of the request finds out.
        """
        group = self._group
        if group is None:
            group = self._group = _Group()
            task = asyncio.create_task(self._write(group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        group.rows.append((user_id, key, response))
        await asyncio.shield(group.stored)

    async def _write(self, group: _Group) -> None:
        await asyncio.sleep(GATHER_S)
        async with self._writing:
            self._group = None
            try:
                await idempotency.store_responses(self._db, group.rows)
            except Exception as error:
                group.stored.set_exception(error)
                group.stored.exception()  # seen, even when every request that waits has gone
            else:
                group.stored.set_result(None)
