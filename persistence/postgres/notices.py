"""Notices in Postgres: what a player is notified of, their delivery by the bot, and appeals.

Notices are written by triggers in the transaction of what they report; only those about rooms that run come from here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from persistence.postgres.acting import Actor, act
from persistence.postgres.pool import Database, Role

RoomEvent = Literal["game_starts", "room_expires"]
SkipReason = Literal["app_open", "no_bot"]
DeliveryOutcome = Literal["sent", "refused"]
MAX_WORDS = 2000


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as its player sees it, with the appeal against it, if there is one."""

    notice_id: int
    kind: str
    room_id: str | None
    amount: int | None
    reason: str | None
    created_at: datetime
    can_appeal: bool
    appeal: str | None
    appealed_at: datetime | None
    answer: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal as operators see it."""

    appeal_id: int
    user_id: int
    name: str
    kind: str
    room_id: str | None
    reason: str | None
    words: str
    created_at: datetime
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice that is being delivered now; `wait_s` above 0: not yet, come back then."""

    wait_s: float
    telegram_id: int
    language: str | None
    kind: str
    room_id: str | None
    amount: int | None
    reason: str | None
    subject: str


async def mine(db: Database, user_id: int, before: int | None, limit: int) -> list[Notice]:
    """The player's notices, newest first."""
    rows = await db.rows(
        Role.PLAYER,
        user_id,
        "SELECT notice_id, kind, room_id, amount, reason, created_at, can_appeal, appeal, appealed_at, answer,"
        " answered_at FROM bot.my_notices(%(before)s, %(limit)s)",
        {"before": before, "limit": limit},
    )
    return [Notice(*row) for row in rows]


async def appeal(db: Database, user_id: int, notice_id: int | None, words: str) -> str:
    """Appeal against a block, or without a number against the latest ban: ok, not_found, conflict."""
    row = await db.one(
        Role.PLAYER,
        user_id,
        "SELECT bot.appeal(%(notice_id)s, %(words)s)",
        {"notice_id": notice_id, "words": words},
    )
    return str(row[0])


async def appeals(db: Database, *, only_open: bool, limit: int) -> list[Appeal]:
    """For operators, the longest waiting first."""
    rows = await db.rows(
        Role.OPERATOR,
        None,
        "SELECT appeal_id, user_id, name, kind, room_id, reason, words, created_at, answer, answered_by, answered_at"
        " FROM bot.list_appeals(%(open)s, %(limit)s)",
        {"open": only_open, "limit": limit},
    )
    return [Appeal(*row) for row in rows]


async def answer_appeal(db: Database, appeal_id: int, answer: str, by: Actor) -> str:
    """An operator's answer: ok, not_found, conflict (answered before with other words)."""
    row = await act(
        db, by, "SELECT bot.answer_appeal(%(appeal_id)s, %(answer)s)", {"appeal_id": appeal_id, "answer": answer}
    )
    assert row is not None
    return str(row[0])


async def note_event(
    db: Database, event: RoomEvent, room_id: str, user_ids: list[int], *, amount: int, for_s: float
) -> int:
    """Something that these players should hear within `for_s`; how many had not been noted before."""
    row = await db.one(
        Role.SETTLER,
        None,
        "SELECT bot.note_event(%(event)s, %(room_id)s, %(user_ids)s::bigint[], %(amount)s, %(for_s)s)",
        {"event": event, "room_id": room_id, "user_ids": user_ids, "amount": amount, "for_s": for_s},
    )
    return int(row[0])


async def due(db: Database, *, limit: int, lease_s: float) -> list[tuple[int, int, bool]]:
    """(notice, user, whether it is said while the app is open too) that the bot should look at; they come again after
    the lease."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT notice_id, user_id, insists FROM bot.due_notices(%(limit)s, %(lease_s)s)",
        {"limit": limit, "lease_s": lease_s},
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def close(db: Database, notice_ids: list[int], reason: SkipReason) -> None:
    """The bot need not deliver these."""
    await db.call(
        Role.SETTLER,
        None,
        "SELECT bot.close_notices(%(notice_ids)s::bigint[], %(reason)s)",
        {"notice_ids": notice_ids, "reason": reason},
    )


async def claim_delivery(db: Database, notice_id: int, *, per_s: float) -> Delivery | None:
    """Claim the delivery of a notice, at most `per_s` a second over all workers; None: it was delivered or is late."""
    row = await db.one(
        Role.SETTLER,
        None,
        """
        SELECT o_wait_s, o_telegram_id, o_language, o_kind, o_room_id, o_amount, o_reason, o_subject
        FROM bot.claim_delivery(%(notice_id)s, %(per_s)s)
        """,
        {"notice_id": notice_id, "per_s": per_s},
    )
    return None if row[0] is None else Delivery(*row)


async def finish_delivery(
    db: Database, notice_id: int, outcome: DeliveryOutcome, *, again_s: float | None = None
) -> None:
    """What became of it; `again_s`: it was surely not sent, and is due again after that time."""
    await db.call(
        Role.SETTLER,
        None,
        "SELECT bot.finish_delivery(%(notice_id)s, %(outcome)s, %(again_s)s)",
        {"notice_id": notice_id, "outcome": outcome, "again_s": again_s},
    )
