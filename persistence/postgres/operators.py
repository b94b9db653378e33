"""What operators do to accounts, in Postgres: ban, lift a ban, look.  Every action is written down by the functions.

Must never be called for a player's request: these statements run as a role of their own, outside row-level security.
"""

from typing import Any

from persistence.postgres.acting import Actor, act
from persistence.postgres.pool import Database, Role

MAX_REASON: int = 500


async def ban(db: Database, user_id: int, reason: str | None, by: Actor) -> str:
    """`ok`, `unchanged` (banned before, for the same reason) or `not_found`."""
    row = await act(db, by, "SELECT auth.ban(%(user_id)s, %(reason)s)", {"user_id": user_id, "reason": reason})
    assert row is not None
    return str(row[0])


async def unban(db: Database, user_id: int, reason: str | None, by: Actor) -> str:
    """`ok`, `unchanged` (not banned) or `not_found`."""
    row = await act(db, by, "SELECT auth.unban(%(user_id)s, %(reason)s)", {"user_id": user_id, "reason": reason})
    assert row is not None
    return str(row[0])


async def find(
    db: Database, *, telegram_id: int | None = None, username: str | None = None, by: Actor = ""
) -> int | None:
    """The account of a Telegram number, else the latest that logged in under a user name."""
    row = await act(
        db,
        by,
        "SELECT auth.find_account(%(telegram_id)s, %(username)s)",
        {"telegram_id": telegram_id, "username": username},
    )
    return None if row is None else row[0]


async def report(db: Database, user_id: int) -> dict[str, Any] | None:
    """The account, its money and totals, the same person's other accounts, and what operators did to them; None: there
    is no such account."""
    row = await db.call(
        Role.OPERATOR,
        None,
        "SELECT auth.account_report(%(user_id)s) || game.player_report(%(user_id)s)",
        {"user_id": user_id},
    )
    return None if row is None else row[0]
