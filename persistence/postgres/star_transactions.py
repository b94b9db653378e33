"""Telegram's transactions of the bot's Stars as they were read, and what differs between them and our ledger.

Every function is one round trip.  Must never ask Telegram: the reading stands in
`persistence/payments/star_reconciliation.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from persistence.postgres.audit import Finding
from persistence.postgres.pool import Database, Role
from persistence.postgres.stars import Charge


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


async def offset(db: Database) -> int:
    """How many transactions have been read for good."""
    row = await db.one(Role.SETTLER, None, "SELECT pay.star_offset()")
    return int(row[0])


async def note(db: Database, transactions: Sequence[Transaction]) -> int:
    """Keep transactions; how many were not known."""
    row = await db.one(
        Role.SETTLER,
        None,
        """
        SELECT pay.note_star_transactions(
            %(ids)s::text[], %(directions)s::text[], %(stars)s::bigint[], %(nanostars)s::int[], %(made_ms)s::bigint[],
            %(partners)s::text[], %(purposes)s::text[], %(payer_ids)s::bigint[], %(payloads)s::text[]
        )
        """,
        {
            "ids": [each.transaction_id for each in transactions],
            "directions": [each.direction for each in transactions],
            "stars": [each.stars for each in transactions],
            "nanostars": [each.nanostars for each in transactions],
            "made_ms": [each.made_ms for each in transactions],
            "partners": [each.partner for each in transactions],
            "purposes": [each.purpose for each in transactions],
            "payer_ids": [each.payer_id for each in transactions],
            "payloads": [each.payload for each in transactions],
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
    )
    return [
        (row[0], Charge(charge_id=row[1], payload=row[2], payer_id=row[3], stars=row[4], currency="XTR", at_ms=row[5]))
        for row in rows
    ]


async def differences(db: Database, *, grace_s: float) -> list[Finding]:
    """What differs now; what is younger than `grace_s` here is given time to show up at Telegram."""
    rows = await db.rows(
        Role.SETTLER, None, "SELECT rule, subject, detail FROM pay.star_differences(%(grace_s)s)", {"grace_s": grace_s}
    )
    return [Finding(*row) for row in rows]


async def sums(db: Database) -> Sums:
    """What the bot should hold."""
    row = await db.one(Role.SETTLER, None, "SELECT book, ledger, outside FROM pay.star_sums()")
    return Sums(*row)


async def keep(db: Database, found: Reconciliation, *, every_s: float) -> None:
    """Keep what a reading found; the next is due after `every_s`."""
    await db.call(
        Role.SETTLER,
        None,
        """
        SELECT pay.note_star_reconciliation(
            %(from)s, %(next)s, %(new)s, %(credited)s, %(reversed)s, %(telegram)s, %(book)s, %(ledger)s, %(outside)s,
            %(settled)s, %(differences)s::jsonb, %(every_s)s
        )
        """,
        {
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
