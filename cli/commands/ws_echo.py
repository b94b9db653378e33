"""`chance-tap ws-echo`: the gateway's WebSocket class with an echo handler, for conformance suites.

Owns nothing of the game: any path, no hello, no rate limit, large messages, text and binary sent back as they came.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer
import uvicorn
from starlette.applications import Starlette

from cli.commands.options import settings_of
from gateway.ws.connection import ENDPOINT_KEY, Connection, Edge, Limits, SocketEndpoint, Visitor
from gateway.ws.frames import binary_frame, text_frame
from gateway.ws.protocol import WebSocketProtocol

MAX_MESSAGE_BYTES = 16 * 1024 * 1024

app = typer.Typer(add_completion=False)


class EchoConnection(Connection):
    """Sends back what it gets."""

    __slots__ = ()

    def on_text(self, payload: bytes) -> None:
        self.send(text_frame(payload))

    def on_binary(self, payload: bytes) -> None:
        self.send(binary_frame(payload))

    def on_end(self) -> None:
        pass


class EchoEndpoint(SocketEndpoint):
    """Every connection is welcome from the start."""

    def __init__(self) -> None:
        limits = Limits(
            message_bytes=MAX_MESSAGE_BYTES,
            frames_per_s=0,
            write_buffer_bytes=2 * MAX_MESSAGE_BYTES,
            backlog_bytes=16 * MAX_MESSAGE_BYTES,
            socket_buffer_bytes=0,
        )
        super().__init__(limits, path=None)

    def make(self, edge: Edge, visitor: Visitor) -> Connection:  # noqa: ARG002
        connection = EchoConnection(self, edge)
        connection.settle_in()
        return connection


@asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
    yield {ENDPOINT_KEY: EchoEndpoint()}


@app.command()
def ws_echo(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="where to listen")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="port")] = 9001,
) -> None:
    """Serve until interrupted."""
    settings_of(context)  # for its refusals only
    uvicorn.run(Starlette(lifespan=_lifespan), host=host, port=port, ws=WebSocketProtocol, log_level="warning")
