"""Banning whoever has an account: Postgres, then whoever holds a session of any of the accounts, then their seats.

A ban moves no Star by itself and stops no game.  A seat in a room that still waits is given back by the rule of
leaving, since its player cannot come to play; an organizer's waiting room is taken back whole.  A game that has begun
goes on: the banned player's sockets are closed, taps already counted stay, and a prize goes to the frozen balance.
"""

from chance_tap.settings import Settings
from persistence.errors import ErrorCode, GameError
from persistence.postgres import games, operators, users
from persistence.postgres.acting import Actor
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from persistence.redis.user_events import AccountChanged, Banned
from persistence.rooms.seats import Seats


class Bans:
    """For the command line and for admins in the bot.  Every step may be repeated by doing the whole again."""

    def __init__(self, live: RedisStore, db: Database, settings: Settings) -> None:
        self._live = live
        self._db = db
        self._seats = Seats(live, db, settings)

    async def ban(self, user_id: int, reason: str | None, by: Actor) -> str:
        """`ok`, `unchanged` or `not_found`.  The player can read `reason`.

        Raises:
            StoreUnavailable: say it again; the account is banned or not, as `user show` says.
        """
        status = await operators.ban(self._db, user_id, reason, by)
        for account in await users.accounts_of_same_person(self._db, user_id):
            await self._live.user_events.publish_confirmed(account, Banned())
            await self._leave(account)
        return status

    async def unban(self, user_id: int, reason: str | None, by: Actor) -> str:
        """`ok`, `unchanged` or `not_found`."""
        status = await operators.unban(self._db, user_id, reason, by)
        for account in await users.accounts_of_same_person(self._db, user_id):
            await self._live.user_events.publish_confirmed(account, AccountChanged())
        return status

    async def _leave(self, user_id: int) -> None:
        seat = await games.live_seat(self._db, user_id)
        if seat is None:
            return
        try:
            await self._seats.vacate(seat)
        except GameError as error:
            if error.code not in (ErrorCode.ROOM_CLOSED, ErrorCode.NOT_FOUND):
                raise
