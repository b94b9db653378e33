"""A player's own view of the ledger.  Must never write: Stars are moved by functions in `migrations/` only."""

from dataclasses import dataclass
from datetime import datetime

from persistence.errors import ErrorCode, GameError
from persistence.postgres.pool import Database, Role


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One change of the balance, in Stars.  `entry_id` is the cursor.

    `organizes`: whether the user was the organizer of the decided game that it belongs to; None where there is none.
    """

    entry_id: int
    kind: str
    room_id: str | None
    reason: str | None
    amount: int
    balance_after: int
    created_at: datetime
    organizes: bool | None


async def balance(db: Database, user_id: int) -> int:
    """The user's balance in Stars.

    Raises:
        GameError: `unauthorized`, when there is no such account.
    """
    row = await db.call(Role.PLAYER, user_id, "SELECT ledger.balance()")
    if row is None or row[0] is None:
        raise GameError(ErrorCode.UNAUTHORIZED)
    return int(row[0])


async def statement(db: Database, user_id: int, cursor: int | None, limit: int) -> list[StatementLine]:
    """Changes of the user's balance, newest first; `cursor` is the last `entry_id` of the page before."""
    rows = await db.rows(
        Role.PLAYER,
        user_id,
        """
        SELECT entry_id, kind, room_id, reason, amount, balance_after, created_at, organizes
        FROM ledger.statement(%(cursor)s, %(limit)s)
        """,
        {"cursor": cursor, "limit": limit},
    )
    return [StatementLine(*row) for row in rows]
