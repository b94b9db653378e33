"""The client's end of one WebSocket, light enough for thousands in one process.

Owns RFC 6455 as far as a client of this protocol needs it: the handshake, masked text frames out, text, ping and close
frames in.  Knows nothing of games.
"""

import asyncio
import base64
import hashlib
import os
import ssl
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import urlsplit

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CONTINUATION, _CLOSE, _PING, _PONG = 1, 0, 8, 9, 10
ABNORMAL_CLOSE = 1006
GOODBYE_S = 1.0


class HandshakeRefused(OSError):
    """The server answered the upgrade with something else than 101."""


class Wire(asyncio.Protocol):
    """One open socket.  `on_close` gets the server's close code, or 1006 when there was none."""

    def __init__(self, on_message: Callable[[bytes], None], on_close: Callable[[int], None]) -> None:
        self._on_message = on_message
        self._on_close = on_close
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._fragments: list[bytes] = []
        self._code = ABNORMAL_CLOSE
        self._accept = b""
        self._up: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()

    @classmethod
    async def open(
        cls,
        url: str,
        on_message: Callable[[bytes], None],
        on_close: Callable[[int], None],
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
    ) -> "Wire":
        """Connect to `ws://` or `wss://`; `headers` go with the handshake.

        Raises:
            OSError: no connection, or the upgrade was refused.
            TimeoutError: nothing came in `timeout_s`.
        """
        parts = urlsplit(url)
        secure = parts.scheme == "wss"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        async with asyncio.timeout(timeout_s):
            transport, wire = await asyncio.get_running_loop().create_connection(
                lambda: cls(on_message, on_close), host, port, ssl=ssl.create_default_context() if secure else None
            )
            try:
                await wire._upgrade(parts.netloc, parts.path, headers or {})
            except BaseException:
                transport.abort()
                await wire.gone()
                raise
        return wire

    async def _upgrade(self, host: str, path: str, headers: Mapping[str, str]) -> None:
        assert self._transport is not None
        assert self._up is not None
        key = base64.b64encode(os.urandom(16))
        self._accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
        self._transport.write(
            b"GET %b HTTP/1.1\r\nHost: %b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: %b\r\nSec-WebSocket-Version: 13\r\n%b\r\n"
            % (path.encode(), host.encode(), key, "".join(f"{n}: {v}\r\n" for n, v in headers.items()).encode())
        )
        await self._up

    def send(self, payload: bytes) -> None:
        """Send one text frame; silently nothing on a socket that is already closing."""
        self._write(_TEXT, payload)

    def close(self) -> None:
        """Say goodbye and close."""
        self._write(_CLOSE, (1000).to_bytes(2, "big"))
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection as a lost network does."""
        if self._transport is not None:
            self._transport.abort()

    async def gone(self) -> None:
        """Wait until the socket is closed, as `close` or `abort` began it; it is cut when nobody takes the goodbye."""
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._gone.wait()
        except TimeoutError:
            self.abort()
            await self._gone.wait()

    def _write(self, opcode: int, payload: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        key = os.urandom(4)
        pad = (key * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "little") ^ int.from_bytes(pad, "little")).to_bytes(size, "little")
        transport.write(bytes((0x80 | opcode,)) + length + key + masked)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but inheritance

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the base class's name
        self._transport = None
        self._gone.set()
        if self._up is not None:
            if not self._up.done():
                self._up.set_exception(HandshakeRefused("connection lost during the handshake"))
            return
        self._on_close(self._code)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        if self._up is not None:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = data
                return
            head, data = data[:end], data[end + 4 :]
            if not head.startswith(b"HTTP/1.1 101") or self._accept not in head:
                self._up.set_exception(HandshakeRefused(head.split(b"\r\n")[0].decode("latin-1")))
                return
            self._up.set_result(None)
            self._up = None
        self._frames(data)

    def _frames(self, data: bytes) -> None:
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1], at + 2
            if size == 126:
                if end - at < 4:
                    break
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                if end - at < 10:
                    break
                size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if end - start < size:
                break
            self._frame(data[at], data[start : start + size])
            at = start + size
        self._buffer = data[at:]

    def _frame(self, first: int, payload: bytes) -> None:
        opcode = first & 15
        if opcode == _TEXT and first & 0x80:
            self._on_message(payload)
        elif opcode in (_TEXT, _CONTINUATION):
            self._fragments.append(payload)
            if first & 0x80:
                whole, self._fragments = b"".join(self._fragments), []
                self._on_message(whole)
        elif opcode == _PING:
            self._write(_PONG, payload)
        elif opcode == _CLOSE:
            self._code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
            self._write(_CLOSE, payload[:2])
            if self._transport is not None:
                self._transport.close()
