"""What moved in the ledger by kind and period, and what the reconciliations found when they were made last."""

from datetime import datetime
from typing import Any

from persistence.postgres.pool import Database, Role


async def flows(db: Database, begins: datetime | None, ends: datetime | None) -> dict[tuple[str, str], int]:
    """Stars by kind of transfer and kind of account, from `begins` on and before `ends`; None is without a bound."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT kind, account, stars FROM pay.money_flows(%(begins)s::timestamptz, %(ends)s::timestamptz)",
        {"begins": begins, "ends": ends},
    )
    return {(kind, account): int(stars) for kind, account, stars in rows}


async def reconciliations(db: Database) -> dict[str, Any]:
    """With Telegram and with the chain, by name: the last of each, None where there never was one."""
    row = await db.call(Role.SETTLER, None, "SELECT pay.reconciliation_report()")
    assert row is not None
    found: dict[str, Any] = row[0]
    return found
