"""One server of Redis, and what it says of itself.

Owns its link, the loading of the scripts on each new connection, and the replication id, role and clock that were read
from it last.  Must never decide which slots it owns: the router does.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from persistence.redis.connection import Access, Address, Argument, Connection, ReconnectingConnection, Reply, into
from persistence.redis.scripts import ScriptSet


class Shard:
    """One server: its link, its replication id (part of every epoch) and its clock."""

    def __init__(self, address: Address, access: Access, scripts: ScriptSet, clock_offset_ms: float) -> None:
        self.address = address
        self.replid = ""
        self.is_master = True
        self.clock_offset_ms = clock_offset_ms  # its clock less our monotonic one; a guess until it was asked
        self._scripts = scripts
        self.link = ReconnectingConnection(address, access, self._prepare, name=f"redis {address.host}:{address.port}")

    async def _prepare(self, connection: Connection) -> None:
        loads = [connection.request("SCRIPT", "LOAD", script.body) for script in self._scripts.all()]
        results = await asyncio.gather(self._look(connection.request), *loads, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def look(self) -> None:
        """Read the replication id, the role and the clock again.  Raises StoreUnavailable or Refused."""

        async def request(*args: Argument) -> Reply:
            future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
            self.link.send(args, into(future))
            return await future

        await self._look(request)

    async def _look(self, request: Callable[..., Awaitable[Reply]]) -> None:
        sent = time.monotonic()
        info, now = await asyncio.gather(request("INFO", "replication"), request("TIME"))
        middle = (sent + time.monotonic()) / 2
        fields = parse_info(info)
        self.replid = replication_id(fields)
        self.is_master = fields["role"] == "master"
        self.clock_offset_ms = int(now[0]) * 1000 + int(now[1]) / 1000 - middle * 1000


def parse_info(text: bytes) -> dict[str, str]:
    """INFO's lines as a dict.  Paths of the server's machine stand among them, which need not be text."""
    lines = (line.split(":", 1) for line in text.decode(errors="replace").splitlines() if ":" in line)
    return {words[0]: words[1] for words in lines}


def replication_id(fields: dict[str, str]) -> str:
    """As much of a server's replication id as names it: the part of every epoch that a failover changes."""
    return fields["master_replid"][:12]
