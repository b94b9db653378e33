"""Redis's boards are Postgres's sums: followed, built, healed, and never seen half."""

import asyncio
import random
from datetime import UTC, datetime

import psycopg
import pytest
import redis
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from persistence.leaderboards import wanted
from persistence.postgres import leaderboards as truth
from persistence.redis import keys
from persistence.redis.leaderboards import Own, Sums
from tests.leaderboards.conftest import DAY_MS, NOON_MS, TODAY, WEEK, Season, ms


@pytest.mark.on_cluster_too
async def test_what_is_won_is_on_the_boards_after_a_look(season: Season) -> None:
    one, two = await season.sign_up(2)
    await season.keeper.keep(NOON_MS)
    assert [await season.shown(name) for name in (TODAY, WEEK, "all")] == [[], [], []]

    await season.win(one, two)
    await season.win(two, one)
    await season.win(one, two, NOON_MS - DAY_MS)
    await season.keeper.keep(NOON_MS)

    assert await season.shown(TODAY) == [(two, 100), (one, 100)]
    assert await season.shown(WEEK) == [(one, 200), (two, 100)]
    assert await season.shown("all") == [(one, 200), (two, 100)]
    assert await season.live.leaderboards.own(TODAY, one) == Own(1, 100)
    assert await season.live.leaderboards.own(TODAY, two) == Own(1, 100)
    assert await season.live.leaderboards.own(WEEK, two) == Own(2, 100)


async def test_a_player_without_a_prize_has_no_place(season: Season) -> None:
    one, two = await season.sign_up(2)
    await season.win(one, two)
    await season.keeper.keep(NOON_MS)
    assert await season.live.leaderboards.own("all", two) == Own(None, 0)
    assert await season.live.leaderboards.own("all", 10**18) == Own(None, 0)


async def test_a_game_counts_for_the_day_and_week_in_which_it_ended(season: Season) -> None:
    """Also when its result was written after midnight, and settled later still."""
    one, two = await season.sign_up(2)
    midnight = ms(datetime(2082, 11, 23, tzinfo=UTC))  # a Monday
    await season.keeper.keep(midnight - 1)
    await season.win(one, two, midnight - 1, written_ms=midnight + 1500)
    await season.win(two, one, midnight, written_ms=midnight + 1000)
    await season.win(two, one, midnight + 60_000, written_ms=midnight - 1)  # the target was reached before the time
    await season.keeper.keep(midnight)

    assert await season.shown("today:2082-11-22") == [(two, 100), (one, 100)]
    assert await season.shown("week:2082-11-16") == [(two, 100), (one, 100)]
    assert await season.shown("today:2082-11-23") == [(two, 100)]
    assert await season.shown("week:2082-11-23") == [(two, 100)]
    for name in ("today:2082-11-22", "week:2082-11-16", "today:2082-11-23", "week:2082-11-23", "all"):
        assert await season.shown(name) == season.truth(name), name


async def test_ties_share_a_place_and_the_next_one_is_left_out(season: Season) -> None:
    *winners, loser = await season.sign_up(5)
    for winner, amount in zip(winners, (100, 70, 70, 20), strict=True):
        await season.win(winner, loser, amount=amount)
    await season.keeper.keep(NOON_MS)
    places = [await season.live.leaderboards.own(TODAY, winner) for winner in winners]
    assert places == [Own(1, 200), Own(2, 140), Own(2, 140), Own(4, 40)]
    standing = await truth.places(season.db, None, None, 10, [])
    assert [(line.user_id, line.won) for line in standing] == await season.shown("all")
    assert [line.place for line in standing] == [1, 2, 2, 4]


async def test_large_sums_are_exact(season: Season) -> None:
    largest = 2**53 - 1
    await season.keeper.keep(NOON_MS)
    await season.live.leaderboards.note(TODAY, WEEK, [Sums(7, largest, largest, largest), Sums(8, largest - 1, 1, 1)])
    assert await season.shown(TODAY) == [(7, largest), (8, largest - 1)]
    assert await season.live.leaderboards.own(TODAY, 8) == Own(2, largest - 1)


async def test_no_report_takes_anything_away(season: Season) -> None:
    """Two workers, one of which read long ago."""
    one, two = await season.sign_up(2)
    await season.keeper.keep(NOON_MS)
    await season.win(one, two)
    _, old = await truth.changes(season.db, 0, None, 10)
    await season.win(one, two)
    await season.keeper.keep(NOON_MS)
    await season.another_keeper()._note(old)
    assert await season.shown(TODAY) == [(one, 200)]


async def test_settlements_and_looks_at_the_same_time(season: Season) -> None:
    players = await season.sign_up(12)
    await season.keeper.keep(NOON_MS)
    seen: list[int] = []

    async def settle(number: int) -> None:
        for _ in range(4):
            await season.win(players[2 * number], players[2 * number + 1])

    async def look(keeper_number: int) -> None:
        keeper = season.another_keeper(batch=3)
        while not done.is_set():
            await keeper.keep(NOON_MS)
            await asyncio.sleep(0)

    async def watch() -> None:
        while not done.is_set():
            own = await season.live.leaderboards.own("all", players[0])
            assert own is not None
            seen.append(own.won)

    done = asyncio.Event()
    others = [asyncio.create_task(task) for task in (look(1), look(2), watch())]
    await asyncio.gather(*(settle(number) for number in range(6)))
    done.set()
    await asyncio.gather(*others)
    await season.keeper.keep(NOON_MS)

    assert seen == sorted(seen)
    assert await season.shown(TODAY) == season.truth(TODAY)
    assert [won for _, won in season.truth(TODAY)] == [400] * 6


async def test_a_prize_that_becomes_visible_late_is_not_missed(season: Season) -> None:
    """The settlement's transaction is still open while another worker looks, twice."""
    one, two = await season.sign_up(2)
    await season.win(one, two)
    await season.keeper.keep(NOON_MS)
    async with await psycopg.AsyncConnection.connect(season.database_url) as connection:
        await connection.execute("UPDATE game.daily_wins SET won = won + 5, updated_at = clock_timestamp()")
        await connection.execute("UPDATE game.player_stats SET won = won + 5 WHERE won > 0")
        await season.keeper.keep(NOON_MS)
        await season.keeper.keep(NOON_MS)
        assert await season.shown(TODAY) == [(one, 100)]
    await season.keeper.keep(NOON_MS)
    assert await season.shown(TODAY) == [(one, 105)]


@pytest.mark.on_cluster_too
async def test_only_what_changed_is_read(season: Season) -> None:
    one, two, three = await season.sign_up(3)
    await season.win(one, two)
    keeper = season.another_keeper(overlap_us=0)
    await keeper.keep(NOON_MS)
    cursor = await season.live.leaderboards.cursor()
    assert cursor is not None
    await season.win(three, two)
    _, rows = await truth.changes(season.db, cursor, None, 10)
    assert [(row.user_id, row.day_won, row.week_won, row.all_won) for row in rows] == [(three, 100, 100, 100)]
    assert await keeper.follow()
    assert (await truth.changes(season.db, await season.live.leaderboards.cursor() or 0, None, 10))[1] == []


async def test_a_redis_that_was_emptied_is_filled_again(season: Season, redis_url: str) -> None:
    one, two = await season.sign_up(2)
    await season.win(one, two)
    await season.keeper.keep(NOON_MS)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    assert await season.shown(TODAY) is None
    assert await season.live.leaderboards.own(TODAY, one) is None
    await season.keeper.keep(NOON_MS)
    for name in (TODAY, WEEK, "all"):
        assert await season.shown(name) == season.truth(name) == [(one, 100)]


@pytest.mark.parametrize("lost", [TODAY, WEEK, "all", "cursor"])
async def test_whatever_is_lost_is_built_again(season: Season, redis_url: str, lost: str) -> None:
    one, two = await season.sign_up(2)
    await season.keeper.keep(NOON_MS)
    await season.win(one, two)
    await season.keeper.keep(NOON_MS)
    with redis.Redis.from_url(redis_url) as client:
        assert client.delete(f"ct:{{leaderboard}}:{lost}") == 1
    await season.win(one, two)
    await season.keeper.keep(NOON_MS)
    for name in (TODAY, WEEK, "all"):
        assert await season.shown(name) == [(one, 200)], name


async def test_a_redis_that_came_back_older_is_healed(season: Season, redis_url: str) -> None:
    """Boards and cursor go back together, so what was noted since is read again."""
    one, two = await season.sign_up(2)
    await season.keeper.keep(NOON_MS)
    await season.win(one, two)
    await season.keeper.keep(NOON_MS)
    with redis.Redis.from_url(redis_url) as client:
        old = {name: client.dump(name) for name in client.scan_iter("ct:{leaderboard}:*")}
        await season.win(two, one, amount=500)
        await season.keeper.keep(NOON_MS)
        assert await season.shown(TODAY) == [(two, 1000), (one, 100)]
        for name, value in old.items():
            assert value is not None
            client.restore(name, 0, value, replace=True)
    assert await season.shown(TODAY) == [(one, 100)]
    await season.keeper.keep(NOON_MS)
    assert await season.shown(TODAY) == season.truth(TODAY) == [(two, 1000), (one, 100)]


async def test_who_read_before_redis_went_back_does_not_move_the_cursor(season: Season, redis_url: str) -> None:
    await season.keeper.keep(NOON_MS)
    before = await season.live.leaderboards.cursor()
    assert before is not None
    await season.keeper.keep(NOON_MS)
    seen = await season.live.leaderboards.cursor()
    assert seen is not None
    assert seen > before
    with redis.Redis.from_url(redis_url) as client:
        client.set("ct:{leaderboard}:cursor", before)
    assert not await season.live.leaderboards.move_cursor(seen, seen + 5)
    assert await season.live.leaderboards.cursor() == before


async def test_a_cursor_from_another_time_is_not_believed(season: Season, redis_url: str) -> None:
    """Postgres's clock was put back, or it is another Postgres: nobody knows what the boards lack."""
    one, two = await season.sign_up(2)
    await season.keeper.keep(NOON_MS)
    with redis.Redis.from_url(redis_url) as client:
        client.set("ct:{leaderboard}:cursor", 2**52)
        client.zadd(f"ct:{{leaderboard}}:{TODAY}", {f"{two:019}": 999})
    await season.win(one, two)
    await season.keeper.keep(NOON_MS)
    assert await season.shown(TODAY) == [(one, 100)]
    await season.win(one, two)
    await season.keeper.keep(NOON_MS)
    assert await season.shown(TODAY) == [(one, 200)]


async def test_boards_end_a_day_after_their_time(season: Season, redis_url: str) -> None:
    now_ms = season.live.now_ms()
    await season.keeper.keep(now_ms)
    with redis.Redis.from_url(redis_url) as client:
        for board in wanted(now_ms):
            ends_ms = client.pexpiretime(keys.leaderboard(board.name).board)
            assert ends_ms == (-1 if board.ends_ms is None else board.ends_ms), board.name
        left = set(client.keys("ct:{leaderboard}:*"))
    assert left == {keys.leaderboard(board.name).board for board in wanted(now_ms)} | {keys.leaderboard("all").cursor}


async def test_a_late_settlement_does_not_begin_a_board_that_has_ended(season: Season) -> None:
    one, two = await season.sign_up(2)
    await season.keeper.keep(NOON_MS)
    await season.win(one, two, NOON_MS - 30 * DAY_MS)
    await season.keeper.keep(NOON_MS)
    assert await season.shown("today:2082-10-19") is None
    assert await season.shown("week:2082-10-19") is None
    assert await season.shown(TODAY) == []
    assert await season.shown("all") == [(one, 100)]


DAYS = st.integers(min_value=-9, max_value=9)


STEPS = st.lists(
    st.tuples(st.just("win"), st.integers(0, 3), DAYS, st.integers(1, 9))
    | st.tuples(st.sampled_from(["keep", "rebuild", "lose"]), st.integers(0, 2), DAYS, st.just(0)),
    max_size=14,
)


@examples(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, seed=st.integers(0, 99))
async def test_boards_equal_the_rooms_after_anything(
    season: Season, redis_url: str, steps: list[tuple[str, int, int, int]], seed: int
) -> None:
    if not season.players:
        await season.sign_up(4)
    players = season.players
    for what, number, day, amount in steps:
        if what == "win":
            await season.win(players[number], players[number - 1], NOON_MS + day * DAY_MS, amount=amount)
        elif what == "keep":
            await season.another_keeper(batch=1 + seed % 3).keep(NOON_MS)
        elif what == "rebuild":
            await season.another_keeper(batch=1 + seed % 3).rebuild(NOON_MS)
        else:
            with redis.Redis.from_url(redis_url) as client:
                client.delete(random.Random(seed).choice([board.name for board in wanted(NOON_MS)]))
                if number == 0:
                    client.flushall()
    await season.keeper.keep(NOON_MS)
    for board in wanted(NOON_MS):
        assert await season.shown(board.name) == season.truth(board.name), board.name
