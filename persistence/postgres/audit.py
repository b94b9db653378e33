"""The audit of money in Postgres.  Looks only; must never repair."""

from dataclasses import dataclass

from persistence.postgres.pool import Database, Role


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: the rule that is broken, what breaks it, and how."""

    rule: str
    subject: str
    detail: str


async def audit(db: Database) -> list[Finding]:
    """Everything that is wrong with the money at one moment; may run beside live traffic."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT rule, subject, detail FROM game.audit() UNION ALL SELECT rule, subject, detail FROM game.audit_bonus()"
        " UNION ALL SELECT rule, subject, detail FROM pay.audit_payments()"
        " UNION ALL SELECT rule, subject, detail FROM pay.audit_chain()"
        " UNION ALL SELECT rule, subject, detail FROM pay.audit_withdrawals()"
        " UNION ALL SELECT rule, subject, detail FROM ledger.audit_transfers()",
    )
    return [Finding(*row) for row in rows]
