"""The fast road: a protocol class for uvicorn's `ws=`.

uvicorn and Starlette serve HTTP; an upgrade hands the transport to this class, which speaks RFC 6455 on it without a
task, a timer or an ASGI message per frame.  Owns the transport of one connection; everything else is the connection's.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

from gateway.ws.connection import ENDPOINT_KEY, Connection, SocketEndpoint, Visitor
from gateway.ws.frames import PING_FRAME, FrameError, FrameReader, close_frame, ping_frame, pong_frame
from gateway.ws.handshake import Refused, accept, not_admitted


class WebSocketProtocol(asyncio.Protocol):
    """One upgraded connection.  The application's lifespan state must hold an `SocketEndpoint` under `ENDPOINT_KEY`."""

    __slots__ = ("_connection", "_connections", "_endpoint", "_failed", "_reader", "_transport")

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any]) -> None:  # noqa: ARG002
        self._endpoint: SocketEndpoint = app_state[ENDPOINT_KEY]
        self._connections: set[Any] = server_state.connections
        self._connection: Connection | None = None
        self._reader: FrameReader | None = None
        self._transport: asyncio.Transport | None = None
        self._failed = False  # nothing that arrives can be read any more

    # What the transport reports.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        # uvicorn's HTTP protocol and its parser refer to each other; once its part is over it lets go of the
        # parser, and with it some 3 KiB a connection.  An error as the reason keeps it from closing the transport.
        http = self._transport.get_protocol()
        asyncio.get_running_loop().call_soon(http.connection_lost, ConnectionResetError("upgraded"))

    def data_received(self, data: bytes) -> None:
        connection = self._connection
        if connection is None:
            if not self._failed:
                self._open(data)
            return
        if self._failed:
            return
        connection.alive = True
        try:
            self._reader.feed(data, self)  # type: ignore[union-attr]
        except FrameError as error:
            self._fail(connection, error)

    def eof_received(self) -> None:
        """The transport closes itself; `connection_lost` follows once what is buffered has gone out."""
        if self._connection is not None:
            self._connection.end()

    def pause_writing(self) -> None:
        if self._connection is not None:
            self._connection.pause()

    def resume_writing(self) -> None:
        if self._connection is not None:
            self._connection.resume()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._connections.discard(self)
        connection, self._connection = self._connection, None
        self._failed = True
        self._transport = None
        if connection is not None:
            connection.lost()

    def shutdown(self) -> None:
        """uvicorn is stopping."""
        if self._connection is not None:
            self._connection.close(self._endpoint.shutdown_code, "the server is stopping")
        elif self._transport is not None:
            self._transport.close()

    # What the reader reports.

    def on_text(self, payload: bytes) -> None:
        if self._connection is not None:
            self._connection.receive(payload)

    def on_binary(self, payload: bytes) -> None:
        if self._connection is not None:
            self._connection.receive_binary(payload)

    def on_fragment(self) -> None:
        if self._connection is not None:
            self._connection.admit()

    def on_ping(self, payload: bytes) -> None:
        if self._connection is not None and self._connection.admit():
            self._connection.send(pong_frame(payload))

    def on_pong(self, payload: bytes) -> None:
        if self._connection is not None and self._connection.admit():
            self._connection.on_pong(payload)

    def on_close(self, code: int) -> None:
        if self._connection is None or self._failed:
            return
        self._failed = True
        if not self._connection.is_closing:
            self._connection.end()
            self.write(close_frame(code))
        if self._transport is not None:
            self._transport.close()

    # The connection's edge.

    def write(self, frame: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frame)

    def ping(self, payload: bytes = b"") -> None:
        self.write(ping_frame(payload) if payload else PING_FRAME)

    def close(self, code: int, reason: str) -> None:
        self.write(close_frame(code, reason))

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def fast_writer(self) -> Callable[[bytes], None]:
        return self._transport.write if self._transport is not None else self.write

    def _open(self, request: bytes) -> None:
        transport = self._transport
        assert transport is not None
        limits = self._endpoint.limits
        try:
            if not self._endpoint.admits:
                raise not_admitted()
            accepted = accept(request, self._endpoint.path)
        except Refused as refused:
            self._failed = True
            transport.write(refused.answer)
            transport.close()
            return
        transport.set_write_buffer_limits(high=limits.write_buffer_bytes)
        raw = transport.get_extra_info("socket")
        if limits.socket_buffer_bytes and raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.socket_buffer_bytes)
        transport.write(accepted.answer)
        self._reader = FrameReader(limits.message_bytes)
        peer = transport.get_extra_info("peername")
        address = self._endpoint.proxies.client(peer[0] if isinstance(peer, tuple) else "", accepted.forwarded_for)
        self._connection = self._endpoint.connect(self, Visitor(accepted.accept_language, address, accepted.user_agent))

    def _fail(self, connection: Connection, error: FrameError) -> None:
        """RFC 6455 section 7.1.7: say why, end our side, and ignore the rest until the peer ends its own."""
        self._failed = True
        if not connection.is_closing:
            connection.end()
            self.write(close_frame(error.code, error.reason))
        transport = self._transport
        if transport is not None:
            if transport.can_write_eof():
                transport.write_eof()
            else:
                transport.close()
