"""The board of stakes with live counts, asked of Redis at most once a second however many players look."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from chance_tap.settings import Settings
from gateway.schemas.rest import Tier, Tiers
from persistence.redis.lobby import LobbyCommands

FRESH_S: Final = 1.0


class TierBoard:
    """One copy of the board for all of this gateway's players."""

    def __init__(self, lobby: LobbyCommands, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._lobby = lobby
        self._settings = settings
        self._clock = clock
        self._reading = asyncio.Lock()
        self._board = Tiers([])
        self._read_at = float("-inf")

    async def read(self) -> Tiers:
        """The board, at most a second old.

        Raises:
            StoreUnavailable: when it must be read and Redis does not answer.
        """
        if self._is_fresh():
            return self._board
        async with self._reading:
            if not self._is_fresh():
                self._board = await self._read()
                self._read_at = self._clock()
        return self._board

    def _is_fresh(self) -> bool:
        return self._clock() - self._read_at < FRESH_S

    async def _read(self) -> Tiers:
        settings = self._settings
        counts = await self._lobby.counts(settings.stakes)
        tiers = []
        for stake in settings.stakes:
            waiting, playing = counts.get(stake, (0, 0))
            pool = stake * settings.capacity
            prize = pool - pool * settings.house_fee_bps // 10_000
            tiers.append(Tier(stake=stake, capacity=settings.capacity, waiting=waiting, playing=playing, prize=prize))
        return Tiers(tiers)
