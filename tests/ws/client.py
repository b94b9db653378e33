"""A WebSocket client that can also misbehave: it writes any bytes and reads only when asked."""

import asyncio
import json
import os
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any, ClassVar, Self

import pytest_asyncio

TIMEOUT_S = 10


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """A client's frame, right or wrong."""
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    mark = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        head += bytes([mark | size])
    elif size < 0x10000:
        head += bytes([mark | 126]) + struct.pack("!H", size)
    else:
        head += bytes([mark | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    key = os.urandom(4)
    pad = (key * (size // 4 + 1))[:size]
    return head + key + (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")


def close_payload(code: int, reason: str = "") -> bytes:
    return struct.pack("!H", code) + reason.encode()


class Refused(Exception):
    """The handshake was answered with something other than 101."""

    def __init__(self, status: int, head: bytes, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.head = head
        self.body = body


class Peer:
    """One client.  `opened` lets a fixture end those that a test left open."""

    opened: ClassVar[list["Peer"]] = []

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.close_code: int | None = None
        self.opened.append(self)

    @classmethod
    async def open(
        cls,
        port: int,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        method: str = "GET",
        deaf: bool = False,
    ) -> Self:
        """Connect and shake hands; a deaf one takes nothing from its socket before it is asked.  Raises Refused."""
        sock = socket.socket()
        sock.setblocking(False)
        if deaf:
            # Else the kernel takes tens of megabytes for it.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**15)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=sock, limit=2**10 if deaf else 2**16)
        fields = {
            "Host": "localhost",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
            **(headers or {}),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
        writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), TIMEOUT_S)
        status = int(head.split(b" ", 2)[1])
        if status != 101:
            body = await asyncio.wait_for(reader.read(), TIMEOUT_S)
            writer.close()
            raise Refused(status, head, body)
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
        return cls(reader, writer)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send(self, message: Any) -> None:
        await self.write(frame(1, json.dumps(message).encode()))

    async def read_frame(self) -> tuple[int, bytes]:
        """(opcode, payload); EOF is an IncompleteReadError."""
        async with asyncio.timeout(TIMEOUT_S):
            first, size = await self.reader.readexactly(2)
            assert first & 0x70 == 0
            assert not size & 0x80, "a server does not mask"
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            assert first & 0x80, "the server does not fragment"
            return first & 0x0F, await self.reader.readexactly(size)

    async def next(self, kind: str | None = None) -> dict[str, Any]:
        """The next message, or the next of a type."""
        while True:
            opcode, payload = await self.read_frame()
            if opcode == 9:
                await self.write(frame(10, payload))
                continue
            assert opcode == 1, (opcode, payload)
            message: dict[str, Any] = json.loads(payload)
            if kind is None or message["type"] == kind:
                return message

    async def closed(self) -> int | None:
        """Read to the end: the close frame's code, or None when there was none."""
        try:
            while True:
                opcode, payload = await self.read_frame()
                if opcode == 8 and self.close_code is None:
                    self.close_code = int.from_bytes(payload[:2], "big") if payload else 1005
                    self.writer.write(frame(8, payload[:2]))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self.abort()
        return self.close_code

    def abort(self) -> None:
        self.writer.transport.abort()


def hang_up_all() -> None:
    """Sockets end with the loop that they belong to."""
    for peer in Peer.opened:
        peer.abort()
    Peer.opened.clear()


@pytest_asyncio.fixture(autouse=True)
async def hang_up() -> AsyncIterator[None]:
    """For every test where this is imported."""
    yield
    hang_up_all()
