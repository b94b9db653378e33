"""The plain road: a Starlette WebSocketRoute onto the same connection object, for any ASGI server.

Owns the translation between ASGI messages and a connection.  The server frames, checks UTF-8, pings and answers
closes; a task a connection writes what the connection sends.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.ws.connection import ENDPOINT_KEY, Connection, SocketEndpoint, Visitor
from gateway.ws.frames import CloseCode, payload_of


async def websocket_endpoint(websocket: WebSocket) -> None:
    """Serve one socket until it ends."""
    endpoint: SocketEndpoint = websocket.scope["state"][ENDPOINT_KEY]
    if not endpoint.admits:
        refusal = {"code": "temporarily_unavailable", "message": "This gateway is leaving: connect again."}
        await websocket.send_denial_response(JSONResponse(refusal, 503, {"retry-after": "1"}))
        return
    await websocket.accept()
    edge = _AsgiEdge(websocket, endpoint)
    headers = websocket.headers
    address = endpoint.proxies.client_of(websocket.scope)
    visitor = Visitor(headers.get("accept-language"), address, headers.get("user-agent", ""))
    connection = edge.connection = endpoint.connect(edge, visitor)
    reader = asyncio.create_task(_read(websocket, connection, endpoint.limits.message_bytes))
    writer = edge.writer = asyncio.create_task(edge.drain())
    try:
        await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        if connection.is_closing and not reader.done():
            # Closed from this side: the server reports the peer's answer, or gives it up, as a disconnect.
            await asyncio.wait((reader,), timeout=endpoint.limits.linger_s)
    finally:
        connection.lost()
        reader.cancel()
        writer.cancel()
        await asyncio.gather(reader, writer, return_exceptions=True)


async def _read(websocket: WebSocket, connection: Connection, limit: int) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        connection.alive = True
        text: str | None = message.get("text")
        payload: bytes = message["bytes"] if text is None else text.encode()
        if len(payload) > limit:
            connection.close(CloseCode.TOO_BIG, f"message is longer than {limit} bytes")
        elif text is None:
            connection.receive_binary(payload)
        else:
            connection.receive(payload)


class _AsgiEdge:
    """The connection's edge: a queue, and the task that empties it into the server's `send`."""

    def __init__(self, websocket: WebSocket, endpoint: SocketEndpoint) -> None:
        self._websocket = websocket
        self._high = endpoint.limits.write_buffer_bytes
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._close: tuple[int, str] | None = None
        self._wake = asyncio.Event()
        self.connection: Connection | None = None
        self.writer: asyncio.Task[None] | None = None

    def write(self, frame: bytes) -> None:
        if self._close is not None:
            return
        self._queue.append(frame)
        self._queued_bytes += len(frame)
        if self._queued_bytes > self._high and self.connection is not None:
            self.connection.pause()
        self._wake.set()

    def fast_writer(self) -> Callable[[bytes], None]:
        return self.write

    def ping(self, payload: bytes = b"") -> None:  # noqa: ARG002
        """The server sends pings of its own and ends the socket when they are not answered."""
        if self.connection is not None:
            self.connection.alive = True

    def close(self, code: int, reason: str) -> None:
        self._close = (code, reason)
        self._wake.set()

    def abort(self) -> None:
        if self.writer is not None:
            self.writer.cancel()

    async def drain(self) -> None:
        """Write until the end.  A peer that is gone is the reader's to notice."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._queue:
                    frame = self._queue.popleft()
                    await self._websocket.send_text(payload_of(frame).decode())
                    self._queued_bytes -= len(frame)
                if self._close is not None:
                    await self._websocket.close(*self._close)
                    return
                if self.connection is not None:
                    self.connection.resume()
