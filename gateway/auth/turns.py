"""Turns at something dear that few can have at once: a bounded queue that is fair to networks.

Owns who is next and who is refused.  Networks take turns, so whoever comes alone waits for one turn of each other one
and not for a flood's whole queue; in a full queue the network that waits most gives way.  Who cannot have a turn within
`MAX_WAIT_S`, by how long turns take lately, is refused at once: a refusal after a long wait helps nobody.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from persistence.errors import ErrorCode, GameError

MAX_WAITING: Final = 64
LEAST_WAITING: Final = 4
MAX_WAIT_S: Final = 3.0
_LATELY: Final = 0.2  # the weight of the latest turn in their mean


class Turns:
    """`at_once` have a turn at the same time."""

    def __init__(self, at_once: int, usual_s: float) -> None:
        self._free = at_once
        self._at_once = at_once
        self._usual_s = usual_s
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # in the order in which networks are next
        self._count = 0

    @asynccontextmanager
    async def turn(self, network: str) -> AsyncIterator[None]:
        """Wait for a turn, and have it.

        Raises:
            GameError: temporarily_unavailable, at once, or as soon as somebody else needs the place more.
        """
        if self._free and not self._count:
            self._free -= 1
        else:
            await self._wait(network)
        began = time.monotonic()
        try:
            yield
        finally:
            self._usual_s += _LATELY * (time.monotonic() - began - self._usual_s)
            self._free += 1
            self._next()

    def require_room(self, network: str) -> None:
        """Raises GameError, temporarily_unavailable, where `turn` would refuse now."""
        if self._is_full() and self._greediest(network) == network:
            raise GameError(ErrorCode.TEMPORARILY_UNAVAILABLE)

    def _is_full(self) -> bool:
        within = int(MAX_WAIT_S * self._at_once / self._usual_s)
        return self._count >= min(MAX_WAITING, max(LEAST_WAITING, within))

    def _greediest(self, network: str) -> str:
        """Who waits most often, `network` with one more than it does, and first among equals."""
        own = len(self._waiting.get(network, ())) + 1
        other = max(self._waiting, key=lambda each: len(self._waiting[each]), default=network)
        return network if other == network or own >= len(self._waiting[other]) else other

    async def _wait(self, network: str) -> None:
        self.require_room(network)
        if self._is_full():
            last = self._waiting[self._greediest(network)].pop()
            self._count -= 1
            last.set_exception(GameError(ErrorCode.TEMPORARILY_UNAVAILABLE))
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(network, deque()).append(place)
        self._count += 1
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled() and place.done() and place.exception() is None:
                self._free += 1  # it was given to who is gone
                self._next()
            elif place in self._waiting.get(network, ()):
                self._waiting[network].remove(place)
                self._count -= 1
            raise

    def _next(self) -> None:
        while self._free and self._waiting:
            network = next(iter(self._waiting))
            places = self._waiting.pop(network)
            if not places:
                continue
            place = places.popleft()
            self._count -= 1
            if places:
                self._waiting[network] = places  # behind all others
            if not place.done():
                self._free -= 1
                place.set_result(None)
