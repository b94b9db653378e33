"""What the flows' tests share: players with Stars, a whole game without a gateway, the worker's rounds by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field, replace

import psycopg
import pytest
import pytest_asyncio

from chance_tap.settings import Settings
from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import games, users
from persistence.postgres.audit import Finding
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database
from persistence.postgres.response_writer import ResponseWriter
from persistence.redis.codes import TapFrame
from persistence.redis.room_state import RoomState
from persistence.redis.store import RedisStore
from persistence.rooms.audit import audit
from persistence.rooms.join_requests import Joined
from persistence.rooms.seats import Seats
from persistence.rooms.settlement import Settlement
from tests.fixtures.accounts import new_player
from tests.fixtures.waiting import eventually
from workers.loops.deadlines import DeadlineLoop
from workers.loops.orphaned_seats import OrphanedSeats
from workers.loops.results import ResultReader

GRANT = 1000
STAKE = 50
JOIN = "/api/v1/rooms/join"
CREATE = "/api/v1/rooms"
JOIN_BY_KEY = "/api/v1/rooms/join-by-key"
# A request that is sent once, and again.
JOIN_ONCE = IdempotencyKey(JOIN, "key", b"body")
CREATE_ONCE = IdempotencyKey(CREATE, "key", b"body")
JOIN_BY_KEY_ONCE = IdempotencyKey(JOIN_BY_KEY, "key", b"body")


@dataclass
class World:
    """Both stores, the flows on them, and a worker whose rounds are made by hand."""

    settings: Settings
    live: RedisStore
    db: Database
    seats: Seats = field(init=False)
    responses: ResponseWriter = field(init=False)
    settlement: Settlement = field(init=False)
    results: ResultReader = field(init=False)
    sweep: DeadlineLoop = field(init=False)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    players: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seats = Seats(self.live, self.db, self.settings)
        self.responses = ResponseWriter(self.db)
        self.settlement = Settlement(self.live, self.db)
        self.results = ResultReader(self.live, self.db, self.settlement, consumer="test", stop=self.stop)
        self.deadlines = DeadlineLoop(self.live, self.settlement, self.settings.stakes)

    async def player(self) -> int:
        self.players.append(await new_player(self.db, GRANT, is_demo=True))
        return self.players[-1]

    async def join(self, user_id: int, key: str, stake: int = STAKE) -> Joined:
        return await self.seats.join(user_id, stake, IdempotencyKey(JOIN, key, b"body"))

    async def sit(self, user_id: int, key: str = "key", stake: int = STAKE) -> RoomState:
        """Join and store the answer, as a gateway does."""
        joined = await self.join(user_id, key, stake)
        assert joined.room_state is not None
        await self.responses.store(user_id, IdempotencyKey(JOIN, key, b"body"), b"answer")
        return joined.room_state

    async def organize(self, user_id: int, key: str = "key", fee: int = STAKE) -> RoomState:
        """Make a hero room and store the answer."""
        made = await self.seats.create_hero(user_id, fee, IdempotencyKey(CREATE, key, b"body"))
        assert made.room_state is not None
        await self.responses.store(user_id, IdempotencyKey(CREATE, key, b"body"), b"answer")
        return made.room_state

    async def come(self, user_id: int, room: RoomState, key: str = "key") -> RoomState:
        """Join a hero room by its key and store the answer."""
        assert room.key is not None
        joined = await self.seats.join_by_key(user_id, room.key, IdempotencyKey(JOIN_BY_KEY, key, b"body"))
        assert joined.room_state is not None
        await self.responses.store(user_id, IdempotencyKey(JOIN_BY_KEY, key, b"body"), b"answer")
        return joined.room_state

    async def opened(self, players: int = 2, fee: int = STAKE) -> tuple[RoomState, int, list[int]]:
        """A waiting hero room, its organizer and its players."""
        organizer = await self.player()
        room = await self.organize(organizer, fee=fee)
        guests = [await self.player() for _ in range(players)]
        for guest in guests:
            await self.come(guest, room)
        return room, organizer, guests

    async def start(self, room: RoomState) -> str:
        """The organizer's start; how it was answered."""
        assert room.organizer_id is not None
        return (await self.live.rooms.start(room.room_id, room.organizer_id)).code

    async def balance(self, user_id: int) -> int:
        return (await users.me(self.db, user_id)).balance

    async def room_of(self, user_id: int) -> str | None:
        return (await users.me(self.db, user_id)).room_id

    async def tick_until(self, room_id: str, *states: str) -> None:
        """Move the room along its deadlines, waiting exactly as long as it says."""
        while True:
            reply = await self.live.rooms.tick(room_id)
            if reply.state in states:
                return
            assert reply.code == "ok"
            assert reply.remaining_ms >= 0, f"the room is {reply.state} for good"
            await asyncio.sleep(max(reply.remaining_ms, 1) / 1000)

    async def tap(self, room_id: str, user_id: int, count: int, seq: int) -> int:
        """One frame, now; its status."""
        return await self.send(room_id, TapFrame(str(user_id), count, self.live.now_ms(), seq))

    async def send(self, room_id: str, frame: TapFrame) -> int:
        """One frame as it is; its status."""
        done: asyncio.Future[list[int] | Exception] = asyncio.get_running_loop().create_future()
        self.live.rooms.tap_batch(room_id, [frame], done.set_result)
        reply = await done
        assert not isinstance(reply, Exception)
        return reply[0]

    async def play(self, room_id: str, taps: dict[int, int]) -> None:
        """From the wait to the end of the game, with these taps."""
        await self.tick_until(room_id, "playing")
        for user_id, count in taps.items():
            assert await self.tap(room_id, user_id, count, 1) == 1
        await self.tick_until(room_id, "finished", "cancelled")

    async def settle(self) -> int:
        """Two rounds of the stream reader, since the first may only make consumer groups; how many entries it had."""
        entries = [*await self.results.read(), *await self.results.read()]
        await self.results.settle(entries)
        return len(entries)

    async def claim(self) -> int:
        """The entries that a dead reader left, settled; how many there were."""
        entries = await self.live.results.claim("heir", idle_ms=0)
        await self.results.settle(entries)
        return len(entries)

    async def release_orphans(self, *, void_after_s: float = 3600) -> None:
        """One orphan round that takes everybody who might be under way for dead."""
        orphans = OrphanedSeats(self.live, self.db, self.settlement, unconfirmed_after_s=0, void_after_s=void_after_s)
        await orphans.round()

    async def recover(self) -> None:
        """Everything that a worker does in its first half minute after a crash."""
        await self.deadlines.round()
        await self.settle()
        await self.claim()
        await self.release_orphans()

    async def answers(self) -> None:
        """Redis was away, and is there again."""

        async def beats() -> bool:
            await self.live.heartbeat()
            return True

        await eventually("Redis answers again", beats, despite=StoreUnavailable)

    async def time_passes(self) -> None:
        """As after half a minute: holds of the dead have run out and so have the leases of their keys."""
        for room_id in await self.live.open_rooms():
            for seat in await self.live.rooms.seats(room_id) or []:
                if seat.state == "reserved" and await self.room_of(int(seat.user_id)) is None:
                    await self.live.rooms.leave(room_id, seat.seat_id)
        self.leases_run_out()

    def leases_run_out(self) -> None:
        """Whoever began a request is taken for dead."""
        with psycopg.connect(self.settings.database_url) as connection:
            connection.execute("UPDATE game.idempotency SET lease_until = now()")

    async def audit(self) -> list[Finding]:
        return await audit(self.live, self.db, patience_s=0)

    async def assert_clean(self) -> None:
        """The books are right, and no Star was made or lost."""
        assert await self.audit() == []
        assert await self.total() == GRANT * len(self.players)

    async def total(self) -> int:
        """Stars of all players, those that lie in their seats included."""
        total = 0
        for user_id in self.players:
            seat = await games.live_seat(self.db, user_id)
            total += await self.balance(user_id) + (0 if seat is None else seat.amount)
        return total


async def code_of(request: Awaitable[object]) -> ErrorCode | None:
    """How a request was refused; None when it was not."""
    try:
        await request
    except GameError as refusal:
        return refusal.code
    return None


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """Two seats a room and games of a second: a room starts as soon as two have paid."""
    return replace(settings, capacity=2, countdown_s=0, game_s=1, wait_s=1, hero_capacity=4, hero_target=20)


@pytest_asyncio.fixture
async def world(quick: Settings, live: RedisStore, db: Database) -> AsyncIterator[World]:
    yield World(quick, live, db)
