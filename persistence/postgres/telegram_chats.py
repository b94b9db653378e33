"""What the bot remembers in Postgres: updates that were dealt with, who writes, and to whom it may write."""

from dataclasses import dataclass

from persistence.postgres.acting import Actor, act
from persistence.postgres.pool import Database, Role


@dataclass(frozen=True, slots=True)
class BotAccount:
    """The account behind a private chat.  `language`: chosen, else as Telegram reported it last."""

    user_id: int
    role: str
    banned: bool
    ban_reason: str | None
    language: str | None


async def account_of(db: Database, telegram_id: int) -> BotAccount | None:
    """The account of somebody whom Telegram itself vouches for."""
    row = await db.call(
        Role.LOGIN,
        None,
        "SELECT user_id, role, banned, ban_reason, language FROM bot.account_of(%(telegram_id)s)",
        {"telegram_id": telegram_id},
    )
    return BotAccount(*row) if row else None


async def is_handled(db: Database, update_id: int) -> bool:
    """Whether an update was dealt with before."""
    row = await db.one(Role.CHAT, None, "SELECT bot.is_handled(%(update_id)s)", {"update_id": update_id})
    return bool(row[0])


async def note_handled(db: Database, update_id: int) -> None:
    """An update was dealt with; repeated it changes nothing."""
    await db.call(Role.CHAT, None, "SELECT bot.note_handled(%(update_id)s)", {"update_id": update_id})


async def purge_updates(db: Database, *, older_than_s: float, limit: int) -> int:
    """Forget old updates; how many were forgotten."""
    row = await db.one(
        Role.SETTLER,
        None,
        "SELECT bot.purge_updates(%(older_than_s)s, %(limit)s)",
        {"older_than_s": older_than_s, "limit": limit},
    )
    return int(row[0])


async def set_can_write(db: Database, telegram_id: int, can_write: bool) -> None:
    """Somebody has started the bot, or blocked it."""
    await db.call(
        Role.CHAT,
        None,
        "SELECT bot.set_can_write(%(telegram_id)s, %(can_write)s)",
        {"telegram_id": telegram_id, "can_write": can_write},
    )


async def stats(db: Database, *, by: Actor) -> dict[str, int]:
    """A few numbers for admins."""
    row = await act(db, by, "SELECT bot.stats()")
    assert row is not None
    numbers: dict[str, int] = row[0]
    return numbers
