"""What the gateway must know of an account on every request: whether it is banned, and its language.

A short-lived, bounded copy of Postgres's answer, so that a poll costs no query.  Nothing that moves money relies on
it: the functions that take a stake look for themselves.  While Postgres is away reads go on without the check.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.schemas.fields import Language
from gateway.texts import DEFAULT_LANGUAGE, supported
from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import users
from persistence.postgres.pool import Database

KEEP_S: Final = 3.0
_MAX_ACCOUNTS: Final = 50_000


@dataclass(frozen=True, slots=True)
class _Known:
    until: float
    exists: bool
    banned: bool
    language: Language | None


_UNKNOWN: Final = _Known(0.0, exists=True, banned=False, language=None)


def language_of(me: users.Me) -> Language:
    """What the player chose, else what Telegram says of the player, else English."""
    return supported(me.language) or supported(me.language_code) or DEFAULT_LANGUAGE


class Accounts:
    """Accounts lately seen by this gateway."""

    def __init__(self, db: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._away_until = 0.0  # Postgres did not answer: nobody else waits for it until then

    async def refuse_banned(self, user_id: str) -> None:
        """Let only an account in good standing pass.

        Raises:
            GameError: `banned`, or `unauthorized` when the token outlived its account.
        """
        known = await self._look_up(user_id)
        if not known.exists:
            raise GameError(ErrorCode.UNAUTHORIZED)
        if known.banned:
            raise GameError(ErrorCode.BANNED)

    async def language(self, user_id: str, *, ask: bool = True) -> Language | None:
        """The account's language; None when that cannot be told now, which without `ask` is as far as it is known."""
        known = await self._look_up(user_id) if ask else self._known.get(user_id, _UNKNOWN)
        return known.language

    def forget(self, user_id: str) -> None:
        """The account was changed through this gateway."""
        self._known.pop(user_id, None)

    async def _look_up(self, user_id: str) -> _Known:
        now = self._clock()
        known = self._known.get(user_id)
        if known is not None and known.until > now:
            return known
        if self._away_until > now:
            return known or _UNKNOWN
        try:
            me = await users.me(self._db, int(user_id))
        except StoreUnavailable:
            self._away_until = self._clock() + KEEP_S  # a Postgres that hangs was waited for longer than that
            return known or _UNKNOWN
        except GameError:
            fresh = _Known(now + KEEP_S, exists=False, banned=False, language=None)
        else:
            fresh = _Known(now + KEEP_S, exists=True, banned=me.banned, language=language_of(me))
        self._known.pop(user_id, None)
        if len(self._known) >= _MAX_ACCOUNTS:
            del self._known[next(iter(self._known))]
        self._known[user_id] = fresh
        return fresh
