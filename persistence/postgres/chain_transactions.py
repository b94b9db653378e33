"""The transfers of the paying wallets as they were read from the chain, and what differs from our withdrawals.

Every function is one round trip.  Must never ask the chain: the reading stands in
`persistence/payments/chain_reconciliation.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from persistence.chain import Network
from persistence.postgres.acting import Actor, act
from persistence.postgres.audit import LIMIT_S, Finding
from persistence.postgres.pool import Database, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message that left the paying wallet; `position` among those of its transaction."""

    lt: int
    hash: str
    position: int
    destination: str
    nanoton: int
    made_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReading:
    """What one comparison found: deposits to `account` from `from_lt` to `to_lt`, and transfers of `wallet` that were
    new; either is None where there is no such address."""

    network: Network
    account: str | None
    from_lt: int
    to_lt: int
    incoming: int
    incoming_nanoton: int
    incoming_differ: bool
    wallet: str | None
    outgoing: int
    differences: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class LatestReadings:
    """How many differences the latest readings found, and when; None: that was never read."""

    star_differences: int | None
    star_read_at: datetime | None
    chain_differences: int | None
    chain_read_at: datetime | None


async def claim(db: Database, *, lease_s: float) -> bool:
    """Whether the reconciliation is due, and this caller has claimed it."""
    row = await db.one(Role.SETTLER, None, "SELECT pay.claim_chain_reconciliation(%(lease_s)s)", {"lease_s": lease_s})
    return bool(row[0])


async def marks(db: Database, network: Network, account: str | None, wallet: str | None) -> tuple[int, int]:
    """Logical times up to which deposits were found to agree, and the paying wallet was read."""
    row = await db.one(
        Role.SETTLER,
        None,
        "SELECT o_checked_lt, o_wallet_lt FROM pay.chain_marks(%(network)s, %(account)s, %(wallet)s)",
        {"network": network, "account": account, "wallet": wallet},
    )
    return row[0], row[1]


async def note(db: Database, network: Network, wallet: str, sent: Sequence[Outgoing], *, whole_lt: int) -> int:
    """Keep what left, and that the wallet was read up to `whole_lt`; how much was not known."""
    row = await db.one(
        Role.SETTLER,
        None,
        """
        SELECT pay.note_outgoing(
            %(network)s, %(wallet)s, %(whole_lt)s, %(lts)s::bigint[], %(hashes)s::text[], %(positions)s::int[],
            %(destinations)s::text[], %(nanotons)s::bigint[], %(made)s::bigint[]
        )
        """,
        {
            "network": network,
            "wallet": wallet,
            "whole_lt": whole_lt,
            "lts": [each.lt for each in sent],
            "hashes": [each.hash for each in sent],
            "positions": [each.position for each in sent],
            "destinations": [each.destination for each in sent],
            "nanotons": [each.nanoton for each in sent],
            "made": [each.made_s for each in sent],
        },
    )
    return int(row[0])


async def payout_differences(
    db: Database, network: Network, *, grace_s: float, limit_s: float = LIMIT_S
) -> list[Finding]:
    """What differs now; what is younger than `grace_s` on either side is given time to show up on the other."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT rule, subject, detail FROM pay.payout_differences(%(network)s, %(grace_s)s)",
        {"network": network, "grace_s": grace_s},
        limit_s=limit_s,
    )
    return [Finding(*row) for row in rows]


async def keep(db: Database, found: ChainReading, *, every_s: float) -> None:
    """Keep what a comparison found; the next is due after `every_s`."""
    await db.call(
        Role.SETTLER,
        None,
        """
        SELECT pay.note_chain_reconciliation(
            %(network)s, %(account)s, %(from_lt)s, %(to_lt)s, %(incoming)s, %(nanoton)s, %(differ)s, %(wallet)s,
            %(outgoing)s, %(differences)s::jsonb, %(every_s)s
        )
        """,
        {
            "network": found.network,
            "account": found.account,
            "from_lt": found.from_lt,
            "to_lt": found.to_lt,
            "incoming": found.incoming,
            "nanoton": found.incoming_nanoton,
            "differ": found.incoming_differ,
            "wallet": found.wallet,
            "outgoing": found.outgoing,
            "differences": msgspec.json.encode(found.differences).decode(),
            "every_s": every_s,
        },
    )


async def explain(db: Database, transaction: str, *, by: Actor) -> str:
    """An operator's word that a transfer was the house's own.  Statuses: ok (also repeated), not_found, conflict (it
    paid a withdrawal)."""
    row = await act(db, by, "SELECT pay.explain_outgoing(%(hash)s)", {"hash": transaction})
    assert row is not None
    return str(row[0])


async def latest(db: Database) -> LatestReadings:
    row = await db.one(Role.SETTLER, None, "SELECT * FROM pay.latest_reconciliations()")
    return LatestReadings(*row)
