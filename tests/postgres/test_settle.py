"""The decision about a room: who gets what, and the same answer for every repeat."""

import msgspec
import psycopg
import pytest

from persistence.postgres import games, ledger, users
from persistence.postgres.pool import Database
from tests.postgres.play import (
    STAKE,
    STARS,
    Finisher,
    assert_clean,
    balance_of_account,
    fill,
    finished,
    new_room,
    new_seat,
    sign_up,
)


async def test_the_most_taps_take_the_pool(db: Database) -> None:
    players = await sign_up(db, 3)
    room = new_room()
    seats = await fill(db, room, players)
    lines = [Finisher(seat, player, 10 * n) for n, (seat, player) in enumerate(zip(seats, players, strict=True))]
    result = finished(room, lines)

    outcome = await games.settle(db, room, result)

    one, two, three = (str(player) for player in players)
    assert outcome == games.Outcome(
        room_id=room,
        outcome="settled",
        reason=None,
        winner=three,
        prize=3 * STAKE,
        standings=[
            games.Standing(1, three, 20, 3 * STAKE),
            games.Standing(2, two, 10, 0),
            games.Standing(3, one, 0, 0),
        ],
        payouts={one: 0, two: 0, three: 3 * STAKE},
        balances={one: STARS - STAKE, two: STARS - STAKE, three: STARS + 2 * STAKE},
    )
    assert await ledger.balance(db, players[2]) == STARS + 2 * STAKE
    assert await games.live_seat(db, players[0]) is None
    await assert_clean(db)


async def test_a_repeat_gives_the_stored_outcome(db: Database) -> None:
    players = await sign_up(db, 2)
    room = new_room()
    seats = await fill(db, room, players)
    first = await games.settle(db, room, finished(room, [Finisher(seats[0], players[0], 5)]))
    await fill(db, new_room(), players)

    again = await games.settle(db, room, finished(room, [Finisher(seats[1], players[1], 99)]))

    assert msgspec.json.encode(again) == msgspec.json.encode(first)
    assert await games.void(db, room, "operator") == first
    await assert_clean(db)


@pytest.mark.parametrize(("fee_bps", "fee"), [(0, 0), (1, 0), (333, 4), (1000, 15), (9999, 149)])
async def test_the_fee_is_rounded_down_and_goes_to_the_house(
    db: Database, database_url: str, fee_bps: int, fee: int
) -> None:
    players = await sign_up(db, 3)
    room = new_room()
    seats = await fill(db, room, players, fee_bps=fee_bps)

    result = finished(room, [Finisher(seat, player, 1) for seat, player in zip(seats, players, strict=True)])
    outcome = await games.settle(db, room, result)

    assert outcome.prize == 3 * STAKE - fee
    assert balance_of_account(database_url, "house") == fee
    await assert_clean(db)


async def test_a_blocked_player_forfeits_to_another_winner(db: Database) -> None:
    cheat, honest = await sign_up(db, 2)
    room = new_room()
    seats = await fill(db, room, [cheat, honest])

    outcome = await games.settle(
        db, room, finished(room, [Finisher(seats[0], cheat, 900, blocked=True), Finisher(seats[1], honest, 1)])
    )

    assert (outcome.winner, outcome.prize) == (str(honest), 2 * STAKE)
    assert outcome.standings == [
        games.Standing(1, str(honest), 1, 2 * STAKE),
        games.Standing(None, str(cheat), 900, 0),
    ]
    await assert_clean(db)


@pytest.mark.parametrize(
    ("taps", "blocked", "outcome", "reason"),
    [
        (0, False, "finished", "nobody_tapped"),
        (70, True, "finished", "nobody_tapped"),
        (70, False, "cancelled", "outage"),
    ],
)
async def test_without_a_winner_everything_goes_back(
    db: Database, taps: int, blocked: bool, outcome: str, reason: str
) -> None:
    players = await sign_up(db, 3)
    room = new_room()
    seats = await fill(db, room, players, fee_bps=1000)
    lines = [Finisher(seat, player, taps, blocked) for seat, player in zip(seats, players, strict=True)]

    decided = await games.settle(
        db, room, finished(room, lines, outcome=outcome, reason=None if outcome == "finished" else reason)
    )

    assert (decided.outcome, decided.reason, decided.winner, decided.prize) == ("refunded", reason, None, 0)
    assert decided.payouts == {str(player): STAKE for player in players}
    assert decided.balances == {str(player): STARS for player in players}
    assert [line.taps for line in decided.standings] == [taps] * 3
    assert (await users.me(db, players[0])).games == 0
    await assert_clean(db)


async def test_ranked_but_unpaid_is_dropped_and_paid_but_unranked_refunded(db: Database) -> None:
    one, two, three, ghost = await sign_up(db, 4)
    room = new_room()
    seats = await fill(db, room, [one, two, three])

    outcome = await games.settle(
        db,
        room,
        finished(room, [Finisher(new_seat(), ghost, 99), Finisher(seats[0], one, 50), Finisher(seats[1], two, 40)]),
    )

    assert outcome.winner == str(one)
    assert outcome.prize == 2 * STAKE
    assert [(line.place, line.user_id) for line in outcome.standings] == [(1, str(one)), (2, str(two))]
    assert outcome.payouts == {str(one): 2 * STAKE, str(two): 0, str(three): STAKE}
    assert await ledger.balance(db, three) == STARS
    assert await ledger.balance(db, ghost) == STARS
    await assert_clean(db)


async def test_a_seat_counts_for_its_own_player_only(db: Database) -> None:
    one, two = await sign_up(db, 2)
    room = new_room()
    seats = await fill(db, room, [one, two])

    outcome = await games.settle(db, room, finished(room, [Finisher(seats[0], two, 9), Finisher(seats[1], one, 8)]))

    assert outcome.outcome == "refunded"
    await assert_clean(db)


async def test_a_seat_that_was_given_up_has_no_part(db: Database) -> None:
    one, two = await sign_up(db, 2)
    room = new_room()
    (left,) = await fill(db, room, [one])
    await games.refund(db, left, "left")
    seats = await fill(db, room, [one, two])

    lines = [Finisher(left, one, 99), Finisher(seats[0], one, 1), Finisher(seats[1], two, 2)]
    outcome = await games.settle(db, room, finished(room, lines))

    assert (outcome.winner, outcome.prize) == (str(two), 2 * STAKE)
    assert await ledger.balance(db, one) == STARS - STAKE
    await assert_clean(db)


async def test_statistics_count_settled_games(db: Database) -> None:
    players = await sign_up(db, 2)
    for best in (30, 20):
        room = new_room()
        seats = await fill(db, room, players)
        lines = [Finisher(seats[0], players[0], 100, best=best), Finisher(seats[1], players[1], 50, best=7)]
        await games.settle(db, room, finished(room, lines))

    winner, loser = await users.me(db, players[0]), await users.me(db, players[1])
    assert (winner.games, winner.wins, winner.won, winner.best_rate) == (2, 2, 4 * STAKE, 15.0)
    assert (loser.games, loser.wins, loser.won, loser.best_rate) == (2, 0, 0, 3.5)


@pytest.mark.parametrize(
    ("finished_ms", "day"),
    [
        (1_700_006_399_999, "2023-11-14"),
        (1_700_006_400_000, "2023-11-15"),
        (1_709_164_800_000, "2024-02-29"),
        (None, None),
    ],
)
async def test_a_prize_counts_for_the_day_on_which_the_game_ended_in_utc(
    database_url: str, finished_ms: int | None, day: str | None
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET timezone = 'Asia/Kamchatka'")
        database = await Database.open(database_url, name="test")
        try:
            players = await sign_up(database, 2)
            for _ in range(2):
                room = new_room()
                seats = await fill(database, room, players)
                lines = [Finisher(seats[0], players[0], 3), Finisher(seats[1], players[1], 2)]
                await games.settle(database, room, finished(room, lines, finished_ms=finished_ms))
            await assert_clean(database)
        finally:
            await database.close()
        wins = connection.execute(
            "SELECT day::text, decided_at AT TIME ZONE 'UTC', user_id, won FROM game.daily_wins, game.rooms"
        ).fetchall()
    assert {(won, user) for _, _, user, won in wins} == {(4 * STAKE, players[0])}
    assert {(counted, True) for counted, *_ in wins} == {
        (counted, counted == (day or f"{decided:%Y-%m-%d}")) for counted, decided, *_ in wins
    }


async def test_what_was_given_back_was_not_won(db: Database, database_url: str) -> None:
    players = await sign_up(db, 2)
    room = new_room()
    seats = await fill(db, room, players)
    await games.settle(db, room, finished(room, [Finisher(seats[0], players[0], 0)]))

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM game.daily_wins").fetchone() == (0,)


async def test_void_refunds_everybody(db: Database) -> None:
    players = await sign_up(db, 3)
    room = new_room()
    await fill(db, room, players)

    outcome = await games.void(db, room, "redis_lost")

    assert (outcome.outcome, outcome.reason, outcome.standings) == ("refunded", "redis_lost", [])
    assert outcome.payouts == {str(player): STAKE for player in players}
    assert await games.open_rooms(db, 0, 10) == []
    await assert_clean(db)


@pytest.mark.parametrize("result", [b"null", b"[]", b'"x"', b"{}", b'{"room_id":"elsewhere","seats":[]}', b"{"])
async def test_a_result_that_makes_no_sense_decides_nothing(db: Database, result: bytes) -> None:
    (player,) = await sign_up(db, 1)
    room = new_room()
    await fill(db, room, [player])

    with pytest.raises(psycopg.Error):
        await games.settle(db, room, result)

    assert len(await games.open_rooms(db, 0, 10)) == 1
    await assert_clean(db)


async def test_an_escrow_that_does_not_hold_the_stakes_is_not_paid_out(db: Database, database_url: str) -> None:
    players = await sign_up(db, 2)
    room = new_room()
    seats = await fill(db, room, players)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE game.seats SET amount = amount * 2 WHERE seat_id = %s", [seats[0]])

    with pytest.raises(psycopg.errors.RaiseException):
        await games.settle(db, room, finished(room, [Finisher(seats[0], players[0], 5)]))


async def test_what_the_sweep_asks_for(db: Database) -> None:
    players = await sign_up(db, 2)
    room = new_room()
    seats = await fill(db, room, players)

    stale = await games.stale_live_seats(db, 0, 10)
    assert [(seat.seat_id, seat.user_id) for seat in stale] == list(zip(seats, players, strict=True))
    assert await games.stale_live_seats(db, 60, 10) == []
    assert len(await games.stale_live_seats(db, 0, 1)) == 1
    (open_room,) = await games.open_rooms(db, 0, 10)
    assert (open_room.room_id, open_room.kind, open_room.stake, open_room.live_seats) == (room, "standard", STAKE, 2)
    assert open_room.missing_s is None
    assert await games.open_rooms(db, 60, 10) == []

    assert await games.note_missing(db, room) == 0
    later = await games.note_missing(db, room)
    assert later is not None
    assert later > 0
    await games.clear_missing(db, room)
    assert await games.note_missing(db, room) == 0
    assert await games.note_missing(db, new_room()) is None
