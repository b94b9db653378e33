"""Stakes, hero rooms, refunds and the decision about each room: what is owed, as Postgres decides it.

Every function is one round trip and can be repeated: keys made of the seat or the room make each transfer happen once.
Must never look at Redis; the flows that cross both stores stand in `persistence/`.
"""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from persistence.postgres.idempotency import LEASE_S, IdempotencyKey
from persistence.postgres.pool import Database, Role, Row
from persistence.vocabulary import RoomKind

StakeStatus = Literal[
    "paid",
    "stored",
    "resume",
    "idempotency_mismatch",
    "idempotency_in_progress",
    "insufficient_balance",
    "already_in_room",
    "banned",
    "forbidden",
    "limit_reached",
    "room_closed",
]


@dataclass(frozen=True, slots=True)
class SeatRef:
    """Whose attempt to sit in which room.  Each attempt has its own `seat_id` (a UUID), of which the keys of its
    transfers are made."""

    user_id: int
    room_id: str
    seat_id: str


@dataclass(frozen=True, slots=True)
class StakeTerms:
    """What Postgres records of a room with its first statement.

    `stake` is what each player pays, `fee_bps` the part of the pool that is not the winner's (the house's, or a hero
    room's organizer's), `target` the taps that end a hero room's game (0: only time does).
    """

    kind: RoomKind
    stake: int
    capacity: int
    fee_bps: int
    target: int = 0


@dataclass(frozen=True, slots=True)
class StakeReply:
    """What became of a stake, or of making a hero room (`paid`: it is made).

    `room_id` and `seat_id` are those of the earlier attempt when the status is `resume` or `stored`, and `room_id` is
    where the player sits when it is `already_in_room`.  `response` is the stored one; under `limit_reached` it is the
    details in JSON.  `forbidden`: demonstration Stars and others do not meet in a room.
    """

    status: StakeStatus
    room_id: str | None
    seat_id: str | None
    balance: int | None
    name: str | None
    photo_url: str | None
    response: bytes | None


@dataclass(frozen=True, slots=True)
class RefundReply:
    """`already`: it went back before; `settled`: the seat was played for; `unknown`: no stake was ever committed."""

    status: Literal["refunded", "already", "unknown", "settled"]
    user_id: int | None
    balance: int | None
    room_id: str | None


@dataclass(frozen=True, slots=True)
class Seat:
    """One paid attempt to sit, or the place of a hero room's organizer (`organizes`), who pays nothing."""

    seat_id: str
    room_id: str
    user_id: int
    amount: int
    state: Literal["live", "refunded", "settled"]
    organizes: bool
    age_s: float


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """An undecided room.  `live_seats` are the paid ones; `missing_s`: for how long Redis has not known it, if so."""

    room_id: str
    kind: RoomKind
    stake: int
    live_seats: int
    age_s: float
    missing_s: float | None


class Standing(msgspec.Struct, frozen=True):
    """One line of the recorded result; a blocked player has no place."""

    place: int | None
    user_id: str
    taps: int
    prize: int


class Outcome(msgspec.Struct, frozen=True):
    """The decision about a room, the same for every repeat.

    User ids are strings, as on the wire.  `payouts` names every seat that was live, the organizer's too, with 0 for who
    got nothing; `balances` are those right after the decision.
    """

    room_id: str
    outcome: Literal["settled", "refunded"]
    reason: str | None
    winner: str | None
    prize: int
    standings: list[Standing]
    payouts: dict[str, int]
    balances: dict[str, int]


_outcome = msgspec.json.Decoder(Outcome)


async def stake(
    db: Database, seat: SeatRef, terms: StakeTerms, key: IdempotencyKey, *, lease_s: float = LEASE_S
) -> StakeReply:
    """Take the stake for a seat, once for a key, and make the room if it is the first; a hero room must be there.

    Raises:
        CommitUnknown: look the seat up before anything else.
    """
    row = await db.one(
        Role.PLAYER,
        seat.user_id,
        """
        SELECT o_status, o_room_id, o_seat_id::text, o_balance, o_name, o_photo_url, o_response FROM game.stake(
            %(user_id)s, %(room_id)s, %(seat_id)s, %(amount)s, %(kind)s, %(capacity)s, %(fee_bps)s,
            %(endpoint)s, %(key)s, %(body_hash)s, %(lease_s)s
        )
        """,
        {
            "user_id": seat.user_id,
            "room_id": seat.room_id,
            "seat_id": seat.seat_id,
            "amount": terms.stake,
            "kind": terms.kind,
            "capacity": terms.capacity,
            "fee_bps": terms.fee_bps,
            **key.parameters(lease_s),
        },
    )
    return StakeReply(*row)


async def organize(
    db: Database, seat: SeatRef, terms: StakeTerms, key: IdempotencyKey, *, lease_s: float = LEASE_S
) -> StakeReply:
    """Make a hero room with its organizer's place, once for a key; nothing is paid.

    Raises:
        CommitUnknown: look the seat up before anything else.
    """
    row = await db.one(
        Role.PLAYER,
        seat.user_id,
        """
        SELECT o_status, o_room_id, o_seat_id::text, o_balance, o_name, o_photo_url, o_response FROM game.organize(
            %(user_id)s, %(room_id)s, %(seat_id)s, %(fee)s, %(capacity)s, %(fee_bps)s, %(target)s,
            %(endpoint)s, %(key)s, %(body_hash)s, %(lease_s)s
        )
        """,
        {
            "user_id": seat.user_id,
            "room_id": seat.room_id,
            "seat_id": seat.seat_id,
            "fee": terms.stake,
            "capacity": terms.capacity,
            "fee_bps": terms.fee_bps,
            "target": terms.target,
            **key.parameters(lease_s),
        },
    )
    return StakeReply(*row)


async def refund(db: Database, seat_id: str, reason: str) -> RefundReply:
    """Give one live stake back; seats that were decided stay as they are.

    Raises:
        psycopg.Error: an organizer's live seat, which holds no stake and goes with its room.
    """
    row = await db.one(
        Role.SEATS,
        None,
        "SELECT o_status, o_user_id, o_balance, o_room_id FROM game.refund(%(seat_id)s, %(reason)s)",
        {"seat_id": seat_id, "reason": reason},
    )
    return RefundReply(*row)


async def settle(db: Database, room_id: str, result: bytes) -> Outcome:
    """Decide a room by the result that Redis wrote; a repeat gives the decision that was made."""
    row = await db.call(
        Role.SEATS,
        None,
        "SELECT game.settle(%(room_id)s, %(result)s::jsonb)",
        {"room_id": room_id, "result": result.decode()},
    )
    return _decision(row)


async def void(db: Database, room_id: str, reason: str) -> Outcome:
    """Decide a room by giving every stake back; a room that was decided before keeps its decision."""
    row = await db.call(
        Role.SEATS,
        None,
        "SELECT game.void(%(room_id)s, %(reason)s)",
        {"room_id": room_id, "reason": reason},
    )
    return _decision(row)


def _decision(row: Row | None) -> Outcome:
    assert row is not None
    return _outcome.decode(row[0])


async def seat(db: Database, seat_id: str) -> Seat | None:
    """The seat, whatever its state; None when no stake was committed for it (so far)."""
    row = await db.call(
        Role.SEATS,
        None,
        "SELECT seat_id::text, room_id, user_id, amount, state, organizes, age_s FROM game.seat(%(seat_id)s)",
        {"seat_id": seat_id},
    )
    return Seat(*row) if row else None


async def live_seat(db: Database, user_id: int) -> Seat | None:
    """The seat that binds the player or organizer now."""
    row = await db.call(
        Role.SEATS,
        None,
        "SELECT seat_id::text, room_id, user_id, amount, state, organizes, age_s FROM game.live_seat(%(user_id)s)",
        {"user_id": user_id},
    )
    return Seat(*row) if row else None


async def stale_live_seats(db: Database, older_than_s: float, limit: int) -> list[Seat]:
    """Live seats with a stake, older than that, oldest first."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        """
        SELECT seat_id::text, room_id, user_id, amount, state, organizes, age_s
        FROM game.stale_live_seats(%(older_than_s)s, %(limit)s)
        """,
        {"older_than_s": older_than_s, "limit": limit},
    )
    return [Seat(*row) for row in rows]


async def open_rooms(db: Database, older_than_s: float, limit: int) -> list[OpenRoom]:
    """Undecided rooms older than that, oldest first."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT room_id, kind, stake, live_seats, age_s, missing_s FROM game.open_rooms(%(older_than_s)s, %(limit)s)",
        {"older_than_s": older_than_s, "limit": limit},
    )
    return [OpenRoom(*row) for row in rows]


async def open_room_seats(db: Database, *, page: int) -> dict[str, set[str]]:
    """Every undecided room, oldest first, with its live seats that were paid for; read `page` rooms at a time."""
    found: dict[str, set[str]] = {}
    after, after_id = "-infinity", ""
    while True:
        rows = await db.rows(
            Role.SETTLER,
            None,
            """
            SELECT room_id, created_at::text, seat_ids
            FROM game.open_room_seats(%(after)s::timestamptz, %(after_id)s, %(limit)s)
            """,
            {"after": after, "after_id": after_id, "limit": page},
        )
        found |= {row[0]: set(row[2]) for row in rows}
        if len(rows) < page:
            return found
        after_id, after = rows[-1][:2]


async def report(db: Database, room_id: str) -> dict[str, Any]:
    """Everything about one room, for an operator: `room` (None: nobody ever paid), `escrow`, `seats`, `transfers`,
    `dead_letters`."""
    row = await db.one(Role.SETTLER, None, "SELECT game.room_report(%(room_id)s)", {"room_id": room_id})
    found: dict[str, Any] = row[0]
    return found


async def note_missing(db: Database, room_id: str) -> float | None:
    """Note that Redis, in good health, does not know this room: for how many seconds that has been so.

    None: there is no such open room.
    """
    row = await db.one(Role.SETTLER, None, "SELECT game.note_missing(%(room_id)s)", {"room_id": room_id})
    seconds: float | None = row[0]
    return seconds


async def clear_missing(db: Database, room_id: str) -> None:
    """Redis knows the room after all."""
    await db.call(Role.SETTLER, None, "SELECT game.clear_missing(%(room_id)s)", {"room_id": room_id})
