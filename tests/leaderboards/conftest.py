"""Games that end when a test wants them to, and boards that are kept by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg
import pytest_asyncio

from persistence.leaderboards import BATCH, OVERLAP_US, LeaderboardSync
from persistence.postgres import games
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from tests.postgres.play import Finisher, fill, finished, new_room, sign_up

NOON = datetime(2082, 11, 18, 12, tzinfo=UTC)  # a Wednesday; far ahead, so that no board has ended
TODAY, WEEK = "today:2082-11-18", "week:2082-11-16"
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


NOON_MS = ms(NOON)


@dataclass
class Season:
    """Players, their games, and the boards of both stores."""

    live: RedisStore
    db: Database
    database_url: str
    keeper: LeaderboardSync = field(init=False)
    players: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keeper = LeaderboardSync(self.live, self.db)

    def another_keeper(self, *, batch: int = BATCH, overlap_us: int = OVERLAP_US) -> LeaderboardSync:
        return LeaderboardSync(self.live, self.db, batch=batch, overlap_us=overlap_us)

    async def sign_up(self, count: int) -> list[int]:
        made = await sign_up(self.db, count, stars=1_000_000)
        self.players += made
        return made

    async def win(
        self, winner: int, loser: int, ended_ms: int = NOON_MS, *, amount: int = 50, written_ms: int | None = None
    ) -> str:
        """A game of two that ended then; its result was written at `written_ms`.  The winner gets twice `amount`."""
        room = new_room()
        seats = await fill(self.db, room, [winner, loser], amount=amount)
        lines = [Finisher(seats[0], winner, 9), Finisher(seats[1], loser, 5)]
        result = finished(
            room, lines, ends_ms=ended_ms, finished_ms=ended_ms + 1000 if written_ms is None else written_ms
        )
        assert (await games.settle(self.db, room, result)).winner == str(winner)
        return room

    async def shown(self, name: str, limit: int = 1000) -> list[tuple[int, int]] | None:
        """A board as Redis has it."""
        top = await self.live.leaderboards.top(name, limit)
        return None if top is None else [(line.user_id, line.won) for line in top]

    def told(self, query: str, **parameters: object) -> list[tuple[int, int]]:
        """What Postgres answers a superuser."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def truth(self, name: str) -> list[tuple[int, int]]:
        """The board of this name, worked out from the rooms alone."""
        period, _, first = name.partition(":")
        days = {"today": 1, "week": 7}.get(period)
        return self.told(
            """
            SELECT winner_id, sum(prize)::bigint FROM (
                SELECT winner_id, prize, to_timestamp(least((result ->> 'ends_ms')::bigint,
                    (result ->> 'finished_ms')::bigint) / 1000.0) AT TIME ZONE 'UTC' AS ended
                FROM game.rooms WHERE outcome = 'settled' AND prize > 0
            ) AS games
            WHERE %(days)s::int IS NULL OR (ended >= %(first)s::date AND ended < %(first)s::date + %(days)s)
            GROUP BY 1 ORDER BY 2 DESC, 1 DESC
            """,
            days=days,
            first=first or None,
        )


@pytest_asyncio.fixture
async def season(live: RedisStore, db: Database, database_url: str) -> Season:
    return Season(live, db, database_url)
