"""What the gateway must know of an account on every request: whether it and its sessions still hold, and its language.

A short-lived, bounded copy of Postgres's answer, so that a poll costs no query; the event of a ban or of ended
sessions throws it away at once.  Those who are not known are asked for together: whoever comes while a question is
under way shares the next one.  Nothing that moves money relies on the ban seen here: the functions that take a stake
look for themselves.  While Postgres is away reads go on without the check.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.auth.tokens import Claims
from gateway.schemas.fields import Language
from gateway.texts import spoken_in, supported
from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import users
from persistence.postgres.pool import Database

KEEP_S: Final = 3.0
_MAX_ACCOUNTS: Final = 50_000
_MAX_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class _Known:
    until: float
    exists: bool
    banned: bool
    language: Language | None
    epoch: int = 0


_UNKNOWN: Final = _Known(0.0, exists=True, banned=False, language=None)


def language_of(me: users.Me, country: str) -> Language:
    """What the player chose, else what Telegram says of the player, else what is spoken where the caller is."""
    return supported(me.language) or supported(me.language_code) or spoken_in(country)


async def banned(db: Database, user_id: int) -> GameError:
    """The refusal of a banned account, with the reason that its player may read, where one was written."""
    reason = None
    with contextlib.suppress(StoreUnavailable):
        reason = await users.ban_reason(db, user_id)
    return GameError(ErrorCode.BANNED, {"reason": reason} if reason else None)


class Accounts:
    """Accounts lately seen by this gateway."""

    def __init__(self, db: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._away_until = 0.0  # Postgres did not answer: nobody else waits for it until then
        self._wanted: dict[str, asyncio.Future[_Known]] = {}
        self._forgotten: set[str] = set()  # changed since the question under way was asked
        self._asking: asyncio.Task[None] | None = None

    async def admit(self, claims: Claims) -> None:
        """Let only a session that holds, of an account in good standing, pass.

        Raises:
            GameError: `banned`, or `unauthorized` when the token outlived its account or the sessions were ended.
        """
        known = await self._look_up(claims.user_id)
        if not known.exists:
            raise GameError(ErrorCode.UNAUTHORIZED)
        if known.banned:
            raise await banned(self._db, int(claims.user_id))
        if claims.epoch < known.epoch:
            raise GameError(ErrorCode.UNAUTHORIZED)

    async def language(self, user_id: str, *, ask: bool = True) -> Language | None:
        """The account's language; None where nobody said one of ours, or where it cannot be known now.

        Without `ask` it is what is known already.
        """
        known = await self._look_up(user_id) if ask else self._known.get(user_id, _UNKNOWN)
        return known.language

    def forget(self, user_id: str) -> None:
        """The account was changed: what is known of it, or being asked, is of no more use."""
        self._known.pop(user_id, None)
        self._forgotten.add(user_id)

    async def _look_up(self, user_id: str) -> _Known:
        now = self._clock()
        known = self._known.get(user_id)
        if known is not None and known.until > now:
            return known
        if self._away_until > now:
            return known or _UNKNOWN
        answer = self._wanted.get(user_id)
        if answer is None:
            answer = self._wanted[user_id] = asyncio.get_running_loop().create_future()
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask(), name="accounts")
        return await asyncio.shield(answer)

    async def _ask(self) -> None:
        try:
            while self._wanted:
                batch = dict(list(self._wanted.items())[:_MAX_BATCH])
                for user_id in batch:
                    del self._wanted[user_id]
                await self._answer(batch)
        finally:
            self._asking = None

    async def _answer(self, batch: "dict[str, asyncio.Future[_Known]]") -> None:
        """Answer all of the batch; nobody is left waiting, whatever goes wrong."""
        before = {user_id: self._known.get(user_id) for user_id in batch}
        self._forgotten.clear()
        try:
            found = await users.hello(self._db, [int(user_id) for user_id in batch])
        except StoreUnavailable:
            self._away_until = self._clock() + KEEP_S  # a Postgres that hangs was waited for longer than that
            for user_id, answer in batch.items():
                answer.set_result(before[user_id] or _UNKNOWN)
            return
        except Exception as error:
            for answer in batch.values():
                answer.set_exception(error)
                answer.exception()  # also if nobody waits any more
            return
        except BaseException:
            for answer in batch.values():
                answer.cancel()
            raise
        until = self._clock() + KEEP_S
        for user_id, answer in batch.items():
            account = found.get(int(user_id))
            if account is None:
                fresh = _Known(until, exists=False, banned=False, language=None)
            else:
                fresh = _Known(until, True, account.banned, supported(account.language), account.session_epoch)
            if user_id not in self._forgotten:
                self._keep(user_id, fresh)
            answer.set_result(fresh)

    def _keep(self, user_id: str, fresh: _Known) -> None:
        self._known.pop(user_id, None)
        if len(self._known) >= _MAX_ACCOUNTS:
            del self._known[next(iter(self._known))]
        self._known[user_id] = fresh
