"""Many hands at once: every Star is moved exactly once, and nobody waits for ever."""

import asyncio
import random
from collections import Counter

import psycopg
import pytest

from persistence.postgres import games, ledger
from persistence.postgres.pool import Database
from tests.fixtures.waiting import eventually
from tests.postgres.play import (
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
    total_of_players,
)


async def test_twenty_sends_of_one_join_take_one_stake(db: Database) -> None:
    (player,) = await sign_up(db, 1)

    replies = await asyncio.gather(*(pay(db, player, new_room(), key="one") for _ in range(20)))

    assert Counter(reply.status for reply in replies) == {"paid": 1, "idempotency_in_progress": 19}
    assert await ledger.balance(db, player) == STARS - STAKE
    assert len(await games.open_rooms(db, 0, 100)) == 1
    await assert_clean(db)


async def test_six_joins_at_once_get_one_seat(db: Database) -> None:
    (player,) = await sign_up(db, 1)

    replies = await asyncio.gather(*(pay(db, player, new_room()) for _ in range(6)))

    paid = [reply for reply in replies if reply.status == "paid"]
    assert len(paid) == 1
    others = [reply for reply in replies if reply.status != "paid"]
    assert {(reply.status, reply.room_id) for reply in others} == {("already_in_room", paid[0].room_id)}
    assert await ledger.balance(db, player) == STARS - STAKE
    await assert_clean(db)


async def test_twenty_retries_after_the_lease_resume_once(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    await pay(db, player, new_room(), key="one", lease_s=0)

    replies = await asyncio.gather(*(pay(db, player, new_room(), key="one") for _ in range(20)))

    assert Counter(reply.status for reply in replies) == {"resume": 1, "idempotency_in_progress": 19}


async def test_a_free_key_is_taken_once(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    seat = new_seat()
    await pay(db, player, new_room(), seat, key="one")
    await games.refund(db, seat, "room_closed")

    replies = await asyncio.gather(*(pay(db, player, new_room(), key="one") for _ in range(10)))

    assert Counter(reply.status for reply in replies) == {"paid": 1, "idempotency_in_progress": 9}
    await assert_clean(db)


async def test_ten_first_players_make_one_room(db: Database) -> None:
    players = await sign_up(db, 10)
    room = new_room()

    replies = await asyncio.gather(*(pay(db, player, room) for player in players))

    assert {reply.status for reply in replies} == {"paid"}
    assert [found.live_seats for found in await games.open_rooms(db, 0, 10)] == [10]
    await assert_clean(db)


async def test_settling_races_refunding(db: Database, database_url: str) -> None:
    players = await sign_up(db, 4)
    for _ in range(15):
        before = total_of_players(database_url)
        room = new_room()
        seats = await fill(db, room, players)
        result = finished(room, [Finisher(seat, player, 10) for seat, player in zip(seats, players, strict=True)])

        outcomes = await asyncio.gather(
            games.settle(db, room, result),
            games.refund(db, seats[0], "left"),
            games.refund(db, seats[1], "left"),
            games.settle(db, room, result),
            games.void(db, room, "operator"),
        )

        settled, first, second, repeated, voided = outcomes
        assert settled == repeated == voided
        for player, reply in ((players[0], first), (players[1], second)):
            in_time = reply.status == "refunded"
            assert in_time == (str(player) not in settled.payouts)
            assert in_time or reply.status == ("already" if settled.outcome == "refunded" else "settled")
        assert total_of_players(database_url) == before
    await assert_clean(db)


async def test_stakes_race_the_decision(db: Database) -> None:
    players = await sign_up(db, 8)
    room = new_room()
    await fill(db, room, players[:2])

    late = [asyncio.create_task(pay(db, player, room)) for player in players[2:]]
    outcome = await games.void(db, room, "operator")
    replies = await asyncio.gather(*late)

    for player, reply in zip(players[2:], replies, strict=True):
        assert reply.status == ("paid" if str(player) in outcome.payouts else "room_closed")
        assert await ledger.balance(db, player) == STARS
    await assert_clean(db)


async def test_a_hundred_random_moves_at_once_lose_no_star(db: Database, database_url: str) -> None:
    chance = random.Random(20261122)
    players = await sign_up(db, 12, stars=4 * STAKE)
    rooms = [new_room() for _ in range(4)]
    seats: dict[str, list[tuple[str, int]]] = {room: [] for room in rooms}
    won = 0

    async def stake() -> None:
        player, room = chance.choice(players), chance.choice(rooms)
        reply = await pay(db, player, room, fee_bps=700)
        assert reply.status in {"paid", "already_in_room", "insufficient_balance", "room_closed"}
        if reply.status == "paid" and reply.seat_id is not None:
            seats[room].append((reply.seat_id, player))

    async def refund() -> None:
        known = [seat for held in seats.values() for seat, _ in held]
        reply = await games.refund(db, chance.choice(known) if known else new_seat(), "left")
        assert reply.status in {"refunded", "already", "settled", "unknown"}

    async def settle() -> None:
        nonlocal won
        room = chance.choice(rooms)
        if len(seats[room]) < 3:
            return
        rooms[rooms.index(room)] = fresh = new_room()
        seats[fresh] = []
        lines = [Finisher(seat, player, chance.randrange(5), chance.random() < 0.2) for seat, player in seats[room]]
        first, second = await asyncio.gather(
            games.settle(db, room, finished(room, lines)), games.settle(db, room, finished(room, lines))
        )
        assert first == second
        won += first.prize

    moves = [chance.choices([stake, refund, settle], [6, 2, 2])[0] for _ in range(300)]
    for start in range(0, len(moves), 100):
        await asyncio.gather(*(move() for move in moves[start : start + 100]))
        await assert_clean(db)
    for open_room in await games.open_rooms(db, 0, 100):
        await games.void(db, open_room.room_id, "operator")

    await assert_clean(db)
    assert won > 0
    assert balance_of_account(database_url, "escrow") == 0
    assert total_of_players(database_url) + balance_of_account(database_url, "house") == 12 * 4 * STAKE
    assert await games.stale_live_seats(db, 0, 100) == []


async def test_making_a_room_races_joining_another(db: Database) -> None:
    """Whichever comes first binds the player, and what lost leaves no room without its organizer."""
    organizer, other = await sign_up(db, 2)
    room = await hero_room(db, other)
    for first in (False, True) * 12:
        made = new_room()
        making = organize(db, organizer, made)
        joining = pay(db, organizer, room, kind="hero")
        if first:
            mine, theirs = await asyncio.gather(making, joining)
        else:
            theirs, mine = await asyncio.gather(joining, making)

        assert {mine.status, theirs.status} == {"paid", "already_in_room"}
        seat = await games.live_seat(db, organizer)
        assert seat is not None
        assert mine.room_id == theirs.room_id == seat.room_id
        assert seat.organizes == (mine.status == "paid")
        if seat.organizes:
            await games.void(db, made, "operator")
        else:
            await games.refund(db, seat.seat_id, "left")
        assert [opened.room_id for opened in await games.open_rooms(db, 0, 100)] == [room]
    assert await ledger.balance(db, organizer) == STARS
    await assert_clean(db)


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("what", ["make", "join"])
async def test_a_seat_that_is_being_taken_is_waited_for(
    db: Database, database_url: str, what: str, taken: bool
) -> None:
    """Each way of sitting down meets the other one's uncommitted seat, which is then taken or given up."""
    user, other = await sign_up(db, 2)
    mine, hero = new_room(), await hero_room(db, other)
    seat = "INSERT INTO game.seats (seat_id, room_id, user_id, amount, organizes) VALUES (%s, %s, %s, %s, %s)"
    async with (
        await psycopg.AsyncConnection.connect(database_url) as rival,
        rival.transaction(force_rollback=not taken),
    ):
        # Only the seat matters: the audit is not asked here.
        await rival.execute("DELETE FROM game.seats WHERE user_id = %s", [other])
        await rival.execute(seat, [new_seat(), hero, user, *((0, True) if what == "join" else (STAKE, False))])
        call = organize(db, user, mine) if what == "make" else pay(db, user, mine)
        sitting = asyncio.create_task(call)
        blocked = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as watcher:

            async def waits() -> bool:
                return await (await watcher.execute(blocked)).fetchone() is not None

            await eventually("it waits for the other one's lock", waits)
    reply = await sitting

    assert (reply.status, reply.room_id) == (("already_in_room", hero) if taken else ("paid", mine))
    held = await games.live_seat(db, user)
    assert held is not None
    assert held.room_id == reply.room_id


async def test_six_rooms_made_at_once_are_one(db: Database) -> None:
    (organizer,) = await sign_up(db, 1)

    replies = await asyncio.gather(*(organize(db, organizer, new_room()) for _ in range(6)))

    made = [reply.room_id for reply in replies if reply.status == "paid"]
    assert Counter(reply.status for reply in replies) == {"paid": 1, "already_in_room": 5}
    assert {reply.room_id for reply in replies} == set(made)
    assert [opened.room_id for opened in await games.open_rooms(db, 0, 100)] == made
    await assert_clean(db)


async def test_twenty_sends_of_one_request_make_one_room(db: Database) -> None:
    (organizer,) = await sign_up(db, 1)

    replies = await asyncio.gather(*(organize(db, organizer, new_room(), key="one") for _ in range(20)))

    assert Counter(reply.status for reply in replies) == {"paid": 1, "idempotency_in_progress": 19}
    assert len(await games.open_rooms(db, 0, 100)) == 1
    await assert_clean(db)


async def test_an_organizer_never_stakes_in_the_own_room(db: Database) -> None:
    (organizer,) = await sign_up(db, 1)
    for _ in range(10):
        room = new_room()
        made, *stakes = await asyncio.gather(
            organize(db, organizer, room), *(pay(db, organizer, room, kind="hero") for _ in range(3))
        )

        assert made.status == "paid"
        assert {stake.status for stake in stakes} <= {"room_closed", "already_in_room"}
        assert await ledger.balance(db, organizer) == STARS
        await games.void(db, room, "operator")
    await assert_clean(db)


async def test_stakes_race_the_making_and_the_decision_of_a_hero_room(db: Database) -> None:
    organizer, *players = await sign_up(db, 9)
    for _ in range(5):
        room = new_room()
        made, *replies = await asyncio.gather(
            organize(db, organizer, room), *(pay(db, player, room, kind="hero") for player in players)
        )
        assert made.status == "paid"
        deciding = asyncio.create_task(games.void(db, room, "operator"))
        late = await asyncio.gather(*(pay(db, player, room, kind="hero") for player in players))
        outcome = await deciding
        paid = {str(p) for p, reply in zip(players * 2, [*replies, *late], strict=True) if reply.status == "paid"}
        assert outcome.payouts == {str(organizer): 0, **dict.fromkeys(paid, STAKE)}
    assert [await ledger.balance(db, player) for player in [organizer, *players]] == [STARS] * 9
    await assert_clean(db)
