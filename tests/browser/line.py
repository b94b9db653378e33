"""A network line that can be cut or freeze: a TCP relay in front of a gateway."""

import asyncio
import contextlib
from urllib.parse import urlsplit


class Line:
    """Relays to one address.  While it is cut every connection is reset and new ones are refused; what it was relaying
    when it froze stays open and brings nothing any more, as when a phone goes from one network to another."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._frozen: set[asyncio.StreamWriter] = set()
        self.port = 0

    @classmethod
    async def to(cls, url: str) -> "Line":
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        line = cls(parts.hostname, parts.port)
        await line.mend()
        return line

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()

    def freeze(self) -> None:
        self._frozen |= self._writers

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward_reader, onward_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, onward_writer}
        self._writers |= ends
        try:
            await asyncio.gather(self._pump(reader, onward_writer), self._pump(onward_reader, writer))
        finally:
            self._writers -= ends
            self._frozen -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if writer not in self._frozen:
                    writer.write(data)
                    await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()
