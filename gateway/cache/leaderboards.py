"""Leaderboards for this gateway's players: read from Redis at most once a second, with names and photos.

Where Redis has no whole board, or does not answer, Postgres is asked instead: one query at a time, for all who wait,
since it reads every sum of the period.  Must never show a board that is half built or empty because it was lost.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.schemas.leaderboard import Leaderboard as LeaderboardView
from gateway.schemas.leaderboard import LeaderboardEntry, OwnPlace
from persistence.errors import StoreUnavailable
from persistence.leaderboards import Leaderboard, Period, leaderboard_at
from persistence.postgres import leaderboards as truth
from persistence.postgres.leaderboards import Place, PublicProfile
from persistence.postgres.pool import Database
from persistence.redis.leaderboards import LeaderboardCommands, Sum

FRESH_S: Final = 1.0
PROFILES_S: Final = 30.0
AWAY_S: Final = 3.0
GATHER_S: Final = 0.2
TOP: Final = 10
_MAX_PROFILES: Final = 1_000


class _Top(NamedTuple):
    board: Leaderboard
    until: float
    entries: list[LeaderboardEntry]


class Leaderboards:
    """One copy of each board for all of this gateway's players.  `now_ms` is the server's time: it names the day."""

    def __init__(
        self,
        boards: LeaderboardCommands,
        db: Database,
        now_ms: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._boards = boards
        self._db = db
        self._now_ms = now_ms
        self._clock = clock
        self._tops: dict[Period, _Top] = {}
        self._reading: dict[Leaderboard, asyncio.Task[list[LeaderboardEntry]]] = {}
        self._fallback = _PostgresFallback(db)
        self._profiles = _PublicProfiles(db, clock)

    async def read(self, period: Period, user_id: int) -> LeaderboardView:
        """The board of this moment with the player's own place.

        Raises:
            StoreUnavailable: neither store can tell.
        """
        board = leaderboard_at(period, self._now_ms())
        entries = await self._top(board)
        mine = _among(entries, user_id)
        if mine is None:
            mine = await self._own(board, user_id)
            if mine.won > 0 and (len(entries) < TOP or mine.won > entries[-1].won):
                # A prize since the copy was made has put the player among the first.
                entries = await self._read(board)
                mine = _among(entries, user_id) or mine
        return LeaderboardView(period, entries, mine)

    async def _top(self, board: Leaderboard) -> list[LeaderboardEntry]:
        known = self._tops.get(board.period)
        if known is not None and known.board == board and self._clock() < known.until:
            return known.entries
        return await self._read(board)

    async def _read(self, board: Leaderboard) -> list[LeaderboardEntry]:
        """Who comes while it is being read waits for that, and shares its failure too."""
        reading = self._reading.get(board)
        if reading is None:
            reading = self._reading[board] = asyncio.create_task(self._read_top(board), name="leaderboard")
            reading.add_done_callback(lambda task: self._was_read(board, task))
        return await asyncio.shield(reading)

    def _was_read(self, board: Leaderboard, task: asyncio.Task[list[LeaderboardEntry]]) -> None:
        del self._reading[board]
        if not task.cancelled():
            task.exception()  # seen, even when everybody who waited has gone

    async def _read_top(self, board: Leaderboard) -> list[LeaderboardEntry]:
        try:
            sums = await self._boards.top(board.name, TOP)
        except StoreUnavailable:
            sums = None
        if sums is None:
            sums = [Sum(line.user_id, line.won) for line in (await self._fallback.read(board, None))[:TOP]]
        public_profiles = await self._profiles.of([line.user_id for line in sums])
        entries = [
            LeaderboardEntry(
                place=1 + sum(other.won > line.won for other in sums),
                user_id=str(line.user_id),
                name=public_profiles[line.user_id].name,
                photo_url=public_profiles[line.user_id].photo_url,
                won=line.won,
            )
            for line in sums
        ]
        self._tops[board.period] = _Top(board, self._clock() + FRESH_S, entries)
        return entries

    async def _own(self, board: Leaderboard, user_id: int) -> OwnPlace:
        try:
            own = await self._boards.own(board.name, user_id)
        except StoreUnavailable:
            own = None
        if own is not None:
            return OwnPlace(own.place, own.won)
        for line in await self._fallback.read(board, user_id):
            if line.user_id == user_id:
                return OwnPlace(line.place, line.won)
        return OwnPlace(None, 0)


def _among(entries: Sequence[LeaderboardEntry], user_id: int) -> OwnPlace | None:
    mine = str(user_id)
    return next((OwnPlace(entry.place, entry.won) for entry in entries if entry.user_id == mine), None)


@dataclass(slots=True)
class _Group:
    user_ids: set[int] = field(default_factory=set)
    told: asyncio.Future[list[Place]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _PostgresFallback:
    """Postgres's own board.  Those who ask within a moment, or while a query is under way, share the next one."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._asking = asyncio.Lock()
        self._groups: dict[Leaderboard, _Group] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, board: Leaderboard, user_id: int | None) -> list[Place]:
        """The first, and whoever else was asked for, the best first."""
        group = self._groups.get(board)
        if group is None:
            group = self._groups[board] = _Group()
            task = asyncio.create_task(self._ask(board, group), name="leaderboard of Postgres")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if user_id is not None:
            group.user_ids.add(user_id)
        return await asyncio.shield(group.told)

    async def _ask(self, board: Leaderboard, group: _Group) -> None:
        async with self._asking:
            await asyncio.sleep(GATHER_S)
            del self._groups[board]
            try:
                found = await truth.places(self._db, board.first, board.last, TOP, sorted(group.user_ids))
            except Exception as error:
                group.told.set_exception(error)
                group.told.exception()  # seen, even when everybody who waited has gone
            else:
                group.told.set_result(found)


class _PublicProfiles:
    """Names and photos, a while old at most; while Postgres is away those that were known stay."""

    def __init__(self, db: Database, clock: Callable[[], float]) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[int, PublicProfile] = {}
        self._until: dict[int, float] = {}
        self._away_until = 0.0

    async def of(self, user_ids: Sequence[int]) -> dict[int, PublicProfile]:
        """Of all these users, in one query at most.

        Raises:
            StoreUnavailable: Postgres is away and one of them was never seen.
        """
        now = self._clock()
        asked = [user_id for user_id in user_ids if self._until.get(user_id, 0.0) <= now]
        if asked and self._away_until <= now:
            try:
                found = await truth.public_profiles(self._db, asked)
            except StoreUnavailable:
                self._away_until = self._clock() + AWAY_S
            else:
                if len(self._known) > _MAX_PROFILES:
                    self._known, self._until = {u: self._known[u] for u in user_ids if u in self._known}, {}
                self._known |= found
                self._until |= dict.fromkeys(found, now + PROFILES_S)
        if any(user_id not in self._known for user_id in user_ids):
            raise StoreUnavailable("postgres")
        return self._known
