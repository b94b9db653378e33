"""Runs the application under uvicorn: uvloop, httptools, and our own class for WebSockets.

Owns the process's limits and its orderly end: on SIGTERM the listener closes, sockets are told to come back
elsewhere, requests under way are answered, then the stores are closed.
"""

import gc
from typing import Final

import uvicorn

from chance_tap.settings import Settings
from gateway.app import build_app
from gateway.http import PatientProtocol
from gateway.ws.protocol import WebSocketProtocol

GRACE_S: Final = 10
_KEEP_ALIVE_S: Final = 30


def configuration(settings: Settings) -> uvicorn.Config:
    """How uvicorn serves us.  Logging is set up by the caller; requests are counted by metrics, not logged."""
    return uvicorn.Config(
        build_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=PatientProtocol,
        ws=WebSocketProtocol,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        backlog=4096,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SystemExit: when the application could not start; what was wrong is in the log.
    """
    server = uvicorn.Server(configuration(settings))
    _calm_the_collector()
    server.run()


def _calm_the_collector() -> None:
    """Look for cyclic garbage seldom: the tap path makes none, and each look walks through every connection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
