"""Moves that the tests of this folder make: sign up players, pay for seats, end games."""

import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from persistence.postgres import games, users
from persistence.postgres.audit import audit
from persistence.postgres.games import SeatRef, StakeTerms
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database
from persistence.vocabulary import RoomKind

STARS = 1000
STAKE = 50
ENDPOINT = "/api/v1/rooms/join"
BODY = b"\x01" * 32
HERO_BPS = 1000
HERO_TARGET = 200


@dataclass(frozen=True)
class Finisher:
    """One line of a result; `best` is the most taps in 2 s."""

    seat_id: str
    user_id: int
    taps: int
    blocked: bool = False
    best: int = 10


def new_room() -> str:
    return f"{secrets.randbelow(64):02x}{secrets.token_hex(7)}"


def new_seat() -> str:
    return str(uuid.uuid4())


async def sign_up(db: Database, count: int, *, stars: int = STARS) -> list[int]:
    made = []
    for _ in range(count):
        profile = users.TelegramProfile(telegram_id=secrets.randbelow(2**50) + 1, first_name="Tess", last_name="Ter")
        made.append((await users.log_in_telegram(db, profile, stars)).user_id)
    return made


async def pay(
    db: Database,
    user_id: int,
    room_id: str,
    seat_id: str | None = None,
    *,
    amount: int = STAKE,
    key: str | None = None,
    body: bytes = BODY,
    kind: RoomKind = "standard",
    fee_bps: int = 0,
    lease_s: float = 30,
) -> games.StakeReply:
    seat_id = seat_id or new_seat()
    return await games.stake(
        db,
        SeatRef(user_id, room_id, seat_id),
        StakeTerms(kind, amount, 10, fee_bps),
        IdempotencyKey(ENDPOINT, key or seat_id, body),
        lease_s=lease_s,
    )


async def organize(
    db: Database,
    user_id: int,
    room_id: str,
    seat_id: str | None = None,
    *,
    fee: int = STAKE,
    key: str | None = None,
    body: bytes = BODY,
    lease_s: float = 30,
) -> games.StakeReply:
    seat_id = seat_id or new_seat()
    return await games.organize(
        db,
        SeatRef(user_id, room_id, seat_id),
        StakeTerms("hero", fee, 50, HERO_BPS, HERO_TARGET),
        IdempotencyKey("/api/v1/rooms", key or seat_id, body),
        lease_s=lease_s,
    )


async def hero_room(db: Database, organizer: int, *, fee: int = STAKE) -> str:
    """A hero room nobody has paid for yet."""
    room = new_room()
    assert (await organize(db, organizer, room, fee=fee)).status == "paid"
    return room


async def fill(
    db: Database,
    room_id: str,
    user_ids: Sequence[int],
    *,
    kind: RoomKind = "standard",
    amount: int = STAKE,
    fee_bps: int = 0,
) -> list[str]:
    """Seat these players; their seats."""
    seats = []
    for user_id in user_ids:
        reply = await pay(db, user_id, room_id, kind=kind, amount=amount, fee_bps=fee_bps)
        assert reply.status == "paid"
        assert reply.seat_id is not None
        seats.append(reply.seat_id)
    return seats


def finished(
    room_id: str,
    seats: Sequence[Finisher],
    *,
    outcome: str = "finished",
    reason: str | None = None,
    starts_ms: int = 1,
    ends_ms: int | None = None,
    finished_ms: int | None = 3,
    kind: str = "standard",
) -> bytes:
    """The result as Redis writes it: unblocked seats by taps, blocked ones last."""
    ranked = sorted(seats, key=lambda seat: (seat.blocked, -seat.taps))
    lines = [
        {
            "seat_id": seat.seat_id,
            "user_id": str(seat.user_id),
            "taps": seat.taps,
            "place": None if seat.blocked else place,
            "blocked": seat.blocked,
            "best": seat.best,
        }
        for place, seat in enumerate(ranked, 1)
    ]
    return json.dumps(
        {
            "room_id": room_id,
            "outcome": outcome,
            "reason": reason,
            "kind": kind,
            "stake": STAKE,
            "starts_ms": starts_ms,
            "ends_ms": finished_ms if ends_ms is None else ends_ms,
            "finished_ms": finished_ms,
            "version": 4,
            "seats": lines,
        }
    ).encode()


async def assert_clean(db: Database) -> None:
    assert await audit(db) == []


def total_of_players(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT coalesce(sum(balance), 0)::bigint FROM ledger.balances").fetchone()
        assert row is not None
        return int(row[0])


def balance_of_account(database_url: str, kind: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(amount), 0)::bigint FROM ledger.entries JOIN ledger.accounts USING (account_id)"
            " WHERE kind = %s::ledger.account_kind",
            [kind],
        ).fetchone()
        assert row is not None
        return int(row[0])
