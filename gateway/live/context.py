"""What the rooms and the sockets of one gateway share: the store, the beat of the tap path, the tasks.

Owns the tasks that run beside them, and ends them.  Must never know a room or a socket.
"""

import asyncio
import secrets
from collections.abc import Coroutine
from typing import Any, Final

import structlog

from gateway.live.absences import Absences
from gateway.live.flush_schedule import SLOT_S, PhaseRing
from gateway.live.observations import Observations
from persistence.redis.store import RedisStore
from persistence.redis.subscriber import Subscriber

log = structlog.get_logger(__name__)

LAST_TAPS_S: Final = 1.0  # how long the end waits for frames that were received to be counted


class Context:
    """One a gateway.  Needs the running event loop.  `secret` is the same on all gateways, `gateway` on no other."""

    __slots__ = ("_tasks", "absences", "busy", "clock", "gateway", "live", "observations", "ring", "subscriber")

    def __init__(self, live: RedisStore, subscriber: Subscriber, secret: str) -> None:
        self.gateway = secrets.token_hex(6)
        self.live = live
        self.subscriber = subscriber
        self.clock = asyncio.get_running_loop().time
        self.ring = PhaseRing()
        self.absences = Absences(live)
        self.observations = Observations(live, secret)
        self.busy: set[object] = set()  # tap buffers with frames that no script has answered yet
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something to its end, or to the gateway's."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def settle_taps(self) -> None:
        """Return once the taps that were received are counted, or a moment later."""
        until = self.clock() + LAST_TAPS_S
        while self.busy and self.clock() < until:  # noqa: ASYNC110 - as the drain's
            await asyncio.sleep(SLOT_S)

    async def stop(self) -> None:
        """End every timer and task, and listen no more."""
        self.ring.stop()
        self.absences.stop()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.subscriber.close()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task of the gateway failed", exc_info=error)
