"""Records of games and signals of cheating, as they are kept.

Documents are bytes here, compressed by who makes them; what is in them is no business of this module.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from persistence.postgres.pool import Database, Role


@dataclass(frozen=True, slots=True)
class DueRecord:
    """A finished game whose record is to be made, with all that Postgres knows of it."""

    room_id: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewRecord:
    """`signals` and `rhythms` are kept in the same transaction; rhythms are hex by user id."""

    room_id: str
    key_id: str
    public_key: bytes
    log: Literal["complete", "incomplete", "missing"]
    root: bytes
    document: bytes
    signals: Sequence[Mapping[str, Any]]
    rhythms: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RecordKey:
    """A public key that signed records."""

    key_id: str
    public_key: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SignalsOfPlayer:
    """What the signals of one game say of one player."""

    user_id: int
    score: float
    review: bool
    signals: list[dict[str, Any]]


async def claim(db: Database, limit: int, lease_s: float) -> list[DueRecord]:
    """Take up games whose record is due; who does not keep one within the lease leaves it to others."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT room_id, facts FROM game.claim_records(%(limit)s, %(lease_s)s)",
        {"limit": limit, "lease_s": lease_s},
    )
    return [DueRecord(*row) for row in rows]


async def put(db: Database, record: NewRecord) -> bool:
    """Keep a record with its signals; False: there is one already, and nothing was changed."""
    row = await db.one(
        Role.SETTLER,
        None,
        """
        SELECT game.put_record(
            %(room_id)s, %(key_id)s, %(public_key)s, %(log)s, %(root)s, %(document)s, %(signals)s, %(rhythms)s
        )
        """,
        {
            "room_id": record.room_id,
            "key_id": record.key_id,
            "public_key": record.public_key,
            "log": record.log,
            "root": record.root,
            "document": record.document,
            "signals": Jsonb(record.signals),
            "rhythms": Jsonb(record.rhythms),
        },
    )
    return bool(row[0])


async def document(db: Database, room_id: str) -> bytes | None:
    """A room's record, for an operator."""
    row = await db.call(Role.SETTLER, None, "SELECT game.record(%(room_id)s)", {"room_id": room_id})
    return row[0] if row else None


async def document_for(db: Database, user_id: int, room_id: str) -> bytes | None:
    """A room's record, for somebody who played or organized it; None to everybody else."""
    row = await db.call(Role.PLAYER, user_id, "SELECT game.my_record(%(room_id)s)", {"room_id": room_id})
    return row[0] if row else None


async def public_keys(db: Database) -> list[RecordKey]:
    """Every key that ever signed a record, the latest first."""
    rows = await db.rows(Role.PLAYER, None, "SELECT key_id, public_key, created_at FROM game.all_record_keys()")
    return [RecordKey(*row) for row in rows]


async def signals(db: Database, room_id: str) -> list[SignalsOfPlayer]:
    """The signals of a game's players, the most suspicious first."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT user_id, score, review, signals FROM game.signals_of(%(room_id)s)",
        {"room_id": room_id},
    )
    return [SignalsOfPlayer(*row) for row in rows]


async def purge(db: Database, *, records_s: float, signals_s: float, limit: int) -> int:
    """Forget what is older; `limit` answered means that there may be more."""
    row = await db.one(
        Role.SETTLER,
        None,
        "SELECT game.purge_records(%(records_s)s, %(signals_s)s, %(limit)s)",
        {"records_s": records_s, "signals_s": signals_s, "limit": limit},
    )
    return int(row[0])
