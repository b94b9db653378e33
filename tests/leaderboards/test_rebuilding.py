"""Boards are built anew behind the ones that are read, whole or not at all."""

import asyncio
from itertools import pairwise

import pytest
import redis

from persistence.leaderboards import leaderboard_at
from persistence.postgres import leaderboards as truth
from persistence.redis import keys
from persistence.redis.leaderboards import Own, Sum
from tests.leaderboards.conftest import NOON_MS, TODAY, WEEK, Season


async def test_a_rebuild_puts_wrong_scores_right(season: Season, redis_url: str) -> None:
    one, two = await season.sign_up(2)
    await season.win(one, two)
    await season.keeper.keep(NOON_MS)
    with redis.Redis.from_url(redis_url) as client:
        client.zadd("ct:{leaderboard}:all", {f"{one:019}": 1, f"{two:019}": 10**6, f"{999:019}": 5})
    await season.keeper.rebuild(NOON_MS)
    assert await season.shown("all") == [(one, 100)]


@pytest.mark.on_cluster_too
async def test_a_rebuild_under_live_traffic_is_never_seen(season: Season) -> None:
    """Boards are built over and over while games are settled; what a reader sees is whole and never goes down."""
    players = await season.sign_up(8)
    for winner in players[1:]:
        await season.win(winner, players[0])
    keeper = season.another_keeper(batch=2)
    await keeper.keep(NOON_MS)
    done = asyncio.Event()
    seen: list[list[Sum]] = []

    async def play() -> None:
        for number in range(24):
            await season.win(players[1 + number % 7], players[0])
            await season.keeper.follow()
        done.set()

    async def build() -> int:
        built = 0
        while not done.is_set():
            built += await keeper.build(leaderboard_at("today", NOON_MS)) is not None
        return built

    async def read() -> None:
        while not done.is_set():
            top = await season.live.leaderboards.top(TODAY, 10)
            assert top is not None
            seen.append(top)

    built, *_ = await asyncio.gather(build(), play(), read())
    assert built > 1
    for before, after in pairwise(seen):
        assert len(after) == 7
        now = dict(after)
        assert all(now[user_id] >= won for user_id, won in before)
    assert await season.shown(TODAY) == season.truth(TODAY)


@pytest.mark.on_cluster_too
async def test_two_builders_do_not_mix(season: Season) -> None:
    boards = season.live.leaderboards
    assert await boards.begin(TODAY, "a", 5)
    assert not await boards.begin(TODAY, "b", 6)
    assert not await boards.fill(TODAY, "b", 1, [(1, 1)])
    assert await boards.swap(TODAY, "b", 0, None) is None
    assert await boards.fill(TODAY, "a", 1, [(1, 1)])
    assert await boards.fill(TODAY, "a", 1, [(1, 1)])  # a repeat
    assert not await boards.fill(TODAY, "a", 3, [(3, 3)])
    assert await boards.swap(TODAY, "a", 2, None) is None
    assert await season.shown(TODAY) is None
    assert await boards.swap(TODAY, "a", 1, None) == 1
    assert await season.shown(TODAY) == [(1, 1)]
    assert await boards.swap(TODAY, "a", 1, None) is None
    assert await boards.cursor() == 5


async def test_a_build_that_redis_forgot_a_part_of_is_given_up(season: Season, redis_url: str) -> None:
    boards = season.live.leaderboards
    assert await boards.begin(TODAY, "a", 5)
    assert await boards.fill(TODAY, "a", 1, [(1, 1)])
    at = keys.leaderboard(TODAY)
    with redis.Redis.from_url(redis_url) as client:
        client.delete(at.building)
        assert await boards.swap(TODAY, "a", 1, None) is None
        client.delete(at.builder)
        assert not await boards.fill(TODAY, "a", 2, [(2, 2)])
    assert await season.shown(TODAY) is None
    await season.keeper.keep(NOON_MS)
    assert await season.shown(TODAY) == []


async def test_an_abandoned_build_leaves_nothing_behind(season: Season, redis_url: str) -> None:
    assert await season.live.leaderboards.begin(TODAY, "a", 5)
    at = keys.leaderboard(TODAY)
    with redis.Redis.from_url(redis_url) as client:
        assert 0 < client.pttl(at.building) <= 30_000
        assert 0 < client.pttl(at.builder) <= 30_000
        assert await season.live.leaderboards.fill(TODAY, "a", 1, [(1, 1)])
        assert 0 < client.pttl(at.building) <= 30_000


async def test_a_hundred_thousand_players_are_built_in_bounded_steps(season: Season) -> None:
    count = 100_000
    season.told(
        """
        WITH made AS (
            INSERT INTO public.users (telegram_id, first_name) SELECT n, 'Many' FROM generate_series(1, %(count)s) AS n
            RETURNING user_id
        ), stats AS (
            INSERT INTO game.player_stats (user_id, games, wins, won)
            SELECT user_id, 1, 1, 1 + user_id * 7919 %% 5000 FROM made
        ), days AS (
            INSERT INTO game.daily_wins (day, user_id, won, updated_at)
            SELECT date '2082-11-16' + (user_id %% 3)::int, user_id, 1 + user_id * 7919 %% 5000,
                now() - interval '1 hour'
            FROM made
        )
        SELECT 1, 1
        """,
        count=count,
    )
    built = await season.keeper.rebuild(NOON_MS)
    assert built["all"] == built[WEEK] == count
    assert built[TODAY] == count // 3
    for name in ("all", WEEK):
        shown = await season.shown(name, count)
        assert shown is not None
        assert [won for _, won in shown] == sorted((won for _, won in shown), reverse=True)
        assert all(won == 1 + user_id * 7919 % 5000 for user_id, won in shown)
    standing = await truth.places(season.db, None, None, 10, [5, 77])
    assert [(line.user_id, line.won) for line in standing[:10]] == await season.shown("all", 10)
    for line in standing:
        assert await season.live.leaderboards.own("all", line.user_id) == Own(line.place, line.won)
