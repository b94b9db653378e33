"""Runs the application under uvicorn: uvloop, httptools, and our own class for WebSockets.

Owns the process's limits and its orderly end.  On SIGTERM or SIGINT the gateway is no longer ready and its players are
moved to others while requests are still answered; then the listener closes, what is under way is answered and the
stores are closed.  A second signal leaves nobody time, a third one nothing at all.
"""

import asyncio
import gc
import socket
from contextlib import AsyncExitStack
from types import FrameType
from typing import Final

import uvicorn

from chance_tap.settings import Settings
from chance_tap.telemetry.metrics import serve_metrics
from gateway.app import Opening, build_app
from gateway.rest.uvicorn_http import LimitedHttpProtocol
from gateway.services import Services
from gateway.ws.protocol import WebSocketProtocol
from persistence.postgres.access import Part, check
from persistence.waiting import wait_for_stores

GRACE_S: Final = 10
_KEEP_ALIVE_S: Final = 30


def configuration(settings: Settings) -> uvicorn.Config:
    """How uvicorn serves us.  Logging is set up by the caller; requests are counted by metrics, not logged."""
    return uvicorn.Config(
        build_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=LimitedHttpProtocol,
        ws=WebSocketProtocol,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # gateway/proxies.py reads them
        server_header=False,
        date_header=False,
        backlog=4096,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


class GatewayServer(uvicorn.Server):
    """A server that drains before it ends."""

    def __init__(self, settings: Settings) -> None:
        config = configuration(settings)
        super().__init__(config)
        self._settings = settings
        self._metrics = AsyncExitStack()
        self._opening: Opening = config.app.state.opening  # type: ignore[union-attr]  # ours is no string
        self._asked = 0
        self._stop_starting = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the stores first: that one is away is for the caller to say, not for a traceback."""
        self._loop = asyncio.get_running_loop()
        if await wait_for_stores(self._open, self._stop_starting) is None:
            return  # asked to end, and it does
        await self._metrics.enter_async_context(serve_metrics(self._settings, "gateway"))
        await super().startup(sockets)

    async def _open(self) -> Services:
        await asyncio.to_thread(check, self._settings, Part.GATEWAY)
        return await self._opening.open()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """To the end of what is under way its metrics can be read."""
        await super().shutdown(sockets)
        await self._metrics.aclose()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the base class's
        """A signal has come, whatever this thread was doing: so the loop deals with it."""
        if self._loop is None:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self.ask_to_end)

    def ask_to_end(self) -> None:
        """Drain and end; asked again, end without draining; asked a third time, leave what is under way."""
        self._asked += 1
        if self._asked == 1 and self.started:
            self._leaving = asyncio.get_running_loop().create_task(self._leave(), name="leave")
        elif self._asked <= 2:
            self.should_exit = True
            self._stop_starting.set()
        else:
            self.force_exit = True

    async def _leave(self) -> None:
        drain = (await self._opening.open()).drain
        drain.begin()
        await drain.done()
        self.should_exit = True


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        StoreUnavailable: a store is away at the start, and stays so.
        UnfitStore: Redis is not configured to keep games safe.
        UnfitDatabase: the database or its login is not for this gateway.
        SettingsError: the port for metrics cannot be had.
        SystemExit: the port cannot be had; the log says why.
    """
    server = GatewayServer(settings)
    _calm_the_collector()
    server.run()


def _calm_the_collector() -> None:
    """Look for cyclic garbage seldom: the tap path makes none, and each look walks through every connection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
