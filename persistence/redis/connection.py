"""One pipelined connection to one Redis server, and the link that keeps it open.

Owns sockets, the order of replies, time-outs and reconnecting.  Never repeats a command: what was in flight when a
connection broke fails with `StoreUnavailable`, and whether it took effect is unknown.
"""

import asyncio
import contextlib
import random
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast
from urllib.parse import unquote, urlsplit

import hiredis

from persistence.errors import StoreUnavailable

Reply = Any
Callback = Callable[[Reply], None]
Argument = bytes | str | int | float
Arguments = tuple[Argument, ...]

MAX_IN_FLIGHT = 20_000
TIMEOUT_S = 3.0
PROBE_S = 0.97  # odd, so that timers do not line up
BACKOFF_S = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)
HOLD_S = 1.0  # a command given to a link that is down waits this long before it fails


def pack(args: Arguments) -> bytes:
    """A command in the server's protocol."""
    return cast(bytes, hiredis.pack_command(args))  # type: ignore[arg-type]  # its stub knows only tuples of one


class Refused(Exception):
    """The server answered with an error that the router does not know how to get over: a bug, or a server to repair."""


class Unsent(StoreUnavailable):
    """The command never left this process: whoever has its slot now may get it."""


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Access:
    """How to get in, the same for every server of a deployment."""

    username: str | None
    password: str | None
    database: int
    tls: bool


def parse_url(url: str) -> tuple[Address, Access]:
    """`redis[s]://[[user]:password@]host[:port][/database]`.

    Raises:
        ValueError: when it is not that.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError("REDIS_URL must look like redis://[[user]:password@]host[:port][/database]")
    database = parts.path.strip("/") or "0"
    access = Access(
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        database=int(database),
        tls=parts.scheme == "rediss",
    )
    return Address(parts.hostname, parts.port or 6379), access


class Connection(asyncio.Protocol):
    """Commands out, replies back in the same order.  A callback gets the reply, a `hiredis.ReplyError` or a
    `StoreUnavailable`, always as a value."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._pending: deque[Callback] = deque()
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._timeout_s = timeout_s
        self._heard = self._loop.time()
        self._probe: asyncio.TimerHandle | None = None
        self.lost = asyncio.Event()

    @property
    def silent_s(self) -> float:
        """How long a reply has been owed without a word."""
        return self._loop.time() - self._heard if self._pending else 0.0

    def send(self, args: Arguments, callback: Callback) -> None:
        """Queue a command; what one turn of the loop queues goes out in one write."""
        if self._transport is None or len(self._pending) >= MAX_IN_FLIGHT:
            callback(StoreUnavailable("redis"))
            return
        if not self._pending:
            self._heard = self._loop.time()
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(pack(args))
        self._pending.append(callback)

    async def request(self, *args: Argument) -> Reply:
        """One command, awaited.  Raises StoreUnavailable or Refused."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        self.send(args, into(future))
        return await future

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Cut it, and wait until it is gone."""
        self.abort()
        await self.lost.wait()

    def _flush(self) -> None:
        if self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from it
        self._probe = self._loop.call_later(PROBE_S, self._look)

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        reader, pending = self._reader, self._pending
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                self._hand_over(pending.popleft(), reply)
        except (hiredis.ProtocolError, IndexError):
            self.abort()  # not Redis, or out of step: nothing on this connection can be trusted any more

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        if self._probe is not None:
            self._probe.cancel()
        pending, self._pending = self._pending, deque()
        self.lost.set()
        for callback in pending:
            self._hand_over(callback, StoreUnavailable("redis"))

    def _hand_over(self, callback: Callback, reply: Reply) -> None:
        """A callback that fails is its owner's bug and must not cost the others their replies."""
        try:
            callback(reply)
        except Exception as error:
            self._loop.call_exception_handler({"message": "a Redis callback failed", "exception": error})

    def _look(self) -> None:
        """A silent server is as good as none: find out also when nobody asks anything."""
        if self._transport is None:
            return
        self._probe = self._loop.call_later(PROBE_S, self._look)
        if not self._pending:
            self.send((b"PING",), ignore_reply)
        elif self._loop.time() - self._heard > self._timeout_s:
            self.abort()


def ignore_reply(_reply: Reply) -> None:
    """The callback of a command whose reply nobody waits for."""


def into(future: "asyncio.Future[Reply]") -> Callback:
    """A callback that completes a future; errors become exceptions."""

    def done(reply: Reply) -> None:
        if future.done():
            return
        if isinstance(reply, hiredis.ReplyError):
            future.set_exception(Refused(str(reply)))
        elif isinstance(reply, Exception):
            future.set_exception(reply)
        else:
            future.set_result(reply)

    return done


async def connect(address: Address, access: Access, timeout_s: float = TIMEOUT_S) -> Connection:
    """A connection that is logged in.  Raises StoreUnavailable or Refused."""
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context() if access.tls else None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            _, connection = await loop.create_connection(
                lambda: Connection(timeout_s), address.host, address.port, ssl=context
            )
    except (OSError, TimeoutError) as error:
        raise StoreUnavailable("redis") from error
    try:
        for command in login(access):
            await connection.request(*command)
    except BaseException:
        await connection.close()
        raise
    return connection


def login(access: Access) -> list[Arguments]:
    """The commands that begin a connection."""
    commands: list[Arguments] = []
    if access.password is not None:
        commands.append(("AUTH", *((access.username,) if access.username else ()), access.password))
    if access.database:
        commands.append(("SELECT", access.database))
    return commands


class ReconnectingConnection:
    """A connection that comes back.  While it is down commands wait for `HOLD_S`, then fail."""

    def __init__(
        self, address: Address, access: Access, prepare: Callable[[Connection], Awaitable[None]], name: str
    ) -> None:
        self.address = address
        self._access = access
        self._prepare = prepare
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._held: deque[tuple[float, Callable[[Connection], None], Callback]] = deque()
        self._first: asyncio.Future[None] = self._loop.create_future()
        self._first.add_done_callback(lambda first: None if first.cancelled() else first.exception())
        self._closing = False
        self._task = self._loop.create_task(self._keep_open(), name=name)

    @property
    def up(self) -> bool:
        return self._connection is not None

    @property
    def silent_s(self) -> float:
        """How long the server has owed a reply."""
        return 0.0 if self._connection is None else self._connection.silent_s

    async def ready(self) -> None:
        """Wait for the first attempt to connect.  Raises what it raised."""
        await asyncio.shield(self._first)

    def send(self, args: Arguments, callback: Callback) -> None:
        if self._connection is not None:
            self._connection.send(args, callback)
        else:
            self.hold(lambda connection: connection.send(args, callback), callback)

    def hold(self, send: Callable[[Connection], None], callback: Callback) -> None:
        """Call `send` once there is a connection; `callback` gets StoreUnavailable if there is none in time."""
        if self._connection is not None:
            send(self._connection)
        elif self._closing or len(self._held) >= MAX_IN_FLIGHT:
            callback(StoreUnavailable("redis"))
        else:
            if not self._held:
                self._loop.call_later(HOLD_S, self._give_up)
            self._held.append((self._loop.time() + HOLD_S, send, callback))

    def abort(self) -> None:
        """Drop the present connection; a new one follows."""
        if self._connection is not None:
            self._connection.abort()

    def release(self) -> None:
        """Give back what waits for a connection: another server has its slots now."""
        held, self._held = self._held, deque()
        for _, _, callback in held:
            callback(Unsent("redis"))

    async def close(self) -> None:
        self._closing = True
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()
        self._fail(until=float("inf"))
        self._first.cancel()

    def _give_up(self) -> None:
        self._fail(until=self._loop.time())
        if self._held:
            self._loop.call_at(self._held[0][0], self._give_up)

    def _fail(self, until: float) -> None:
        while self._held and self._held[0][0] <= until:
            self._held.popleft()[2](StoreUnavailable("redis"))

    async def _keep_open(self) -> None:
        attempt = 0
        while True:
            pause = BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)]
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            attempt += 1
            connection: Connection | None = None
            try:
                connection = await connect(self.address, self._access)
                await self._prepare(connection)
            except (StoreUnavailable, Refused) as error:
                if connection is not None:
                    await connection.close()
                if not self._first.done():
                    self._first.set_exception(error)
                continue
            except asyncio.CancelledError:
                if connection is not None:
                    await connection.close()
                raise
            attempt = 0
            self._connection = connection
            held, self._held = self._held, deque()
            for _, send, _ in held:
                send(connection)
            if not self._first.done():
                self._first.set_result(None)
            await connection.lost.wait()
            self._connection = None
