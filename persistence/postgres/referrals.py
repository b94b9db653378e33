"""Referrals in Postgres: a player's code and whom it brought.  Who invited a new account is noted at its log-in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from persistence import base32
from persistence.errors import StoreUnavailable
from persistence.postgres.pool import Database, Role

CODE_LENGTH: Final = 8  # a hero room's key has 10, so a start parameter tells by its length which of them it is
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who came with the player's code."""

    user_id: int
    name: str
    photo_url: str | None
    finished: bool
    created_at: datetime


def normalise_code(text: str) -> str | None:
    """The referral code that somebody typed or a link brought; None: it is none."""
    return base32.normalise_code(text, CODE_LENGTH)


async def my_code(db: Database, user_id: int) -> str:
    """The player's code, made now if there is none."""
    for _ in range(_TRIES):
        fresh = base32.new_code(CODE_LENGTH)
        row = await db.call(Role.PLAYER, user_id, "SELECT game.my_referral_code(%(fresh)s)", {"fresh": fresh})
        if row is not None and row[0] is not None:
            return str(row[0])
    raise StoreUnavailable("postgres")


async def invited(db: Database, user_id: int, before: int | None, limit: int) -> list[Invited]:
    """Whom the player has invited, newest first; `before` is the last user of the page before."""
    rows = await db.rows(
        Role.PLAYER,
        user_id,
        "SELECT user_id, name, photo_url, finished, created_at FROM game.my_referrals(%(before)s, %(limit)s)",
        {"before": before, "limit": limit},
    )
    return [Invited(*row) for row in rows]
