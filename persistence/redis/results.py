"""The results streams, one a partition: reading, claiming from the dead, acknowledging, and the durability barrier.

Never settles anything.  Nothing here blocks the server's other commands: reading polls.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from persistence.errors import StoreUnavailable
from persistence.redis import keys
from persistence.redis.connection import Address, Connection, Refused, Reply, connect
from persistence.redis.router import Router
from persistence.redis.scripts import Script
from persistence.redis.shard import Shard, parse_info, replication_id

GROUP: Final = "settlers"
CLAIM_IDLE_MS: Final = 10_000  # an entry that its reader left for this long is somebody else's
CLAIM_EVERY_S: Final = 5.0
BARRIER_MS: Final = 3_000
MARK_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class ResultEntry:
    """One result waiting to be settled; `deliveries` counts the attempts, this one included.  `origin` is the
    replication id of the server that had it."""

    partition: int
    entry_id: str
    room_id: str
    result: bytes
    deliveries: int
    origin: str


class ResultStream:
    """Every method raises StoreUnavailable when a shard does not answer, but where it says that it makes do."""

    def __init__(self, router: Router, mark: Script) -> None:
        self._router = router
        self._mark = mark
        self._claimed_at = float("-inf")
        self._fences: dict[Address, _Fence] = {}

    async def read(self, consumer: str, count: int = 50) -> list[ResultEntry]:
        """New entries, and now and then those that a dead reader left; at most `count` of each a partition.

        Makes do with the shards that answer: while one fails over the games of the others are settled.  Raises
        StoreUnavailable when nothing was read and not all could be asked.
        """
        requests = []
        for number in range(keys.PARTITIONS):
            at = keys.partition(number)
            requests.append(
                self._router.execute(
                    *(at.slot, "XREADGROUP", "GROUP", GROUP, consumer, "COUNT", count, "STREAMS", at.results, ">")
                )
            )
        entries: list[ResultEntry] = []
        away: StoreUnavailable | None = None
        for number, reply in enumerate(await asyncio.gather(*requests, return_exceptions=True)):
            if isinstance(reply, Refused) and str(reply).startswith("NOGROUP"):
                await self._make_group(number)
            elif isinstance(reply, StoreUnavailable):
                away = reply
            elif isinstance(reply, BaseException):
                raise reply
            elif reply:
                entries += (_entry(number, item, 1, self._origin(number)) for item in reply[0][1])
        loop = asyncio.get_running_loop()
        if away is None and loop.time() - self._claimed_at > CLAIM_EVERY_S:
            self._claimed_at = loop.time()
            entries += await self.claim(consumer, count)
        if away is not None and not entries:
            raise away
        return entries

    async def claim(self, consumer: str, count: int = 50, idle_ms: int = CLAIM_IDLE_MS) -> list[ResultEntry]:
        """Take over entries that were read `idle_ms` ago or longer and not acknowledged."""
        parts = [keys.partition(number) for number in range(keys.PARTITIONS)]
        replies = await asyncio.gather(
            *(
                self._router.execute(
                    *(at.slot, "XAUTOCLAIM", at.results, GROUP, consumer, idle_ms, "0-0", "COUNT", count)
                )
                for at in parts
            )
        )
        entries: list[ResultEntry] = []
        for number, reply in enumerate(replies):
            for item in reply[1]:
                at = parts[number]
                pending = await self._router.execute(at.slot, "XPENDING", at.results, GROUP, item[0], item[0], 1)
                deliveries = pending[0][3] if pending else 1
                entries.append(_entry(number, item, deliveries, self._origin(number)))
        return entries

    async def unfinished(self, consumer: str, count: int = 50) -> tuple[list[ResultEntry], bool]:
        """Entries that this consumer has read and not acknowledged, at most `count` a partition, and whether all
        shards could be asked; makes do with those that answer."""
        parts = [keys.partition(number) for number in range(keys.PARTITIONS)]
        replies = await asyncio.gather(
            *(
                self._router.execute(
                    *(at.slot, "XREADGROUP", "GROUP", GROUP, consumer, "COUNT", count, "STREAMS", at.results, 0)
                )
                for at in parts
            ),
            return_exceptions=True,
        )
        entries: list[ResultEntry] = []
        all_asked = True
        for number, reply in enumerate(replies):
            if isinstance(reply, Refused) and str(reply).startswith("NOGROUP"):
                continue  # `read` makes it; there is nothing that was read
            if isinstance(reply, StoreUnavailable):
                all_asked = False
            elif isinstance(reply, BaseException):
                raise reply
            else:  # one that was deleted is still listed, without its fields
                origin = self._origin(number)
                entries += (_entry(number, item, 1, origin) for item in reply[0][1] if item[1] is not None)
        return entries, all_asked

    async def ack(self, entries: Iterable[ResultEntry]) -> None:
        """Done with these: acknowledge and delete."""
        by_partition: dict[int, list[str]] = {}
        for entry in entries:
            by_partition.setdefault(entry.partition, []).append(entry.entry_id)
        requests = []
        for number, ids in by_partition.items():
            at = keys.partition(number)
            requests.append(self._router.execute(at.slot, "XACK", at.results, GROUP, *ids))
            requests.append(self._router.execute(at.slot, "XDEL", at.results, *ids))
        await asyncio.gather(*requests)

    async def waiting(self, partition: int) -> int:
        """Entries of one partition that nobody has acknowledged."""
        at = keys.partition(partition)
        return int(await self._router.execute(at.slot, "XLEN", at.results))

    async def barrier(self, partitions: Iterable[int]) -> None:
        """Return once all that was written to these partitions is safe: on a replica, on disk where there is none.

        Raises:
            StoreUnavailable: when it was not in time.
        """
        await asyncio.gather(*map(self._pass, partitions))

    async def kept(self, entries: Sequence[ResultEntry]) -> list[ResultEntry]:
        """Those of these entries that are safe where they were read: not those of a server that was replaced or
        came back older since.

        Raises:
            StoreUnavailable: none is, and not all shards could be asked.
        """
        numbers = sorted({entry.partition for entry in entries})
        passed: dict[int, str] = {}
        away: StoreUnavailable | None = None
        results = await asyncio.gather(*map(self._pass, numbers), return_exceptions=True)
        for number, result in zip(numbers, results, strict=True):
            if isinstance(result, str):
                passed[number] = result
            elif isinstance(result, StoreUnavailable):
                away = result
            else:
                raise result
        if away is not None and not passed:
            raise away
        return [entry for entry in entries if passed.get(entry.partition) == entry.origin]

    async def close(self) -> None:
        await asyncio.gather(*(fence.close() for fence in self._fences.values()))

    def _origin(self, number: int) -> str:
        return self._router.owner(keys.partition(number).slot).replid

    async def _pass(self, number: int) -> str:
        """The barrier of one partition; the replication id of the server that has it safe."""
        at = keys.partition(number)
        return await self._fence(self._router.owner(at.slot)).wait(at)

    def _fence(self, shard: Shard) -> "_Fence":
        fence = self._fences.get(shard.address)
        if fence is None:
            fence = self._fences[shard.address] = _Fence(self._router, shard.address, self._mark)
        return fence

    async def _make_group(self, number: int) -> None:
        at = keys.partition(number)
        try:
            await self._router.execute(at.slot, "XGROUP", "CREATE", at.results, GROUP, "0", "MKSTREAM")
        except Refused as error:
            if not str(error).startswith("BUSYGROUP"):
                raise


class _Fence:
    """WAIT speaks of the writes of its own connection, which it blocks: so each shard has one only for this.  All
    that ask while a round runs share the next one."""

    def __init__(self, router: Router, address: Address, mark: Script) -> None:
        self._router = router
        self._mark = mark
        self._endpoint = address
        self._connection: Connection | None = None
        self._lock = asyncio.Lock()
        self._next: asyncio.Task[str] | None = None
        self._rounds: set[asyncio.Task[str]] = set()

    async def wait(self, at: keys.PartitionKeys) -> str:
        if self._next is None:
            self._next = asyncio.create_task(self._round(at))
            self._rounds.add(self._next)
            self._next.add_done_callback(self._rounds.discard)
        return await asyncio.shield(self._next)

    async def close(self) -> None:
        rounds = list(self._rounds)
        for each in rounds:
            each.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()

    async def _round(self, at: keys.PartitionKeys) -> str:
        async with self._lock:
            self._next = None  # whoever comes from here on may have written after our mark
            try:
                return await self._pass(at)
            except (StoreUnavailable, Refused) as error:
                if self._connection is not None:
                    self._connection.abort()
                    self._connection = None
                self._router.refresh()
                raise StoreUnavailable("redis") from error

    async def _pass(self, at: keys.PartitionKeys) -> str:
        if self._connection is None or self._connection.lost.is_set():
            timeout_s = BARRIER_MS / 1000 + 1
            self._connection = await connect(self._endpoint, self._router.access, timeout_s)
        connection = self._connection
        _, info = await asyncio.gather(
            connection.request("EVALSHA", self._mark.sha, 1, at.barrier, "", MARK_MS),
            connection.request("INFO", "replication"),
        )
        replication = parse_info(info)
        if int(replication["connected_slaves"]) > 0:
            safe = await connection.request("WAIT", 1, BARRIER_MS) >= 1
        else:
            safe = (await connection.request("WAITAOF", 1, 0, BARRIER_MS))[0] >= 1
            # Without its replica it may be one that was replaced while it slept, and has not heard of it.
            safe = safe and await self._router.owns(self._router.known(self._endpoint), at.slot)
        if not safe:
            raise StoreUnavailable("redis")
        return replication_id(replication)


def _entry(partition: int, item: Sequence[Reply], deliveries: int, origin: str) -> ResultEntry:
    """An entry that lacks a field comes through empty: it fails alone and becomes a dead letter."""
    entry_id, flat = item
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    room_id = fields.get(b"room_id", b"").decode("ascii", "backslashreplace").replace("\0", "")
    return ResultEntry(partition, entry_id.decode(), room_id, fields.get(b"result", b""), deliveries, origin)
