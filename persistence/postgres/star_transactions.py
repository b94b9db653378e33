"""Telegram's transactions of the bot's Stars as they were read, and what differs between them and our ledger.

Every function is one round trip.  Must never ask Telegram: the reading stands in
`persistence/payments/star_reconciliation.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from persistence.postgres.audit import LIMIT_S, Finding
from persistence.postgres.pool import Database, Role
from persistence.postgres.stars import Charge
from persistence.postgres.storable import storable


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One transaction of Telegram's.  An id comes twice when a payment was sent back: once in, once out."""

    transaction_id: str
    direction: Literal["in", "out"]
    stars: int
    nanostars: int
    made_ms: int
    partner: str
    purpose: str
    payer_id: int | None
    payload: str | None


@dataclass(frozen=True, slots=True)
class Sums:
    """Stars the bot should hold: by Telegram's transactions, by our ledger, and what of the first is none of ours."""

    book: int
    ledger: int
    outside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What one reading found.  `settled`: nothing moved meanwhile, so the balances can be compared."""

    bot_id: int
    from_offset: int
    next_offset: int
    new_transactions: int
    credited: int
    reversed: int
    telegram_stars: int
    sums: Sums
    settled: bool
    differences: Sequence[Finding]


async def claim(db: Database, *, lease_s: float) -> bool:
    """Whether the reconciliation is due, and this caller has claimed it."""
    row = await db.one(Role.SETTLER, None, "SELECT pay.claim_star_reconciliation(%(lease_s)s)", {"lease_s": lease_s})
    return bool(row[0])


async def offset(db: Database, bot_id: int) -> int:
    """How many of that bot's transactions have been read for good."""
    row = await db.one(Role.SETTLER, None, "SELECT pay.star_offset(%(bot_id)s)", {"bot_id": bot_id})
    return int(row[0])


async def note(
    db: Database, bot_id: int, transactions: Sequence[Transaction], *, next_offset: int, lease_s: float
) -> int:
    """Keep a page of that bot's transactions, and that everything before `next_offset` is kept now; how many were not
    known.  The claim goes on for `lease_s`."""
    row = await db.one(
        Role.SETTLER,
        None,
        """
        SELECT pay.note_star_transactions(
            %(bot_id)s, %(next_offset)s, %(lease_s)s,
            %(ids)s::text[], %(directions)s::text[], %(stars)s::bigint[], %(nanostars)s::int[], %(made_ms)s::bigint[],
            %(partners)s::text[], %(purposes)s::text[], %(payer_ids)s::bigint[], %(payloads)s::text[]
        )
        """,
        {
            "bot_id": bot_id,
            "next_offset": next_offset,
            "lease_s": lease_s,
            "ids": [storable(each.transaction_id) for each in transactions],
            "directions": [each.direction for each in transactions],
            "stars": [each.stars for each in transactions],
            "nanostars": [each.nanostars for each in transactions],
            "made_ms": [each.made_ms for each in transactions],
            "partners": [storable(each.partner) for each in transactions],
            "purposes": [storable(each.purpose) for each in transactions],
            "payer_ids": [each.payer_id for each in transactions],
            "payloads": [storable(each.payload) for each in transactions],
        },
    )
    return int(row[0])


async def unrecorded(db: Database, limit: int) -> list[tuple[Literal["in", "out"], Charge]]:
    """Payments and refunds that Telegram has and we have not, in the order to record them."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT direction, charge_id, payload, payer_id, stars, made_ms FROM pay.unrecorded_stars(%(limit)s)",
        {"limit": limit},
        limit_s=LIMIT_S,
    )
    return [
        (row[0], Charge(charge_id=row[1], payload=row[2], payer_id=row[3], stars=row[4], currency="XTR", at_ms=row[5]))
        for row in rows
    ]


async def differences(db: Database, *, grace_s: float, limit_s: float = LIMIT_S) -> list[Finding]:
    """What differs now; what is younger than `grace_s` here is given time to show up at Telegram."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT rule, subject, detail FROM pay.star_differences(%(grace_s)s)",
        {"grace_s": grace_s},
        limit_s=limit_s,
    )
    return [Finding(*row) for row in rows]


async def sums(db: Database, bot_id: int, *, limit_s: float = LIMIT_S) -> Sums:
    """What that bot should hold."""
    row = await db.one(
        Role.SETTLER,
        None,
        "SELECT book, ledger, outside FROM pay.star_sums(%(bot_id)s)",
        {"bot_id": bot_id},
        limit_s=limit_s,
    )
    return Sums(*row)


async def keep(db: Database, found: Reconciliation, *, every_s: float) -> None:
    """Keep what a reading found; the next is due after `every_s`."""
    await db.call(
        Role.SETTLER,
        None,
        """
        SELECT pay.note_star_reconciliation(
            %(bot_id)s, %(from)s, %(next)s, %(new)s, %(credited)s, %(reversed)s, %(telegram)s, %(book)s, %(ledger)s,
            %(outside)s, %(settled)s, %(differences)s::jsonb, %(every_s)s
        )
        """,
        {
            "bot_id": found.bot_id,
            "from": found.from_offset,
            "next": found.next_offset,
            "new": found.new_transactions,
            "credited": found.credited,
            "reversed": found.reversed,
            "telegram": found.telegram_stars,
            "book": found.sums.book,
            "ledger": found.sums.ledger,
            "outside": found.sums.outside,
            "settled": found.settled,
            "differences": msgspec.json.encode(found.differences).decode(),
            "every_s": every_s,
        },
    )
