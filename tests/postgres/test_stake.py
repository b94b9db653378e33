"""One stake: its statuses, its key, its refund."""

from dataclasses import replace

import psycopg
import pytest

from persistence.postgres import games, idempotency, ledger
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database, Role
from tests.postgres.play import (
    BODY,
    ENDPOINT,
    STAKE,
    STARS,
    Finisher,
    assert_clean,
    fill,
    finished,
    new_room,
    new_seat,
    pay,
    sign_up,
)

KEY = IdempotencyKey(ENDPOINT, "k", BODY)


async def test_a_stake_goes_to_the_escrow(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    room, seat = new_room(), new_seat()

    reply = await pay(db, player, room, seat)

    assert reply == games.StakeReply("paid", room, seat, STARS - STAKE, "Tess Ter", None, None)
    assert await ledger.balance(db, player) == STARS - STAKE
    held = await games.seat(db, seat)
    assert held is not None
    assert (held.room_id, held.user_id, held.amount, held.state) == (room, player, STAKE, "live")
    assert await games.live_seat(db, player) is not None
    await assert_clean(db)


async def test_too_little_balance_takes_nothing_and_keeps_no_key(db: Database) -> None:
    (player,) = await sign_up(db, 1, stars=STAKE - 1)
    room, seat = new_room(), new_seat()

    assert (await pay(db, player, room, seat, key="k")).status == "insufficient_balance"
    assert (await pay(db, player, room, seat, key="k")).balance == STAKE - 1

    assert await games.seat(db, seat) is None
    assert (await idempotency.lookup(db, player, KEY)).status == "absent"
    assert await games.open_rooms(db, 0, 10) == []


async def test_a_player_sits_in_one_room(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    first, second = new_room(), new_room()
    await fill(db, first, [player])

    reply = await pay(db, player, second)

    assert (reply.status, reply.room_id) == ("already_in_room", first)
    assert await ledger.balance(db, player) == STARS - STAKE


async def test_who_spent_everything_on_a_seat_hears_of_the_seat(db: Database) -> None:
    (player,) = await sign_up(db, 1, stars=STAKE)
    room = new_room()
    await fill(db, room, [player])

    assert (await pay(db, player, new_room())).status == "already_in_room"


async def test_a_banned_player_is_refused(db: Database, database_url: str) -> None:
    (player,) = await sign_up(db, 1)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE auth.users SET banned_at = now() WHERE user_id = %s", [player])

    assert (await pay(db, player, new_room())).status == "banned"
    assert await ledger.balance(db, player) == STARS


async def test_a_decided_room_is_closed(db: Database) -> None:
    one, two = await sign_up(db, 2)
    room = new_room()
    await fill(db, room, [one])
    await games.void(db, room, "operator")

    assert (await pay(db, two, room)).status == "room_closed"


async def test_a_room_that_ended_before_anybody_paid_is_closed(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    room = new_room()
    outcome = await games.settle(db, room, finished(room, [], outcome="cancelled", reason="empty"))

    assert (outcome.outcome, outcome.payouts) == ("refunded", {})
    assert (await pay(db, player, room)).status == "room_closed"
    await assert_clean(db)


async def test_a_seat_that_was_refunded_cannot_be_paid_again(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    room = new_room()
    (seat,) = await fill(db, room, [player])
    await games.refund(db, seat, "left")

    assert (await pay(db, player, room, seat, key="another")).status == "room_closed"
    assert await ledger.balance(db, player) == STARS


async def test_leaving_and_coming_back_pays_again(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    room = new_room()
    for _ in range(3):
        (seat,) = await fill(db, room, [player])
        assert (await games.refund(db, seat, "left")).status == "refunded"
    await fill(db, room, [player])

    assert await ledger.balance(db, player) == STARS - STAKE
    await assert_clean(db)


async def test_the_stake_of_a_room_cannot_change(db: Database) -> None:
    one, two = await sign_up(db, 2)
    room = new_room()
    await fill(db, room, [one])

    with pytest.raises(psycopg.errors.RaiseException):
        await pay(db, two, room, amount=STAKE * 2)
    assert await ledger.balance(db, two) == STARS


async def test_the_claim_must_be_the_players(db: Database) -> None:
    one, two = await sign_up(db, 2)
    for claim in (two, None):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await db.call(
                Role.PLAYER,
                claim,
                "SELECT game.stake(%(user)s, %(room)s, %(seat)s, 50, 'standard', 10, 0, 'e', 'k', '\\x01', 30)",
                {"user": one, "room": new_room(), "seat": new_seat()},
            )
    assert await ledger.balance(db, one) == STARS


async def test_a_refund_happens_once(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    room = new_room()
    (seat,) = await fill(db, room, [player])

    assert await games.refund(db, seat, "left") == games.RefundReply("refunded", player, STARS, room)
    assert await games.refund(db, seat, "left") == games.RefundReply("already", player, STARS, room)
    assert await games.refund(db, new_seat(), "left") == games.RefundReply("unknown", None, None, None)
    await assert_clean(db)


async def test_a_settled_seat_is_not_refunded(db: Database) -> None:
    one, two = await sign_up(db, 2)
    room = new_room()
    seats = await fill(db, room, [one, two])
    await games.settle(db, room, finished(room, [Finisher(seats[0], one, 9), Finisher(seats[1], two, 8)]))

    assert (await games.refund(db, seats[1], "left")).status == "settled"
    assert await ledger.balance(db, two) == STARS - STAKE


async def test_statuses_of_a_key(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    room, seat = new_room(), new_seat()

    assert (await idempotency.lookup(db, player, KEY)).status == "absent"
    await pay(db, player, room, seat, key="k")

    again = await pay(db, player, new_room(), key="k")
    assert (again.status, again.room_id, again.seat_id) == ("idempotency_in_progress", room, seat)
    assert (await pay(db, player, room, key="k", body=b"\x02" * 32)).status == "idempotency_mismatch"
    other_body = replace(KEY, body_hash=b"\x02" * 32)
    assert (await idempotency.lookup(db, player, other_body)).status == "idempotency_mismatch"

    unknown = IdempotencyKey(ENDPOINT, "?", BODY)
    assert await idempotency.store_responses(db, [(player, KEY, b"{1}"), (player, unknown, b"")]) == 1
    assert await idempotency.store_responses(db, [(player, KEY, b"{2}")]) == 0
    stored = await pay(db, player, new_room(), key="k")
    assert (stored.status, stored.response, stored.room_id) == ("stored", b"{1}", room)
    assert (await idempotency.lookup(db, player, KEY)).response == b"{1}"
    assert await ledger.balance(db, player) == STARS - STAKE


async def test_a_key_belongs_to_one_user_and_endpoint(db: Database) -> None:
    one, two = await sign_up(db, 2)
    room = new_room()

    assert (await pay(db, one, room, key="same")).status == "paid"
    assert (await pay(db, two, room, key="same")).status == "paid"
    assert (await idempotency.lookup(db, one, IdempotencyKey("/elsewhere", "same", BODY))).status == "absent"


async def test_after_the_lease_one_retry_resumes_the_seat(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    room, seat = new_room(), new_seat()
    await pay(db, player, room, seat, key="k", lease_s=0)

    first = await pay(db, player, new_room(), key="k")
    second = await pay(db, player, new_room(), key="k")

    assert (first.status, first.room_id, first.seat_id) == ("resume", room, seat)
    assert second.status == "idempotency_in_progress"
    assert await ledger.balance(db, player) == STARS - STAKE


async def test_looking_a_key_up_leases_it_too(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    room, seat = new_room(), new_seat()
    await pay(db, player, room, seat, key="k", lease_s=0)

    assert await idempotency.lookup(db, player, KEY) == idempotency.KeyState("resume", room, seat, None)
    assert (await idempotency.lookup(db, player, KEY)).status == "idempotency_in_progress"


async def test_a_refunded_attempt_leaves_its_key_free(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    first, second, seat = new_room(), new_room(), new_seat()
    await pay(db, player, first, seat, key="k")
    await games.refund(db, seat, "room_closed")

    assert (await idempotency.lookup(db, player, KEY)).status == "vacant"
    reply = await pay(db, player, second, key="k")

    assert (reply.status, reply.room_id) == ("paid", second)
    assert await ledger.balance(db, player) == STARS - STAKE
    assert (await pay(db, player, new_room(), key="k")).status == "idempotency_in_progress"
    await assert_clean(db)


async def test_old_keys_are_forgotten(db: Database) -> None:
    (player,) = await sign_up(db, 1)
    await pay(db, player, new_room(), key="k")

    assert await idempotency.purge(db) == 0
    assert await idempotency.purge(db, older_than_s=0) == 1
    assert (await idempotency.lookup(db, player, KEY)).status == "absent"


async def test_the_statement_lists_every_change(db: Database) -> None:
    one, two = await sign_up(db, 2)
    room = new_room()
    (seat,) = await fill(db, room, [one])
    await games.refund(db, seat, "left")
    await fill(db, room, [one])

    lines = await ledger.statement(db, one, None, 10)

    assert [(line.kind, line.amount, line.balance_after, line.reason) for line in lines] == [
        ("stake", -STAKE, STARS - STAKE, None),
        ("refund", STAKE, STARS, "left"),
        ("stake", -STAKE, STARS - STAKE, None),
        ("grant", STARS, STARS, None),
    ]
    assert await ledger.statement(db, one, lines[1].entry_id, 10) == lines[2:]
    assert await ledger.statement(db, one, None, 2) == lines[:2]
    assert len(await ledger.statement(db, two, None, 10)) == 1
