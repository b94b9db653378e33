"""Leaving in order: the gateway takes no more players and sends those it has to the others.

Owns whether this gateway is ready, and the moving of its sockets: in slices over some seconds, so that their return is
no storm, each slice after the taps that it sent were applied.  Must never wait without a bound, and never end the
process: REST requests are answered until somebody stops it.
"""

import asyncio
import random
from typing import Final

import structlog

from chance_tap.settings import Settings
from gateway.live.client import Client
from gateway.live.endpoint import GameEndpoint
from gateway.live.flush_schedule import PERIOD_S, SLOT_S
from gateway.live.room import Room
from gateway.ws.frames import CloseCode
from persistence.redis.gateways import GatewayState

log = structlog.get_logger(__name__)

SLICE_S: Final = 0.1
EASY_RATE: Final = 400
"""Sockets a second that the others take in without noticing: fewer than this are not held up for long."""
LAST_MOMENT_S: Final = 2.0
"""Who is this near to the end of the game is moved after it: taps that wait for a new socket might come too late."""
LONGEST_LAST_MOMENT_S: Final = LAST_MOMENT_S + 2.0  # with the second of grace
APPLY_S: Final = 1.0


class Drain:
    """One a gateway.  `begin` may be called any number of times, and there is no way back but a new process."""

    def __init__(self, endpoint: GameEndpoint, settings: Settings) -> None:
        self.state: GatewayState = "serving"
        self._endpoint = endpoint
        self._notice_s = settings.drain_notice_s
        self._over_s = settings.drain_s
        self._task: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether this gateway takes players."""
        return self._task is None

    def begin(self) -> None:
        """Take no more players from here on, and move those that are here."""
        if self._task is None:
            self._endpoint.admits = False
            self.state = "draining"
            self._task = asyncio.get_running_loop().create_task(self._run(), name="drain")

    async def done(self) -> None:
        """Return once everybody has been moved; `begin` comes first."""
        assert self._task is not None
        await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Give up what is under way: the process ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        count = len(self._endpoint.clients())
        log.info("draining", sockets=count)
        # Also without sockets: balancers look at /readyz now and then, and until they have they send requests here.
        await asyncio.sleep(self._notice_s)
        await self._move()
        self.state = "drained"
        log.info("drained")

    async def _move(self) -> None:
        endpoint = self._endpoint
        ends = endpoint.clock() + min(self._over_s, len(endpoint.clients()) / EASY_RATE)
        last = max(ends, endpoint.clock() + LONGEST_LAST_MOMENT_S)
        while clients := endpoint.clients():
            now = endpoint.clock()
            ready = clients if now >= last else [c for c in clients if not _in_last_moment(c)]
            random.shuffle(ready)
            slices = int(max(0.0, ends - now) / SLICE_S) + 1
            await self._move_some(ready[: -(-len(ready) // slices)])
            await asyncio.sleep(SLICE_S * random.uniform(0.5, 1.5))  # noqa: S311

    async def _move_some(self, clients: list[Client]) -> None:
        rooms: set[Room] = {client.room for client in clients if client.room is not None}
        if rooms:
            await self._apply(rooms)
        for client in clients:
            client.close(CloseCode.DRAINING, "the gateway is leaving")

    async def _apply(self, rooms: set[Room]) -> None:
        """Until what these rooms' players sent so far is counted, and they have heard of it."""
        waiting = [(room.taps, room.taps.newest) for room in rooms]
        until = self._endpoint.clock() + APPLY_S
        while (  # noqa: ASYNC110 - the tap path sets no event for so rare a reader
            any(taps.answered < newest for taps, newest in waiting) and self._endpoint.clock() < until
        ):
            await asyncio.sleep(SLOT_S)
        await asyncio.sleep(PERIOD_S)


def _in_last_moment(client: Client) -> bool:
    due_s = None if client.room is None else client.room.due_s()
    return due_s is not None and due_s < LAST_MOMENT_S
