"""The door to everything live.  Owns the router, the scripts and the heartbeat; decides nothing."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

from persistence.errors import StoreUnavailable
from persistence.redis import keys
from persistence.redis.bonus import BonusCommands
from persistence.redis.connection import Refused, ignore_reply
from persistence.redis.gateways import GatewayCommands
from persistence.redis.known_networks import KnownNetworks
from persistence.redis.leaderboards import LeaderboardCommands
from persistence.redis.lobby import LobbyCommands, LobbyRoom
from persistence.redis.presence import PresenceCommands
from persistence.redis.proofs import ProofPayloads
from persistence.redis.rate_limits import RateLimitCommands
from persistence.redis.results import ResultStream
from persistence.redis.rooms import RoomCommands
from persistence.redis.router import Router
from persistence.redis.scripts import ScriptSet
from persistence.redis.shard import parse_info
from persistence.redis.subscriber import OnMessage, OnResync, Subscriber
from persistence.redis.user_events import UserEvents
from persistence.redis.wallet_sessions import WalletSessions

HEARTBEAT_S = 1.03
SNAPSHOTS_AT_ONCE = 200


class UnfitStore(Exception):
    """The server cannot keep games and money safe as it is configured; the message says what to change."""


class RedisStore:
    """One a process.  Every method raises StoreUnavailable when Redis does not answer."""

    def __init__(self, router: Router, scripts: ScriptSet) -> None:
        self.lobby = LobbyCommands(router, scripts)
        self.rooms = RoomCommands(router, scripts, self.lobby)
        self.bonus = BonusCommands(router, scripts)
        self.results = ResultStream(router, scripts["barrier"])
        self.gateways = GatewayCommands(router, scripts)
        self.leaderboards = LeaderboardCommands(router, scripts)
        self.presence = PresenceCommands(router, scripts)
        self.proofs = ProofPayloads(router)
        self.wallet_sessions = WalletSessions(router)
        self.rate_limits = RateLimitCommands(router, scripts)
        self.known_networks = KnownNetworks(router)
        self.user_events = UserEvents(router)
        self.router = router
        self._heartbeat_script = scripts["heartbeat"]
        self._due = scripts["due"]
        self._subscribers: list[Subscriber] = []
        self._heartbeat: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, redis_url: str, *, scripts: ScriptSet | None = None, heartbeat: bool = True) -> "RedisStore":
        """Connect, check the server and begin the heartbeat.

        Raises:
            StoreUnavailable: nobody answers.
            UnfitStore: the server is too old or not configured to keep its data.
            ValueError: the URL is malformed.
        """
        scripts = scripts or ScriptSet()
        try:
            router = await Router.open(redis_url, scripts)
        except Refused as error:
            raise UnfitStore(f"Redis refuses: {error}") from error
        store = cls(router, scripts)
        try:
            await store._check()
            if heartbeat:
                await store.heartbeat()
                store._heartbeat = asyncio.create_task(store._beat(), name="redis heartbeat")
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        for task in (self._heartbeat, self._looking):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        for subscriber in self._subscribers:
            await subscriber.close()
        await self.results.close()
        await self.router.close()

    def now_ms(self) -> int:
        """The server's time, as estimated from the last probe; milliseconds since the epoch."""
        return int(time.monotonic() * 1000 + self.router.owner(0).clock_offset_ms)

    async def heartbeat(self) -> None:
        """Heartbeat of every partition.  A silence of over 5 s is found here and cancels the games it fell into."""
        parts = [keys.partition(number) for number in range(keys.PARTITIONS)]
        await asyncio.gather(
            *(self.router.call(at.slot, self._heartbeat_script, (at.heartbeat, at.due)) for at in parts)
        )

    async def check_writes(self) -> None:
        """Write to every server that holds rooms.

        Raises:
            WritesRefused: one of them answers and takes none.
            StoreUnavailable: one does not answer.
        """
        parts = [keys.partition(number) for number in range(keys.PARTITIONS)]
        one_each = {self.router.owner(at.slot): at for at in parts}
        await asyncio.gather(
            *(self.router.execute(at.slot, "SET", at.probe, 1, "PX", 60_000) for at in one_each.values())
        )
        self.router.writes.taken()

    async def due(self, limit: int = 200) -> list[tuple[str, int]]:
        """(room id, due ms) of rooms whose deadline has come, the longest waiting first; `limit` a partition.

        Makes do with the shards that answer, and raises StoreUnavailable only when nothing is due there.
        """
        parts = [keys.partition(number) for number in range(keys.PARTITIONS)]
        requests = (self.router.call(at.slot, self._due, (at.due,), limit) for at in parts)
        found: list[tuple[str, int]] = []
        away: StoreUnavailable | None = None
        for reply in await asyncio.gather(*requests, return_exceptions=True):
            if isinstance(reply, StoreUnavailable):
                away = reply
            elif isinstance(reply, BaseException):
                raise reply
            else:
                found += ((room_id.decode(), int(due)) for room_id, due in zip(reply[1::2], reply[2::2], strict=True))
        if away is not None and not found:
            raise away
        return sorted(found, key=lambda item: item[1])

    async def upcoming(self, after_ms: int, until_ms: int, limit: int) -> list[str]:
        """Rooms whose next deadline is after one moment and not after the other; `limit` a partition."""
        parts = [keys.partition(number) for number in range(keys.PARTITIONS)]
        window = (f"({after_ms}", until_ms, "BYSCORE", "LIMIT", 0, limit)
        replies = await asyncio.gather(*(self.router.execute(at.slot, "ZRANGE", at.due, *window) for at in parts))
        return [room_id.decode() for reply in replies for room_id in reply]

    async def open_rooms(self) -> list[str]:
        """Every room that is not settled, over all partitions."""
        parts = [keys.partition(number) for number in range(keys.PARTITIONS)]
        replies = await asyncio.gather(*(self.router.execute(at.slot, "ZRANGE", at.due, 0, -1) for at in parts))
        return [room_id.decode() for reply in replies for room_id in reply]

    async def rebuild_lobbies(self, stakes: Sequence[int]) -> int:
        """Bring the lobbies in line with the rooms that there are.  Returns how many rooms they had to forget."""
        by_stake: dict[int, list[LobbyRoom]] = {stake: [] for stake in stakes}
        rooms = await self.open_rooms()
        for start in range(0, len(rooms), SNAPSHOTS_AT_ONCE):
            some = rooms[start : start + SNAPSHOTS_AT_ONCE]
            for state in await asyncio.gather(*(self.rooms.snapshot(room_id) for room_id in some)):
                if state is not None and state.kind == "standard" and state.stake in by_stake:
                    by_stake[state.stake].append(
                        LobbyRoom(state.room_id, state.revision, state.free, len(state.players), state.state)
                    )
        return sum(await asyncio.gather(*(self.lobby.rebuild(stake, found) for stake, found in by_stake.items())))

    def subscriber(self, on_message: OnMessage, on_resync: OnResync) -> Subscriber:
        """A subscriber of this store; closed with it."""
        subscriber = Subscriber(self.router, on_message, on_resync)
        self._subscribers.append(subscriber)
        return subscriber

    async def _beat(self) -> None:
        """Without waiting for answers: a shard that gives none must not make the others look dead."""
        parts = [keys.partition(number) for number in range(keys.PARTITIONS)]
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            for at in parts:
                self.router.run(at.slot, self._heartbeat_script, (at.heartbeat, at.due), (), ignore_reply)
            if self.router.writes.are_refused and (self._looking is None or self._looking.done()):
                self._looking = asyncio.create_task(self._look_again(), name="redis writes")

    async def _look_again(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            await self.check_writes()

    async def _check(self) -> None:
        for shard in self.router.masters():
            info = parse_info(await self.router.ask(shard, "INFO"))
            where = f"Redis at {shard.address.host}:{shard.address.port}"
            version = tuple(int(part) for part in info["redis_version"].split(".")[:2])
            if version < (7, 2):
                raise UnfitStore(f"{where} speaks {info['redis_version']}: Valkey, or Redis 7.2 or newer, is needed.")
            policy = info.get("maxmemory_policy", "noeviction")
            if policy != "noeviction":
                raise UnfitStore(f"{where} may evict games: set maxmemory-policy noeviction (it is {policy}).")
            if info.get("aof_enabled") != "1" and info.get("connected_slaves", "0") == "0":
                raise UnfitStore(f"{where} would forget games: set appendonly yes, or give it a replica.")
