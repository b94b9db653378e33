"""What admins ask for in the chat: written down by who listens to it, done by a worker."""

from dataclasses import dataclass
from typing import Final

from persistence.postgres.pool import Database, Role
from persistence.postgres.storable import storable

LONGEST_WORDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the admin `user_id` wrote into the chat; the answer goes there too."""

    errand_id: int
    user_id: int
    telegram_id: int
    language: str | None
    words: str


async def ask(db: Database, telegram_id: int, message_id: int, words: str) -> str:
    """Write it down, once a message: ok, no_admin, too_many (a hundred in an hour)."""
    kept = storable(words)[:LONGEST_WORDS]
    row = await db.one(
        Role.CHAT,
        None,
        "SELECT bot.ask_errand(%(telegram_id)s, %(message_id)s, %(words)s)",
        {"telegram_id": telegram_id, "message_id": message_id, "words": kept},
    )
    return str(row[0])


async def claim(db: Database, *, lease_s: float) -> Asked | None:
    """The next one of somebody who is an admin, nobody else's before the lease ends; None: nothing is due."""
    row = await db.one(
        Role.ERRAND,
        None,
        "SELECT o_errand_id, o_user_id, o_telegram_id, o_language, o_words FROM bot.claim_errand(%(lease_s)s)",
        {"lease_s": lease_s},
    )
    return None if row[0] is None else Asked(*row)


async def finish(db: Database, errand_id: int) -> None:
    """It was done and answered."""
    await db.call(Role.ERRAND, None, "SELECT bot.finish_errand(%(errand_id)s)", {"errand_id": errand_id})
