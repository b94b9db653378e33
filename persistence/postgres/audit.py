"""The audit of money in Postgres.  Looks only; must never repair."""

from dataclasses import dataclass
from typing import Final

from persistence.postgres.pool import Database, Role

LIMIT_S: Final = 600.0
"""Who looks at everything may take so long.  With the players' limit a ledger of some ten thousand games could not be
looked at any more, and an audit that cannot run finds nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: the rule that is broken, what breaks it, and how."""

    rule: str
    subject: str
    detail: str


async def audit(db: Database, *, limit_s: float = LIMIT_S) -> list[Finding]:
    """Everything that is wrong with the money at one moment; may run beside live traffic.

    Raises:
        StoreUnavailable: it took longer than `limit_s`, or Postgres does not answer: nothing can be said.
    """
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT rule, subject, detail FROM game.audit() UNION ALL SELECT rule, subject, detail FROM game.audit_bonus()"
        " UNION ALL SELECT rule, subject, detail FROM pay.audit_payments()"
        " UNION ALL SELECT rule, subject, detail FROM pay.audit_chain()"
        " UNION ALL SELECT rule, subject, detail FROM pay.audit_withdrawals()"
        " UNION ALL SELECT rule, subject, detail FROM ledger.audit_transfers()",
        limit_s=limit_s,
    )
    return [Finding(*row) for row in rows]
