"""The results streams, one a partition: reading, claiming from the dead, acknowledging, and the durability barrier.

Never settles anything.  Nothing here blocks the server's other commands: reading polls.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from persistence.errors import StoreUnavailable
from persistence.redis import keys
from persistence.redis.connection import Connection, Endpoint, Refused, Reply, connect
from persistence.redis.router import Router, Shard, parse_info

GROUP: Final = "settlers"
CLAIM_IDLE_MS: Final = 10_000  # an entry that its reader left for this long is somebody else's
CLAIM_EVERY_S: Final = 5.0
BARRIER_MS: Final = 3_000


@dataclass(frozen=True, slots=True)
class ResultEntry:
    """One result waiting to be settled; `deliveries` counts the attempts, this one included."""

    partition: int
    entry_id: str
    room_id: str
    result: bytes
    deliveries: int


class ResultStream:
    """Every method raises StoreUnavailable when a shard does not answer."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._claimed_at = float("-inf")
        self._fences: dict[Endpoint, _Fence] = {}

    async def read(self, consumer: str, count: int = 50) -> list[ResultEntry]:
        """New entries, and now and then those that a dead reader left; at most `count` of each a partition."""
        requests = []
        for number in range(keys.PARTITIONS):
            at = keys.partition(number)
            requests.append(
                self._router.execute(
                    *(at.slot, "XREADGROUP", "GROUP", GROUP, consumer, "COUNT", count, "STREAMS", at.results, ">")
                )
            )
        entries: list[ResultEntry] = []
        for number, reply in enumerate(await asyncio.gather(*requests, return_exceptions=True)):
            if isinstance(reply, Refused) and str(reply).startswith("NOGROUP"):
                await self._make_group(number)
            elif isinstance(reply, BaseException):
                raise reply
            elif reply:
                entries += (_entry(number, item, 1) for item in reply[0][1])
        loop = asyncio.get_running_loop()
        if loop.time() - self._claimed_at > CLAIM_EVERY_S:
            self._claimed_at = loop.time()
            entries += await self.claim(consumer, count)
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
                entries.append(_entry(number, item, pending[0][3] if pending else 1))
        return entries

    async def unfinished(self, consumer: str, count: int = 50) -> list[ResultEntry]:
        """Entries that this consumer has read and not acknowledged, at most `count` a partition."""
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
        for number, reply in enumerate(replies):
            if isinstance(reply, Refused) and str(reply).startswith("NOGROUP"):
                continue  # `read` makes it; there is nothing that was read
            if isinstance(reply, BaseException):
                raise reply
            # One that was deleted is still listed, without its fields.
            entries += (_entry(number, item, 1) for item in reply[0][1] if item[1] is not None)
        return entries

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
        shards: dict[Endpoint, tuple[Shard, keys.PartitionKeys]] = {}
        for number in partitions:
            at = keys.partition(number)
            shard = self._router.owner(at.slot)
            shards[shard.endpoint] = (shard, at)
        await asyncio.gather(*(self._fence(shard).wait(at) for shard, at in shards.values()))

    async def close(self) -> None:
        for fence in self._fences.values():
            fence.close()

    def _fence(self, shard: Shard) -> "_Fence":
        fence = self._fences.get(shard.endpoint)
        if fence is None:
            fence = self._fences[shard.endpoint] = _Fence(self._router, shard.endpoint)
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

    def __init__(self, router: Router, endpoint: Endpoint) -> None:
        self._router = router
        self._endpoint = endpoint
        self._connection: Connection | None = None
        self._lock = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None

    async def wait(self, at: keys.PartitionKeys) -> None:
        if self._next is None:
            self._next = asyncio.create_task(self._round(at))
        await asyncio.shield(self._next)

    def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
        if self._connection is not None:
            self._connection.abort()

    async def _round(self, at: keys.PartitionKeys) -> None:
        async with self._lock:
            self._next = None  # whoever comes from here on may have written after our mark
            try:
                await self._pass(at)
            except (StoreUnavailable, Refused) as error:
                if self._connection is not None:
                    self._connection.abort()
                    self._connection = None
                self._router.refresh()
                raise StoreUnavailable("redis") from error

    async def _pass(self, at: keys.PartitionKeys) -> None:
        if self._connection is None or self._connection.lost.is_set():
            timeout_s = BARRIER_MS / 1000 + 1
            self._connection = await connect(self._endpoint, self._router.access, timeout_s)
        connection = self._connection
        _, info = await asyncio.gather(
            connection.request("SET", at.barrier, 1, "PX", 60_000), connection.request("INFO", "replication")
        )
        if int(parse_info(info)["connected_slaves"]) > 0:
            safe = await connection.request("WAIT", 1, BARRIER_MS) >= 1
        else:
            safe = (await connection.request("WAITAOF", 1, 0, BARRIER_MS))[0] >= 1
        if not safe:
            raise StoreUnavailable("redis")


def _entry(partition: int, item: Sequence[Reply], deliveries: int) -> ResultEntry:
    """An entry that lacks a field comes through empty: it fails alone and becomes a dead letter."""
    entry_id, flat = item
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    room_id = fields.get(b"room_id", b"").decode("ascii", "backslashreplace").replace("\0", "")
    return ResultEntry(partition, entry_id.decode(), room_id, fields.get(b"result", b""), deliveries)
