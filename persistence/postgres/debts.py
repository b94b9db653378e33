"""What players owe: Stars that were charged back after they were spent, staked or on their way out.

Lists them for operators, and forgives.  Must never collect: `ledger.post` does, whenever Stars come to who owes.
"""

from dataclasses import dataclass
from typing import Any, LiteralString

from persistence.postgres.acting import Actor, act
from persistence.postgres.pool import Database, Role

MAX_REASON: int = 500


@dataclass(frozen=True, slots=True)
class Debt:
    """In Stars.  `user_id` is the account whose deposit was taken back; every account of its person pays."""

    debt_id: int
    charge_id: str
    user_id: int
    stars: int
    paid: int
    forgiven: int
    opened_ms: int
    closed_ms: int | None
    forgiven_by: str | None
    forgiven_reason: str | None
    forgiven_login: str | None

    @property
    def owed(self) -> int:
        return self.stars - self.paid - self.forgiven


@dataclass(frozen=True, slots=True)
class DebtReport:
    """`payments` made, oldest first, and where the person's Stars are: on each of the `accounts`, staked or held."""

    debt: Debt
    payments: list[dict[str, Any]]
    accounts: list[dict[str, Any]]


_COLUMNS: LiteralString = """
(D).debt_id, (D).charge_id, (D).user_id, (D).stars, (D).paid, (D).forgiven,
(extract(epoch FROM (D).opened_at) * 1000)::bigint, (extract(epoch FROM (D).closed_at) * 1000)::bigint,
(D).forgiven_by, (D).forgiven_reason, (D).forgiven_login::text
"""
_LIST: LiteralString = "SELECT DEBT FROM pay.list_debts(%(open)s, %(user_id)s, %(limit)s) AS d".replace(
    "DEBT", _COLUMNS.replace("D)", "d)")
)
_REPORT: LiteralString = "SELECT r.o_payments, r.o_accounts, DEBT FROM pay.debt_report(%(debt_id)s) AS r".replace(
    "DEBT", _COLUMNS.replace("D)", "r.o_debt)")
)


async def listed(db: Database, *, open_only: bool, user_id: int | None, limit: int) -> list[Debt]:
    """The latest debts, newest first, of everybody or of the person who has that account."""
    rows = await db.rows(Role.OPERATOR, None, _LIST, {"open": open_only, "user_id": user_id, "limit": limit})
    return [Debt(*row) for row in rows]


async def report(db: Database, debt_id: int) -> DebtReport | None:
    """One debt with its payments; None: there is none."""
    row = await db.call(Role.OPERATOR, None, _REPORT, {"debt_id": debt_id})
    return None if row is None or row[2] is None else DebtReport(Debt(*row[2:]), row[0], row[1])


async def forgive(db: Database, debt_id: int, *, reason: str, by: Actor) -> str:
    """`ok`, `unchanged` (it was forgiven before), `conflict` (it is paid) or `not_found`.  What is left of it stays
    the house's loss; the account stays as blocked as it is."""
    row = await act(db, by, "SELECT pay.forgive_debt(%(debt_id)s, %(reason)s)", {"debt_id": debt_id, "reason": reason})
    assert row is not None
    return str(row[0])
