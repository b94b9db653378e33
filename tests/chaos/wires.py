"""The network between the parts, owned by the harness: TCP roads that can be cut, swallowed or slowed down.

A door listens on 127.0.0.1 and leads each connection down one of its roads.  Knows nothing of what is said on them.
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable
from typing import Literal, cast
from weakref import WeakSet

Mode = Literal["open", "cut", "hole"]
HIGH_WATER = 1 << 20


class _End(asyncio.Protocol):
    """One of the two sockets of a connection that is led through."""

    def __init__(self, road: "Road") -> None:
        self.road = road
        self.peer: _End | None = None
        self.transport: asyncio.Transport | None = None
        self.gone = asyncio.Event()
        self._early: list[bytes] = []
        self._late: deque[tuple[float, bytes]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER)
        self.road.joined(self)

    def data_received(self, data: bytes) -> None:
        if self.peer is None:
            self._early.append(data)
            return
        loop = asyncio.get_running_loop()
        if not self._late and self.road.delay_s <= 0:
            self.peer.write(data)
            return
        # What was sent first also arrives first: timers that are due together may come in any order, so there is one.
        last = self._late[-1][0] if self._late else 0.0
        self._late.append((max(last, loop.time() + self.road.delay_s), data))
        if len(self._late) == 1:
            loop.call_at(self._late[0][0], self._pass_on)

    def _pass_on(self) -> None:
        """Everything that is due; the timer may come a little early."""
        loop = asyncio.get_running_loop()
        at = self._late[0][0]
        while self._late and self._late[0][0] <= at:
            data = self._late.popleft()[1]
            if self.peer is not None:
                self.peer.write(data)
        if self._late:
            loop.call_at(self._late[0][0], self._pass_on)

    def eof_received(self) -> None:
        return  # the connection ends as a whole

    def connection_lost(self, exc: Exception | None) -> None:
        self.road.left(self)
        self.transport = None
        self.gone.set()
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.close()

    def pause_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None and self.road.mode == "open":
            self.peer.transport.resume_reading()

    def write(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def meet(self, peer: "_End") -> None:
        self.peer, peer.peer = peer, self
        early, self._early = self._early, []
        for data in early:
            self.data_received(data)

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class Road:
    """Connections to one address.  `address` may change: later connections go to the new one."""

    def __init__(self, name: str, address: Callable[[], tuple[str, int]]) -> None:
        self.name = name
        self.address = address
        self.mode: Mode = "open"
        self.delay_s = 0.0
        self._ends: set[_End] = set()
        self._passable = asyncio.Event()
        self._passable.set()

    def cut(self) -> None:
        """End every connection, refuse new ones."""
        self.mode = "cut"
        self._passable.clear()
        self.reset()

    def swallow(self) -> None:
        """Nothing arrives any more, and nobody is told: connections stay, new ones get no answer."""
        self.mode = "hole"
        self._passable.clear()
        for end in self._ends:
            if end.transport is not None:
                end.transport.pause_reading()

    def heal(self, *, reset: bool = False) -> None:
        """Traffic flows again, what was held up included; with `reset` the old connections are ended."""
        self.mode = "open"
        self.delay_s = 0.0
        self._passable.set()
        if reset:
            self.reset()
        for end in self._ends:
            if end.transport is not None and not end.transport.is_closing():
                end.transport.resume_reading()

    def reset(self) -> None:
        """End the connections that there are."""
        for end in list(self._ends):
            end.abort()

    async def carry(self, near: _End) -> None:
        """Lead an accepted connection to the address, once the road lets it pass."""
        if self.mode == "cut":
            near.abort()
            return
        await self._passable.wait()
        if near.transport is None:
            return
        host, port = self.address()
        try:
            async with asyncio.timeout(5):
                _, far = await asyncio.get_running_loop().create_connection(lambda: _End(self), host, port)
        except (OSError, TimeoutError):
            near.abort()
            return
        if near.transport is None or not self._passable.is_set():
            near.abort()
            far.abort()
            return
        near.meet(far)

    def joined(self, end: _End) -> None:
        self._ends.add(end)
        if self.mode == "hole" and end.transport is not None:
            end.transport.pause_reading()

    def left(self, end: _End) -> None:
        self._ends.discard(end)


class Door:
    """A listening port.  `pick` names the road of a new connection; None: it is refused."""

    def __init__(self, pick: Callable[[], Road | None]) -> None:
        self._pick = pick
        self._server: asyncio.Server | None = None
        self._leading: set[asyncio.Task[None]] = set()
        self._ends: WeakSet[_End] = WeakSet()
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(self._accept, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._leading:
            task.cancel()
        await asyncio.gather(*self._leading, return_exceptions=True)
        for end in [both for near in self._ends for both in (near, near.peer) if both is not None]:
            if end.transport is not None:
                end.abort()
                await end.gone.wait()

    def _accept(self) -> asyncio.Protocol:
        road = self._pick()
        if road is None:
            return _Refusal()
        end = _End(road)
        self._ends.add(end)
        task = asyncio.get_running_loop().create_task(self._lead(road, end))
        self._leading.add(task)
        task.add_done_callback(self._leading.discard)
        return end

    async def _lead(self, road: Road, end: _End) -> None:
        await asyncio.sleep(0)  # its connection_made comes first
        await road.carry(end)


class _Refusal(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).abort()


class Balancer:
    """What stands before the gateways.  New connections go to those whose `/readyz` says yes (to any that is alive when
    none does); a gateway whose `/healthz` does not answer is dead, and its sessions are ended."""

    PERIOD_S = 0.5
    HEALTH_WITHIN_S = 1.0
    READY_WITHIN_S = 2.5
    FAILURES = 2

    def __init__(self, roads: list[Road], rng: random.Random) -> None:
        self._roads = roads
        self._rng = rng
        self._silent = dict.fromkeys(roads, 0)
        self._ready = dict.fromkeys(roads, False)
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.door = Door(self._choose)

    async def open(self) -> None:
        await self.door.open()
        self._tasks = [asyncio.create_task(watch(road)) for road in self._roads for watch in (self._live, self._serve)]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.door.close()

    async def all_ready(self) -> None:
        """Return once every gateway has said that it is."""
        while not all(self._ready.values()):
            self._changed.clear()
            await self._changed.wait()

    def _choose(self) -> Road | None:
        alive = [road for road in self._roads if self._silent[road] < self.FAILURES]
        choice = [road for road in alive if self._ready[road]] or alive
        return self._rng.choice(choice) if choice else None

    async def _live(self, road: Road) -> None:
        while True:
            answered = await _ask(road, "/healthz", self.HEALTH_WITHIN_S) == b"200"
            self._silent[road] = 0 if answered else self._silent[road] + 1
            if self._silent[road] == self.FAILURES:
                road.reset()
            await asyncio.sleep(self.PERIOD_S)

    async def _serve(self, road: Road) -> None:
        while True:
            self._ready[road] = await _ask(road, "/readyz", self.READY_WITHIN_S) == b"200"
            self._changed.set()
            await asyncio.sleep(self.PERIOD_S)


async def _ask(road: Road, path: str, within_s: float) -> bytes:
    """The status of a GET; empty when nothing came."""
    if road.mode != "open":
        await asyncio.sleep(0 if road.mode == "cut" else within_s)
        return b""
    writer = None
    try:
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_connection(*road.address())
            writer.write(f"GET {path} HTTP/1.1\r\nHost: balancer\r\nConnection: close\r\n\r\n".encode())
            return (await reader.readline()).split()[1]
    except (OSError, TimeoutError, IndexError, ValueError):
        return b""
    finally:
        if writer is not None:
            with contextlib.suppress(OSError):
                writer.close()
