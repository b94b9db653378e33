"""A process's metrics, on a port of its own: what Prometheus reads of it.

Owns how they are written and served, never what is counted.  The text is made in slices between which the event loop
does its work, at most once a second and for everybody who asks: a thousand readers cost what one does.  Must never be
reachable where players are: by default it listens on the loopback interface only.
"""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Final, Literal, cast

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Metric, disable_created_metrics, generate_latest
from prometheus_client.registry import Collector

from chance_tap.settings import Settings, SettingsError

log = structlog.get_logger(__name__)

Part = Literal["gateway", "worker", "bot"]
DEFAULT_PORTS: Final[dict[Part, int]] = {"gateway": 9401, "worker": 9402, "bot": 9403}
KEEP_S: Final = 1.0
MAX_READERS: Final = 32
READER_TIME_S: Final = 5.0
MAX_HEAD_BYTES: Final = 8 * 1024
_SAMPLES_A_SLICE: Final = 40  # about half a millisecond
_NOT_FOUND: Final = b"This port has /metrics, and nothing else.\n"


# They double what is said of a counter, and tell only when the process started.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Exposition:
    """The text of a registry's metrics, at most `KEEP_S` old."""

    def __init__(self, registry: Collector = REGISTRY) -> None:
        self._registry = registry
        self._text = b""
        self._made_at = float("-inf")
        self._making: asyncio.Task[bytes] | None = None

    async def text(self) -> bytes:
        """Who asks while it is being made gets the same bytes as who asked first."""
        if self._making is None and asyncio.get_running_loop().time() - self._made_at < KEEP_S:
            return self._text
        if self._making is None:
            self._making = asyncio.create_task(self._make(), name="metrics")
        return await asyncio.shield(self._making)

    async def _make(self) -> bytes:
        try:
            slices = []
            for part in _slices(self._registry):
                slices.append(generate_latest(part))
                await asyncio.sleep(0)  # whoever has something to do goes first
            self._text = _joined(slices)
            self._made_at = asyncio.get_running_loop().time()
            return self._text
        finally:
            self._making = None


class _Slice(Collector):
    """Some samples of one metric, as a registry that has nothing else."""

    def __init__(self, metric: Metric, samples: slice) -> None:
        self._part = Metric(metric.name, metric.documentation, metric.type, metric.unit)
        self._part.samples = metric.samples[samples]

    def collect(self) -> Iterator[Metric]:
        yield self._part


def _slices(registry: Collector) -> Iterator[_Slice]:
    for metric in registry.collect():
        for start in range(0, max(1, len(metric.samples)), _SAMPLES_A_SLICE):
            yield _Slice(metric, slice(start, start + _SAMPLES_A_SLICE))


def _joined(slices: list[bytes]) -> bytes:
    """One text: a metric that took several slices is named once."""
    text: list[bytes] = []
    heading = b""
    for part in slices:
        lines = part.split(b"\n", 2)
        text.append(lines[2] if b"\n".join(lines[:2]) == heading else part)
        heading = b"\n".join(lines[:2])
    return b"".join(text)


@asynccontextmanager
async def serve_metrics(settings: Settings, part: Part) -> AsyncIterator[int]:
    """Serve this process's metrics for as long as the context lasts; it gives the port.

    The port of METRICS_PORT, or the part's own.  One that is taken does not keep a process from its work: another is
    used, and the log says which.  Only in production a METRICS_PORT that somebody chose has to be had.

    Raises:
        SettingsError: the host is none of this machine's; or as above.
    """
    readers: set[asyncio.Transport] = set()
    server = await _listen(settings, part, readers)
    port: int = server.sockets[0].getsockname()[1]
    log.info("metrics", address=f"http://{settings.metrics_host}:{port}/metrics")
    try:
        yield port
    finally:
        server.close()
        for transport in readers:
            transport.abort()


async def _listen(settings: Settings, part: Part, readers: set[asyncio.Transport]) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    host, port = settings.metrics_host, settings.metrics_port or DEFAULT_PORTS[part]
    exposition = Exposition()

    def reader() -> asyncio.Protocol:
        return _Reader(exposition, readers)

    try:
        return await loop.create_server(reader, host, port)
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise SettingsError(f"METRICS_HOST is {host}: it is no address of this machine.") from error
        if settings.metrics_port and settings.is_production:
            reason = f"METRICS_PORT is {port}: it cannot be used ({error.strerror})."
            raise SettingsError(f"{reason} Choose another, one a process.") from error
        server = await loop.create_server(reader, host, 0)
        log.warning("the port for metrics is taken", wanted=port, used=server.sockets[0].getsockname()[1])
        return server


class _Reader(asyncio.Protocol):
    """One reader: a request, an answer, and no more."""

    def __init__(self, exposition: Exposition, readers: set[asyncio.Transport]) -> None:
        self._exposition = exposition
        self._readers = readers
        self._head = b""
        self._transport: asyncio.Transport | None = None
        self._answering: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = opened = cast(asyncio.Transport, transport)
        if len(self._readers) >= MAX_READERS:
            opened.abort()
            return
        self._readers.add(opened)
        self._deadline = asyncio.get_running_loop().call_later(READER_TIME_S, opened.abort)

    def data_received(self, data: bytes) -> None:
        if self._answering is not None or self._transport is None:
            return
        self._head += data
        if b"\r\n\r\n" in self._head:
            self._answering = asyncio.create_task(self._answer(self._head.split(b" ", 2)), name="metrics reader")
        elif len(self._head) > MAX_HEAD_BYTES:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._transport is not None:
            self._readers.discard(self._transport)
        if self._deadline is not None:
            self._deadline.cancel()
        if self._answering is not None:
            self._answering.cancel()
        self._transport = None

    async def _answer(self, request: list[bytes]) -> None:
        method, path = request[0], request[1].partition(b"?")[0] if len(request) > 1 else b""
        found = path == b"/metrics" and method in (b"GET", b"HEAD")
        body = await self._exposition.text() if found else _NOT_FOUND
        status, kind = (b"200 OK", CONTENT_TYPE_LATEST) if found else (b"404 Not Found", "text/plain; charset=utf-8")
        head = b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        transport = self._transport
        if transport is not None:
            with suppress(OSError):
                transport.write(head % (status, kind.encode(), len(body)) + (b"" if method == b"HEAD" else body))
            transport.close()  # once it is all out; the deadline ends who does not read
