"""Leaderboards: which there are, and how Redis's copies are kept equal to Postgres's sums.

Owns the calendar (UTC; weeks begin on Monday), building a board and following what changes.  Whatever is written is an
absolute sum, and sums only grow, so that any worker may repeat anything and the latest word wins.  Must never add up
prizes: the settlement does, in the transaction that pays them.
"""

import secrets
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, NamedTuple

from persistence.postgres import leaderboards as truth
from persistence.postgres.pool import Database
from persistence.progress import Progress, untold
from persistence.redis.leaderboards import Sums
from persistence.redis.store import RedisStore

Period = Literal["today", "week", "all"]
PERIODS: Final[tuple[Period, ...]] = ("today", "week", "all")

KEPT_FOR: Final = timedelta(days=1)
"""How long a board outlives its time: for prizes of the last games, and for a clock that is behind."""
OVERLAP_US: Final = 20_000_000
"""How long a prize may be invisible after its time: longer than the time limit of the settlement's statement."""
BATCH: Final = 250
"""Players a query and a script: taps wait while it runs, with 250 players about 1.5 ms."""


class Leaderboard(NamedTuple):
    """One leaderboard and the days whose prizes it adds up; `all` has no days."""

    period: Period
    first: date | None
    last: date | None

    @property
    def name(self) -> str:
        return "all" if self.first is None else f"{self.period}:{self.first.isoformat()}"

    @property
    def ends_ms(self) -> int | None:
        """When it may be forgotten."""
        if self.last is None:
            return None
        end = datetime(self.last.year, self.last.month, self.last.day, tzinfo=UTC) + timedelta(days=1) + KEPT_FOR
        return int(end.timestamp() * 1000)


def leaderboard_of_day(period: Period, day: date) -> Leaderboard:
    """The board in which a prize of that day counts."""
    if period == "all":
        return Leaderboard("all", None, None)
    if period == "today":
        return Leaderboard("today", day, day)
    monday = day - timedelta(days=day.weekday())
    return Leaderboard("week", monday, monday + timedelta(days=6))


def leaderboard_at(period: Period, now_ms: int) -> Leaderboard:
    """The board of the present day, week or of all time."""
    return leaderboard_of_day(period, datetime.fromtimestamp(now_ms // 1000, UTC).date())


def wanted(now_ms: int) -> list[Leaderboard]:
    """The boards that must be there now, those of the next day and week included, so that midnight finds them."""
    today = datetime.fromtimestamp(now_ms // 1000, UTC).date()
    days = (today, today + timedelta(days=1), today + timedelta(days=7))
    boards = [leaderboard_of_day("all", today), *(leaderboard_of_day("week", day) for day in days)]
    boards += [leaderboard_of_day("today", day) for day in days[:2]]
    return list(dict.fromkeys(boards))


class LeaderboardSync:
    """Any number of them may be at work at the same time.  Every method may raise StoreUnavailable, and be repeated."""

    def __init__(self, live: RedisStore, db: Database, *, batch: int = BATCH, overlap_us: int = OVERLAP_US) -> None:
        self._live = live
        self._db = db
        self._batch = batch
        self._overlap_us = overlap_us

    async def keep(self, now_ms: int) -> dict[str, int | None]:
        """Raise the boards to what was won since the last look, and build those that are missing.

        Returns what was built, as `rebuild` does.
        """
        boards = wanted(now_ms)
        missing = await self._live.leaderboards.missing([board.name for board in boards])
        if not await self.follow():
            return await self.rebuild(now_ms)
        return {board.name: await self.build(board) for board in boards if board.name in missing}

    async def rebuild(self, now_ms: int, progress: Progress = untold) -> dict[str, int | None]:
        """Build every board anew.  Returns the players of each; None for one that another builder has in hand."""
        started_us = await truth.clock_us(self._db)
        seen_us = await self._live.leaderboards.cursor()
        boards, players = wanted(now_ms), dict[str, int | None]()
        for board in boards:
            progress(len(players), len(boards))
            players[board.name] = await self.build(board)
        if seen_us is not None and seen_us > started_us:  # set by another Postgres, or by a clock that was put back
            await self._live.leaderboards.move_cursor(seen_us, started_us)
        return players

    async def build(self, board: Leaderboard) -> int | None:
        """Make a board anew from Postgres and put it into the place of the old one at once.

        What is won meanwhile is noted in the board being built as well, so the new one is not behind the old.
        Returns its players; None, and nothing has changed, when another builder is at it or Redis forgot a part of it.
        """
        boards, token, step = self._live.leaderboards, secrets.token_hex(8), 0
        if not await boards.begin(board.name, token, await truth.clock_us(self._db)):
            return None
        rows = await truth.sums(self._db, board.first, board.last, 0, self._batch)
        while rows:
            step += 1
            if not await boards.fill(board.name, token, step, rows):
                return None
            rows = await truth.sums(self._db, board.first, board.last, rows[-1].user_id, self._batch)
        await self.follow()
        return await boards.swap(board.name, token, step, board.ends_ms)

    async def follow(self) -> bool:
        """Note every sum that changed since the last look.  False: nobody knows when that was."""
        seen_us = await self._live.leaderboards.cursor()
        if seen_us is None:
            return False
        now_us, page = await truth.changes(self._db, seen_us - self._overlap_us, None, self._batch)
        if seen_us > now_us + self._overlap_us:
            return False
        await self._note(page)
        while len(page) == self._batch:
            _, page = await truth.changes(self._db, 0, page[-1], self._batch)
            await self._note(page)
        await self._live.leaderboards.move_cursor(seen_us, now_us)
        return True

    async def _note(self, changes: Sequence[truth.Change]) -> None:
        by_day: dict[date, list[Sums]] = defaultdict(list)
        for line in changes:
            by_day[line.day].append(Sums(line.user_id, line.day_won, line.week_won, line.all_won))
        for day, sums in by_day.items():
            await self._live.leaderboards.note(
                leaderboard_of_day("today", day).name, leaderboard_of_day("week", day).name, sums
            )
