"""This gateway's line in the list of gateways, and the ear for the order to drain.

Owns the beat.  Redis being away costs nothing but the line: it is there again with the next beat.
"""

import asyncio
import contextlib
import os
import secrets
import socket
from typing import Final

from chance_tap.settings import Settings
from gateway.lifecycle.drain import Drain
from gateway.live.endpoint import GameEndpoint
from persistence.errors import StoreUnavailable
from persistence.redis.gateways import GatewayInfo
from persistence.redis.store import RedisStore

BEAT_S: Final = 0.91  # odd, so that timers do not line up
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


class Registration:
    """`start` before the first player, `stop` after the last."""

    def __init__(self, live: RedisStore, endpoint: GameEndpoint, drain: Drain, settings: Settings) -> None:
        self._live = live
        self._endpoint = endpoint
        self._drain = drain
        host = socket.gethostname()
        reached_at = host if settings.host in _EVERYWHERE else settings.host
        self._name = f"{host}:{settings.port}"
        self._address = f"http://{f'[{reached_at}]' if ':' in reached_at else reached_at}:{settings.port}"
        self._instance = secrets.token_hex(8)
        self._since_ms = live.now_ms()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Be on the list from here on."""
        await self._beat()
        self._task = asyncio.get_running_loop().create_task(self._keep_beating(), name="registration")

    async def stop(self) -> None:
        """Be off the list; where that fails the word lapses."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(StoreUnavailable):
            await self._live.gateways.leave(self._info())

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            await self._beat()

    async def _beat(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            if await self._live.gateways.beat(self._info()):
                self._drain.begin()

    def _info(self) -> GatewayInfo:
        return GatewayInfo(
            name=self._name,
            instance=self._instance,
            address=self._address,
            pid=os.getpid(),
            sockets=len(self._endpoint.clients()),
            since_ms=self._since_ms,
            state=self._drain.state,
        )
