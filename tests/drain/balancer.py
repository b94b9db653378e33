"""A small TCP balancer, as it stands before gateways: it looks at /readyz now and then and sends new connections only
to those that are ready; what it has connected it leaves alone."""

import asyncio
import contextlib
import itertools
from collections.abc import Sequence

LOOK_S = 0.2
_BLOCK = 65536
_DIALS = 50


class Balancer:
    """`url` leads to the gateways at `urls`, in turn."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._ports = [int(url.rpartition(":")[2]) for url in urls]
        self._ready = dict.fromkeys(self._ports, False)
        self._turn = itertools.count()
        self._server: asyncio.Server | None = None
        self._looking: asyncio.Task[None] | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> "Balancer":
        await asyncio.gather(*map(self._look, self._ports))
        self._looking = asyncio.create_task(self._keep_looking())
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        assert self._looking is not None
        self._server.close()
        self._looking.cancel()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(self._looking, *self._pipes, return_exceptions=True)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await asyncio.gather(*map(self._look, self._ports))

    async def _look(self, port: int) -> None:
        self._ready[port] = await _is_ready(port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pipes.add(task)
        try:
            await self._connect(reader, writer)
        finally:
            self._pipes.discard(task)
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(_DIALS):
            ready = [port for port in self._ports if self._ready[port]]
            if not ready:
                return
            port = ready[next(self._turn) % len(ready)]
            try:
                from_gateway, to_gateway = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                self._ready[port] = False
                continue
            try:
                await asyncio.gather(_copy(reader, to_gateway), _copy(from_gateway, writer))
            finally:
                to_gateway.close()
            return


async def _is_ready(port: int) -> bool:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                return (await reader.read(_BLOCK)).startswith(b"HTTP/1.1 200 ")
            finally:
                writer.close()
    return False


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side ends, which ends the other."""
    with contextlib.suppress(OSError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
    writer.close()
