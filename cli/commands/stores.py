"""Opens for a command what it works on, and closes it whatever happens.

Owns nothing else: which command may do what stands in the flows that it calls.  Postgres shows each connection under
the name of the command that holds it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from chance_tap.settings import Settings, SettingsError
from persistence.postgres.access import ROLES, Part, check
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore

if TYPE_CHECKING:
    import aiogram


class Stores(NamedTuple):
    """Both stores of truth."""

    live: RedisStore
    db: Database


@asynccontextmanager
async def open_redis(settings: Settings) -> AsyncIterator[RedisStore]:
    """Redis alone.

    Raises:
        StoreUnavailable: it does not answer.
        UnfitStore: it is set up so that rooms may be lost.
    """
    live = await RedisStore.open(settings.redis_url, heartbeat=False)
    try:
        yield live
    finally:
        await live.close()


@asynccontextmanager
async def open_database(settings: Settings, command: str, part: Part = Part.CONSOLE) -> AsyncIterator[Database]:
    """Postgres alone, for what an operator may do unless another `part` is named.

    Raises:
        StoreUnavailable: it does not answer.
        UnfitDatabase: the database or its login is not for that.
    """
    check(settings, part)
    db = await Database.open(settings.database_url, name=f"chance-tap-{command}", roles=ROLES[part])
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def open_stores(settings: Settings, command: str, part: Part = Part.CONSOLE) -> AsyncIterator[Stores]:
    """Postgres and Redis; raises as both of them do."""
    async with open_database(settings, command, part) as db, open_redis(settings) as live:
        yield Stores(live, db)


@asynccontextmanager
async def open_bot(settings: Settings) -> AsyncIterator["aiogram.Bot"]:
    """The way to Telegram.

    Raises:
        SettingsError: there is no bot.
    """
    if not settings.has_bot:
        raise SettingsError("BOT_TOKEN is the development token: there is no such bot.")
    from persistence.telegram import make_bot  # here: it loads aiogram, which takes long

    bot = make_bot(settings)
    try:
        yield bot
    finally:
        await bot.session.close()
