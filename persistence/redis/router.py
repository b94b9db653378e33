"""Which server owns a slot, and how a command gets there in spite of what the cluster answers.

Owns the slot map and every redirection: MOVED, ASK, NOSCRIPT, TRYAGAIN, LOADING, READONLY, CLUSTERDOWN.
All of those mean "not executed", so sending again is safe; a lost reply does not, so it is never sent again.  A server
that answers and takes no writes (OOM, MISCONF, NOREPLICAS) is asked once; `chance_tap/telemetry/writes.py` tells of it.
Repeats may overtake each other: who needs an order (the tap path) keeps one command in flight.  A standalone server is
a cluster of one shard.
"""

import asyncio
from collections.abc import Callable, Sequence

import hiredis

from chance_tap.telemetry.writes import Writes
from persistence.errors import StoreUnavailable, WritesRefused
from persistence.redis.connection import (
    PROBE_S,
    Access,
    Address,
    Argument,
    Arguments,
    Callback,
    Connection,
    ReconnectingConnection,
    Refused,
    Reply,
    Unsent,
    ignore_reply,
    into,
    parse_url,
)
from persistence.redis.keys import SLOTS
from persistence.redis.scripts import Script, ScriptSet
from persistence.redis.shard import Shard, parse_info

MAX_ATTEMPTS = 16
RETRY_S = 0.03
RETRY_MAX_S = 0.5
SILENT_S = 0.8  # a server that owes a reply for this long may be lost: the others are asked who has its slots
ASK_S = 0.5  # how long one of them may take to say so
_LATER = frozenset({"TRYAGAIN", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "READONLY", "BUSY"})
_NO_WRITES = frozenset({"OOM", "MISCONF", "NOREPLICAS", "READONLY"})  # the server is well otherwise
_STALE_MAP = frozenset({"CLUSTERDOWN", "READONLY", "MASTERDOWN"})


class Command:
    """One command on its way.  It is the callback of its own reply."""

    __slots__ = ("_args", "_attempts", "_callback", "_keys", "_origin", "_router", "_script", "_shard", "slot")

    def __init__(
        self,
        router: "Router",
        slot: int,
        script: Script | None,
        keys: tuple[bytes, ...],
        args: Arguments,
        callback: Callback,
        origin: str | None = None,
    ) -> None:
        self.slot = slot
        self._router = router
        self._script = script
        self._keys = keys
        self._args = args
        self._callback = callback
        self._origin = origin
        self._attempts = 0
        self._shard: Shard | None = None

    def send(self, shard: Shard) -> None:
        self._shard = shard
        if shard.link.up:
            self._go(shard.link)
        else:
            shard.link.hold(self._go, self)

    def _go(self, out: ReconnectingConnection | Connection) -> None:
        """Now, and not before, it is known as whom the server came back."""
        shard = self._shard
        assert shard is not None
        if self._origin is None or self._origin == shard.replid:
            out.send(self._words(shard), self)
        else:
            self._callback(StoreUnavailable("redis"))

    def _words(self, shard: Shard) -> Arguments:
        script = self._script
        if script is None:
            return self._args
        return (b"EVALSHA", script.sha, script.keys, *self._keys, shard.replid, *self._args)

    def __call__(self, reply: Reply) -> None:
        if isinstance(reply, hiredis.ReplyError):
            self._redirect(reply)
        elif isinstance(reply, Unsent) and self._router.owner(self.slot) is not self._shard:
            self.send(self._router.owner(self.slot))
        else:
            self._callback(reply)

    def _redirect(self, error: hiredis.ReplyError) -> None:
        words = str(error).split()
        word = words[0] if words else ""
        shard, router = self._shard, self._router
        assert shard is not None
        self._attempts += 1
        if router.closed:
            self._callback(StoreUnavailable("redis"))  # to follow it could open a connection that nobody closes
        elif self._attempts > MAX_ATTEMPTS and (word in _LATER or word in ("MOVED", "ASK", "NOSCRIPT")):
            self._give_up(word, error)
        elif word == "MOVED":
            target = router.shard_at(words[2], shard)
            router.moved(self.slot, target)
            self.send(target)
        elif word == "ASK":
            self._ask(router.shard_at(words[2], shard))
        elif word == "NOSCRIPT" and self._script is not None:
            shard.link.send(("SCRIPT", "LOAD", self._script.body), ignore_reply)
            if router.owner(self.slot) is shard:
                self.send(shard)
            else:
                self._ask(shard)  # it answered only because we had asked
        elif word in _LATER:
            if word in _STALE_MAP:
                router.refresh()
            pause = min(RETRY_MAX_S, RETRY_S * 2 ** (self._attempts - 1))
            asyncio.get_running_loop().call_later(pause, self._again)
        elif word in _NO_WRITES:
            self._give_up(word, error)
        else:
            self._callback(error)

    def _give_up(self, word: str, error: hiredis.ReplyError) -> None:
        if word not in _NO_WRITES:
            self._callback(StoreUnavailable("redis"))
            return
        self._router.writes.refused(str(error))
        self._callback(WritesRefused("redis", str(error)))

    def _again(self) -> None:
        if self._router.closed:
            self._callback(StoreUnavailable("redis"))
        else:
            self.send(self._router.owner(self.slot))

    def _ask(self, shard: Shard) -> None:
        """ASKING holds for the next command of a connection only, so both go out together."""
        self._shard = shard

        def both(connection: Connection) -> None:
            connection.send((b"ASKING",), ignore_reply)
            connection.send(self._words(shard), self)

        shard.link.hold(both, self)


class Router:
    """Commands by slot.  `open` before use."""

    def __init__(self, scripts: ScriptSet) -> None:
        self.closed = False
        self.is_cluster = False
        self.writes = Writes("redis")
        self._scripts = scripts
        self._access: Access | None = None
        self._shards: dict[Address, Shard] = {}
        self._owners: list[Shard] = []
        self._refreshing: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None
        self._watchers: list[Callable[[], None]] = []
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def open(cls, url: str, scripts: ScriptSet) -> "Router":
        """Connect and learn the slot map.  Raises StoreUnavailable, Refused or ValueError (the URL)."""
        router = cls(scripts)
        address, router._access = parse_url(url)
        try:
            await router._begin(address)
        except BaseException as error:
            await router.close()
            if isinstance(error, Refused) and str(error).split()[0] in _LATER:
                raise StoreUnavailable("redis") from error  # it loads its data, or has no master yet
            raise
        router._probing = asyncio.get_running_loop().create_task(router._probe(), name="redis probe")
        return router

    async def _begin(self, address: Address) -> None:
        seed = self._shard(address)
        await seed.link.ready()
        self._owners = [seed] * SLOTS
        info = parse_info(await self.ask(seed, "INFO", "server"))
        self.is_cluster = (info.get("server_mode") or info.get("redis_mode")) == "cluster"
        if self.is_cluster:
            await self._read_map()
            await asyncio.gather(*(shard.link.ready() for shard in self.masters()))

    async def close(self) -> None:
        self.closed = True
        for task in (self._probing, self._refreshing):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        for shard in list(self._shards.values()):
            await shard.link.close()

    def owner(self, slot: int) -> Shard:
        return self._owners[slot]

    def masters(self) -> list[Shard]:
        """The shards that own slots, in the order of their slots."""
        return list(dict.fromkeys(self._owners))

    def watch(self, moved: Callable[[], None]) -> None:
        """Call `moved` whenever slots have got other owners."""
        self._watchers.append(moved)

    @property
    def access(self) -> Access:
        assert self._access is not None
        return self._access

    def send(self, slot: int, args: Arguments, callback: Callback) -> None:
        """A plain command.  `callback` gets the reply, a ReplyError or a StoreUnavailable."""
        Command(self, slot, None, (), args, callback).send(self._owners[slot])

    def run(
        self,
        slot: int,
        script: Script,
        keys: tuple[bytes, ...],
        args: Arguments,
        callback: Callback,
        origin: str | None = None,
    ) -> None:
        """A script.  ARGV begins with the replication id of the shard that runs it; `args` follow.

        `origin`: not executed, but answered with StoreUnavailable, when the slot's owner, also after a MOVED, has
        another replication id than that: it may have come back older than it was, or be another.
        """
        Command(self, slot, script, keys, args, callback, origin).send(self._owners[slot])

    async def execute(self, slot: int, *args: Argument) -> Reply:
        """`send`, awaited.  Raises StoreUnavailable or Refused."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        self.send(slot, args, into(future))
        return await future

    async def call(self, slot: int, script: Script, keys: tuple[bytes, ...], *args: Argument) -> Reply:
        """`run`, awaited.  Raises StoreUnavailable or Refused."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        self.run(slot, script, keys, args, into(future))
        return await future

    async def ask(self, shard: Shard, *args: Argument) -> Reply:
        """A command about a server, not about a slot.  Raises StoreUnavailable or Refused."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        shard.link.send(args, into(future))
        return await future

    def shard_at(self, address: str, source: Shard) -> Shard:
        """The server that a redirection names; without a host it is the one that answered."""
        host, _, port = address.rpartition(":")
        return self._shard(Address(host or source.address.host, int(port)))

    def known(self, address: Address) -> Shard:
        """The shard at an address that was learnt before."""
        return self._shards[address]

    def moved(self, slot: int, shard: Shard) -> None:
        """One slot has another owner: the others may have too."""
        if self._owners[slot] is not shard:
            self._owners[slot] = shard
            self._tell_watchers()
        self.refresh()

    def refresh(self) -> None:
        """Read the slot map again, in the background."""
        if self.is_cluster and not self.closed and self._refreshing is None:
            self._refreshing = self._loop.create_task(self._refresh(), name="redis slot map")

    async def _refresh(self) -> None:
        try:
            await self._read_map()
        except (StoreUnavailable, Refused):
            pass  # nobody could be asked; the next redirection or probe tries again
        finally:
            self._refreshing = None

    async def owns(self, shard: Shard, slot: int) -> bool:
        """Whether another server of the cluster, too, takes this one for the slot's owner: one that slept through its
        own replacement does so itself for a moment.  Raises StoreUnavailable when none can be asked."""
        if not self.is_cluster:
            return True
        others = [other for other in self._shards.values() if other is not shard and other.link.up]
        return (await self._first_map(others)).get(slot) == shard.address

    async def _read_map(self) -> None:
        # Those that are heard first: one that was killed or frozen would cost the time that a failover takes.
        shards = sorted(self._shards.values(), key=lambda shard: (not shard.link.up, shard.link.silent_s))
        found = await self._first_map(shards)
        before = list(self._owners)
        for slot, address in found.items():
            self._owners[slot] = self._shard(address)
        if self._owners == before:
            return
        owners = set(self._owners)
        for shard in set(before) - owners:
            if shard.link.silent_s > SILENT_S:
                shard.link.abort()  # what waits there for an answer waits in vain
            shard.link.release()
        self._tell_watchers()

    def _tell_watchers(self) -> None:
        for moved in self._watchers:
            moved()

    async def _first_map(self, shards: Sequence[Shard]) -> dict[int, Address]:
        """The slot map of the first of these that answers."""
        error: Exception = StoreUnavailable("redis")
        for shard in shards:
            try:
                async with asyncio.timeout(ASK_S):
                    ranges: Sequence[Reply] = await self.ask(shard, "CLUSTER", "SLOTS")
            except (StoreUnavailable, Refused) as failure:
                error = failure
                continue
            except TimeoutError:
                continue
            if ranges:
                return {
                    slot: Address((master[0] or b"").decode() or shard.address.host, master[1])
                    for first, last, master, *_ in ranges
                    for slot in range(first, last + 1)
                }
        raise error

    def _shard(self, address: Address) -> Shard:
        shard = self._shards.get(address)
        if shard is None:
            offset_ms = self._owners[0].clock_offset_ms if self._owners else 0.0
            shard = self._shards[address] = Shard(address, self.access, self._scripts, offset_ms)
        return shard

    async def _probe(self) -> None:
        """Replication ids, roles and clocks, about every second: a failover shows here first."""
        while True:
            await asyncio.sleep(PROBE_S)
            await asyncio.gather(*map(self._probe_one, self.masters()))

    async def _probe_one(self, shard: Shard) -> None:
        if not shard.link.up:
            self.refresh()
            return
        try:
            async with asyncio.timeout(SILENT_S):
                await shard.look()
        except TimeoutError:
            self.refresh()
        except (StoreUnavailable, Refused):
            return
        else:
            if not shard.is_master:
                self.refresh()
