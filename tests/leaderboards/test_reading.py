"""What a gateway shows: ten with names, one's own place, at most a second old, and from Postgres when Redis is bare."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, LiteralString

import pytest
import pytest_asyncio

from gateway.cache.leaderboards import AWAY_S, FRESH_S, PROFILES_S, Leaderboards
from gateway.schemas.leaderboard import OwnPlace
from persistence.errors import StoreUnavailable
from persistence.leaderboards import PERIODS
from persistence.postgres.pool import Database, Role, Row
from persistence.redis.store import RedisStore
from tests.leaderboards.conftest import NOON_MS, Season, ms


class CountingDatabase(Database):
    """Counts what it was asked."""

    asked = 0

    async def rows(
        self,
        role: Role,
        user_id: int | None,
        query: LiteralString,
        params: Mapping[str, Any] | None = None,
        *,
        note: str = "",
        limit_s: float | None = None,
    ) -> Sequence[Row]:
        self.asked += 1
        return await super().rows(role, user_id, query, params, note=note, limit_s=limit_s)


@dataclass
class Reader:
    """A gateway's boards on a clock that the test moves."""

    season: Season
    live: RedisStore
    db: CountingDatabase
    now_ms: int = NOON_MS
    now_s: float = 1000.0
    boards: Leaderboards = field(init=False)

    def __post_init__(self) -> None:
        self.leaderboards = Leaderboards(self.live.leaderboards, self.db, lambda: self.now_ms, lambda: self.now_s)

    async def all(self, user_id: int) -> list[tuple[int, str, int]]:
        return [(e.place, e.user_id, e.won) for e in (await self.leaderboards.read("all", user_id)).entries]


@pytest_asyncio.fixture
async def reader(season: Season, redis_url: str) -> AsyncIterator[Reader]:
    db = await CountingDatabase.open(season.database_url, name="reader")
    live = await RedisStore.open(redis_url)
    yield Reader(season, live, db)
    await live.close()
    await db.close()


async def league(season: Season, count: int = 12) -> tuple[list[int], int]:
    """Players who won 20, 40, 60 … Stars today, the best last; and one who won nothing."""
    loser, *winners = await season.sign_up(count + 1)
    for number, winner in enumerate(winners, 1):
        await season.win(winner, loser, amount=10 * number)
    await season.keeper.keep(NOON_MS)
    return winners, loser


async def test_ten_with_name_and_photo_and_the_own_place_beyond(reader: Reader) -> None:
    winners, loser = await league(reader.season)
    best = winners[-1]
    reader.season.told(
        "UPDATE public.users SET photo_url = 'https://t.me/x.jpg' WHERE user_id = %(best)s RETURNING 1, 1", best=best
    )
    for period in PERIODS:
        board = await reader.leaderboards.read(period, winners[0])
        assert board.period == period
        assert [(e.place, int(e.user_id), e.won) for e in board.entries] == [
            (place, winners[-place], 20 * (13 - place)) for place in range(1, 11)
        ]
        assert (board.entries[0].name, board.entries[0].photo_url) == ("Tess Ter", "https://t.me/x.jpg")
        assert board.entries[1].photo_url is None
        assert board.me == OwnPlace(12, 20)
        assert (await reader.leaderboards.read(period, best)).me == OwnPlace(1, 240)
        assert (await reader.leaderboards.read(period, loser)).me == OwnPlace(None, 0)


async def test_ties_share_a_place_also_at_the_tenth(reader: Reader) -> None:
    loser, *winners = await reader.season.sign_up(13)
    for winner in winners:
        await reader.season.win(winner, loser, amount=30 if winner == winners[0] else 10)
    await reader.season.keeper.keep(NOON_MS)
    board = await reader.leaderboards.read("today", winners[5])
    assert [entry.place for entry in board.entries] == [1] + [2] * 9
    left_out = [w for w in winners if str(w) not in {entry.user_id for entry in board.entries}]
    assert len(left_out) == 2
    for winner in left_out:
        assert (await reader.leaderboards.read("today", winner)).me == OwnPlace(2, 20)


async def test_a_read_costs_postgres_nothing(reader: Reader) -> None:
    winners, loser = await league(reader.season)
    await reader.leaderboards.read("all", loser)
    asked = reader.db.asked
    assert asked == 1  # the names
    for _ in range(3):
        reader.now_s += FRESH_S
        await asyncio.gather(*(reader.leaderboards.read("all", user) for user in [*winners, loser] * 20))
    assert reader.db.asked == asked
    reader.now_s += PROFILES_S
    await asyncio.gather(*(reader.leaderboards.read("all", user) for user in winners))
    assert reader.db.asked == asked + 1


async def test_a_copy_is_a_second_old_at_most(reader: Reader) -> None:
    winners, loser = await league(reader.season)
    before = await reader.all(loser)
    await reader.season.win(winners[-2], loser, amount=500)
    await reader.season.keeper.keep(NOON_MS)
    assert await reader.all(loser) == before
    reader.now_s += FRESH_S
    assert (await reader.all(loser))[0] == (1, str(winners[-2]), 220 + 1000)


async def test_who_has_just_won_is_on_the_board_at_once(reader: Reader) -> None:
    winners, loser = await league(reader.season)
    await reader.all(loser)
    await reader.season.win(winners[0], loser, amount=500)
    await reader.season.keeper.keep(NOON_MS)
    board = await reader.leaderboards.read("all", winners[0])
    assert board.me == OwnPlace(1, 1020)
    assert board.entries[0].user_id == str(winners[0])


async def test_midnight_begins_a_new_day_and_week_at_once(reader: Reader) -> None:
    one, two = await reader.season.sign_up(2)
    midnight = ms(datetime(2082, 11, 23, tzinfo=UTC))
    await reader.season.win(one, two, midnight - 1)
    await reader.season.keeper.keep(midnight - 1)
    reader.now_ms = midnight - 1
    assert (
        (await reader.leaderboards.read("today", one)).me
        == (await reader.leaderboards.read("week", one)).me
        == OwnPlace(1, 100)
    )
    reader.now_ms = midnight
    asked = reader.db.asked
    for period in ("today", "week"):
        board = await reader.leaderboards.read(period, one)
        assert (board.entries, board.me) == ([], OwnPlace(None, 0))
    assert reader.db.asked == asked  # the boards of tomorrow were there
    assert (await reader.leaderboards.read("all", one)).me == OwnPlace(1, 100)


async def test_a_bare_redis_is_not_an_empty_board(reader: Reader, flush: Callable[[], None]) -> None:
    winners, loser = await league(reader.season)
    whole = {
        (period, user): await reader.leaderboards.read(period, user) for period in PERIODS for user in (*winners, loser)
    }
    flush()
    reader.now_s += FRESH_S
    asked = reader.db.asked
    again = await asyncio.gather(*(reader.leaderboards.read(period, user) for period, user in whole))
    assert dict(zip(whole, again, strict=True)) == whole
    assert reader.db.asked - asked <= 6  # one for each board's first ten, one for all the places
    await reader.season.keeper.keep(NOON_MS)
    reader.now_s += FRESH_S
    asked = reader.db.asked
    assert await reader.leaderboards.read("all", winners[0]) == whole["all", winners[0]]
    assert reader.db.asked == asked


async def test_a_redis_that_does_not_answer_is_none_needed(reader: Reader) -> None:
    winners, loser = await league(reader.season)
    board = await reader.leaderboards.read("week", winners[0])
    await reader.live.close()
    reader.now_s += FRESH_S
    assert await reader.leaderboards.read("week", winners[0]) == board
    assert (await reader.leaderboards.read("week", loser)).me == OwnPlace(None, 0)


async def test_a_postgres_that_is_away_is_not_needed_for_known_profiles(
    reader: Reader, flush: Callable[[], None]
) -> None:
    winners, loser = await league(reader.season)
    board = await reader.leaderboards.read("all", loser)
    await reader.db.close()
    reader.now_s += PROFILES_S
    asked = reader.db.asked
    assert await reader.leaderboards.read("all", loser) == board
    assert reader.db.asked == asked + 1
    reader.now_s += FRESH_S
    assert await reader.leaderboards.read("all", loser) == board
    assert reader.db.asked == asked + 1  # not asked again for a while
    reader.now_s += AWAY_S
    flush()
    with pytest.raises(StoreUnavailable):
        await reader.leaderboards.read("all", winners[0])


async def test_an_empty_board_is_empty(reader: Reader) -> None:
    (player,) = await reader.season.sign_up(1)
    for _ in range(2):
        for period in PERIODS:
            board = await reader.leaderboards.read(period, player)
            assert (board.entries, board.me) == ([], OwnPlace(None, 0))
        await reader.season.keeper.keep(NOON_MS)
        reader.now_s += FRESH_S
