"""Hero rooms: made free of charge, staked by others, decided with the organizer's part."""

import psycopg
import pytest

from persistence.postgres import games, idempotency, ledger, users
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database
from persistence.vocabulary import RoomKind
from tests.postgres.play import (
    BODY,
    HERO_BPS,
    HERO_TARGET,
    STAKE,
    STARS,
    Finisher,
    assert_clean,
    balance_of_account,
    fill,
    finished,
    hero_room,
    new_room,
    new_seat,
    organize,
    pay,
    sign_up,
)

ROOMS = "/api/v1/rooms"


def lines(seats: list[str], players: list[int], taps: list[int]) -> list[Finisher]:
    return [Finisher(seat, player, count) for seat, player, count in zip(seats, players, taps, strict=True)]


async def test_making_a_room_costs_nothing_and_seats_the_organizer(db: Database, database_url: str) -> None:
    (organizer,) = await sign_up(db, 1)
    room, seat = new_room(), new_seat()

    reply = await organize(db, organizer, room, seat)

    assert reply == games.StakeReply("paid", room, seat, STARS, "Tess Ter", None, None)
    held = await games.live_seat(db, organizer)
    assert held is not None
    assert (held.seat_id, held.room_id, held.amount, held.state, held.organizes) == (seat, room, 0, "live", True)
    assert (await users.me(db, organizer)).room_id == room
    assert (await users.hello(db, [organizer]))[organizer].room_id == room
    assert await games.stale_live_seats(db, 0, 10) == []
    (opened,) = await games.open_rooms(db, 0, 10)
    assert (opened.room_id, opened.kind, opened.stake, opened.live_seats) == (room, "hero", STAKE, 0)
    assert len(await ledger.statement(db, organizer, None, 10)) == 1
    with psycopg.connect(database_url) as connection:
        terms = connection.execute("SELECT organizer_id, fee_bps, target, capacity FROM game.rooms").fetchone()
        assert terms == (organizer, HERO_BPS, HERO_TARGET, 50)
    await assert_clean(db)


@pytest.mark.parametrize(("fee", "players", "part"), [(50, 2, 10), (1, 2, 0), (1, 9, 0), (33, 3, 9), (10_000, 5, 5000)])
async def test_the_organizer_gets_a_tenth_rounded_down(
    db: Database, database_url: str, fee: int, players: int, part: int
) -> None:
    organizer, *others = await sign_up(db, players + 1, stars=10_000)
    room = await hero_room(db, organizer, fee=fee)
    seats = await fill(db, room, others, kind="hero", amount=fee)
    winner = str(others[0])

    outcome = await games.settle(db, room, finished(room, lines(seats, others, [9] + [3] * (players - 1))))

    assert (outcome.outcome, outcome.winner, outcome.prize) == ("settled", winner, fee * players - part)
    assert [line.user_id for line in outcome.standings] == [str(other) for other in others]
    assert outcome.payouts == {str(organizer): part, **dict.fromkeys(map(str, others), 0), winner: outcome.prize}
    assert outcome.balances == {
        str(organizer): 10_000 + part,
        **dict.fromkeys(map(str, others), 10_000 - fee),
        winner: 10_000 - fee + outcome.prize,
    }
    assert await ledger.balance(db, organizer) == 10_000 + part
    assert balance_of_account(database_url, "house") == 0
    assert await games.live_seat(db, organizer) is None
    await assert_clean(db)


async def test_the_organizers_part_is_not_a_game_that_was_played(db: Database, database_url: str) -> None:
    organizer, *others = await sign_up(db, 3)
    room = await hero_room(db, organizer)
    seats = await fill(db, room, others, kind="hero")
    outcome = await games.settle(db, room, finished(room, lines(seats, others, [5, 4])))

    me = await users.me(db, organizer)
    assert (me.games, me.wins, me.won, me.balance, me.room_id) == (0, 0, 0, STARS + 10, None)
    assert (await users.me(db, others[0])).won == outcome.prize == 90
    line, _ = await ledger.statement(db, organizer, None, 10)
    assert (line.kind, line.room_id, line.amount, line.balance_after) == ("settle", room, 10, STARS + 10)
    assert line.organizes
    assert [line.organizes for line in await ledger.statement(db, others[0], None, 10)] == [False, False, None]
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM ledger.transfers WHERE kind = 'settle'").fetchone() == (1,)
        assert connection.execute("SELECT user_id, won FROM game.daily_wins").fetchall() == [(others[0], 90)]


@pytest.mark.parametrize("how", ["nobody_tapped", "all_blocked", "cancelled", "voided"])
async def test_without_a_winner_the_organizer_gets_nothing(db: Database, how: str) -> None:
    organizer, *others = await sign_up(db, 4)
    room = await hero_room(db, organizer)
    seats = await fill(db, room, others, kind="hero")
    match how:
        case "nobody_tapped":
            outcome = await games.settle(db, room, finished(room, lines(seats, others, [0, 0, 0])))
        case "all_blocked":
            blocked = [Finisher(seat, player, 9, blocked=True) for seat, player in zip(seats, others, strict=True)]
            outcome = await games.settle(db, room, finished(room, blocked))
        case "cancelled":
            result = finished(room, [], outcome="cancelled", reason="not_started", kind="hero")
            outcome = await games.settle(db, room, result)
        case _:
            outcome = await games.void(db, room, "redis_lost")

    assert (outcome.outcome, outcome.winner, outcome.prize) == ("refunded", None, 0)
    assert outcome.payouts == {str(organizer): 0, **dict.fromkeys(map(str, others), STAKE)}
    assert outcome.balances == dict.fromkeys(map(str, [organizer, *others]), STARS)
    assert str(organizer) not in {line.user_id for line in outcome.standings}
    assert await games.live_seat(db, organizer) is None
    assert await games.void(db, room, "again") == outcome
    await assert_clean(db)


async def test_an_empty_room_is_given_up(db: Database) -> None:
    (organizer,) = await sign_up(db, 1)
    room = await hero_room(db, organizer)

    outcome = await games.settle(db, room, finished(room, [], outcome="cancelled", reason="not_started", kind="hero"))

    assert (outcome.outcome, outcome.reason) == ("refunded", "not_started")
    assert (outcome.payouts, outcome.balances) == ({str(organizer): 0}, {str(organizer): STARS})
    assert (await organize(db, organizer, new_room())).status == "paid"
    await assert_clean(db)


async def test_only_players_who_count_make_the_pool(db: Database) -> None:
    """One was never paid, one was not ranked, one left, and the organizer is ranked as if it had played."""
    organizer, one, two, three, left, ghost = await sign_up(db, 6)
    room, place = new_room(), new_seat()
    await organize(db, organizer, room, place)
    seats = await fill(db, room, [one, two, three, left], kind="hero")
    assert (await games.refund(db, seats[3], "left")).status == "refunded"

    ranked = [Finisher(place, organizer, 200), Finisher(new_seat(), ghost, 99), *lines(seats[:2], [one, two], [50, 40])]
    outcome = await games.settle(db, room, finished(room, [*ranked, Finisher(seats[3], left, 60)]))

    assert (outcome.winner, outcome.prize) == (str(one), 2 * STAKE - 10)
    assert [(line.place, line.user_id) for line in outcome.standings] == [(1, str(one)), (2, str(two))]
    assert outcome.payouts == {str(organizer): 10, str(one): 90, str(two): 0, str(three): STAKE}
    assert await ledger.balance(db, three) == await ledger.balance(db, left) == STARS
    await assert_clean(db)


async def test_a_blocked_player_forfeits_to_winner_and_organizer(db: Database) -> None:
    organizer, cheat, honest = await sign_up(db, 3)
    room = await hero_room(db, organizer)
    seats = await fill(db, room, [cheat, honest], kind="hero")

    result = finished(room, [Finisher(seats[0], cheat, 500, blocked=True), Finisher(seats[1], honest, 3)])
    outcome = await games.settle(db, room, result)

    assert outcome.payouts == {str(organizer): 10, str(cheat): 0, str(honest): 90}
    await assert_clean(db)


async def test_an_organizer_sits_in_one_room_only(db: Database) -> None:
    organizer, player = await sign_up(db, 2)
    room = await hero_room(db, organizer)
    await fill(db, room, [player], kind="hero")

    for user in (organizer, player):
        again, join, own = (
            await organize(db, user, new_room()),
            await pay(db, user, new_room()),
            await pay(db, user, room, kind="hero"),
        )
        assert {(reply.status, reply.room_id) for reply in (again, join, own)} == {("already_in_room", room)}
    assert await ledger.balance(db, organizer) == STARS
    assert len(await games.open_rooms(db, 0, 10)) == 1
    await assert_clean(db)


async def test_a_hero_room_is_made_by_its_organizer_only(db: Database) -> None:
    organizer, player = await sign_up(db, 2)

    assert (await pay(db, player, new_room(), kind="hero", key="k")).status == "room_closed"
    assert await games.open_rooms(db, 0, 10) == []

    room = await hero_room(db, organizer)
    others: tuple[tuple[RoomKind, int], ...] = (("hero", STAKE + 1), ("standard", STAKE))
    for kind, amount in others:
        with pytest.raises(psycopg.errors.RaiseException):
            await pay(db, player, room, kind=kind, amount=amount)
    standard = new_room()
    await fill(db, standard, [player])
    assert await ledger.balance(db, player) == STARS - STAKE
    await games.void(db, standard, "operator")
    with pytest.raises(psycopg.errors.CheckViolation):
        await organize(db, player, new_room(), fee=0)
    await assert_clean(db)


async def test_a_decided_hero_room_takes_no_stake(db: Database) -> None:
    organizer, player = await sign_up(db, 2)
    room = await hero_room(db, organizer)
    await games.void(db, room, "organizer_left")

    assert (await pay(db, player, room, kind="hero")).status == "room_closed"


async def test_a_room_that_redis_gave_up_first_is_not_made(db: Database) -> None:
    organizer, other = await sign_up(db, 2)
    room = new_room()
    outcome = await games.settle(db, room, finished(room, [], outcome="cancelled", reason="not_started", kind="hero"))
    assert (outcome.outcome, outcome.payouts) == ("refunded", {})

    assert (await organize(db, organizer, room, key="k")).status == "room_closed"
    assert (await idempotency.lookup(db, organizer, IdempotencyKey(ROOMS, "k", BODY))).status == "absent"
    taken = await hero_room(db, other)
    assert (await organize(db, organizer, taken)).status == "room_closed"
    assert await games.live_seat(db, organizer) is None
    await assert_clean(db)


async def test_a_banned_player_makes_no_room(db: Database, database_url: str) -> None:
    (organizer,) = await sign_up(db, 1)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE auth.users SET banned_at = now() WHERE user_id = %s", [organizer])

    assert (await organize(db, organizer, new_room())).status == "banned"
    assert await games.open_rooms(db, 0, 10) == []


async def test_who_has_no_stars_may_organize(db: Database) -> None:
    (organizer,) = await sign_up(db, 1, stars=0)
    assert (await organize(db, organizer, new_room())).status == "paid"


async def test_the_organizers_place_is_not_refunded_by_itself(db: Database) -> None:
    (organizer,) = await sign_up(db, 1)
    room, place = new_room(), new_seat()
    await organize(db, organizer, room, place)

    with pytest.raises(psycopg.errors.RaiseException):
        await games.refund(db, place, "left")

    assert await games.live_seat(db, organizer) is not None
    await games.void(db, room, "organizer_left")
    assert (await games.refund(db, place, "left")).status == "already"
    await assert_clean(db)


async def test_statuses_of_an_organizers_key(db: Database) -> None:
    (organizer,) = await sign_up(db, 1)
    room, place = new_room(), new_seat()
    await organize(db, organizer, room, place, key="k")

    again = await organize(db, organizer, new_room(), key="k")
    assert (again.status, again.room_id, again.seat_id) == ("idempotency_in_progress", room, place)
    assert (await organize(db, organizer, room, key="k", body=b"\x02" * 32)).status == "idempotency_mismatch"
    assert await idempotency.store_responses(db, [(organizer, IdempotencyKey(ROOMS, "k", b""), b"{1}")]) == 1
    stored = await organize(db, organizer, new_room(), key="k")
    assert (stored.status, stored.room_id, stored.response) == ("stored", room, b"{1}")
    assert len(await games.open_rooms(db, 0, 10)) == 1


async def test_after_the_lease_one_retry_resumes_the_room(db: Database) -> None:
    (organizer,) = await sign_up(db, 1)
    room, place = new_room(), new_seat()
    await organize(db, organizer, room, place, key="k", lease_s=0)

    first = await organize(db, organizer, new_room(), key="k")
    second = await organize(db, organizer, new_room(), key="k")

    assert (first.status, first.room_id, first.seat_id) == ("resume", room, place)
    assert second.status == "idempotency_in_progress"


async def test_a_room_that_was_given_up_leaves_its_key_free(db: Database) -> None:
    (organizer,) = await sign_up(db, 1)
    first, second = new_room(), new_room()
    await organize(db, organizer, first, key="k")
    await games.void(db, first, "organizer_left")

    reply = await organize(db, organizer, second, key="k")

    assert (reply.status, reply.room_id) == ("paid", second)
    assert (await organize(db, organizer, new_room(), key="k")).status == "idempotency_in_progress"
    await assert_clean(db)
