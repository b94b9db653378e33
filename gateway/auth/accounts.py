"""What the gateway must know of an account on every request: whether it and its sessions are valid, and its language.

Owns a short-lived, bounded cache of Postgres's answers, so that a poll costs no query; the user event of a ban or of
ended sessions invalidates an entry at once.  Misses are batched: whoever comes while a query is under way shares the
next one.  Nothing that moves money relies on the ban seen here: the functions that take a stake look for
themselves.  While Postgres is away reads go on without the check.
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
class _Entry:
    until: float
    exists: bool
    banned: bool
    language: Language | None
    epoch: int = 0
    person_id: int | None = None


_UNKNOWN: Final = _Entry(0.0, exists=True, banned=False, language=None)


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
        self._entries: dict[str, _Entry] = {}
        self._away_until = 0.0  # Postgres did not answer: nobody else waits for it until then
        self._wanted: dict[str, asyncio.Future[_Entry]] = {}
        self._forgotten: set[str] = set()  # changed since the question under way was asked
        self._asking: asyncio.Task[None] | None = None

    async def admit(self, claims: Claims) -> int | None:
        """Let only a valid session of an account that is not banned pass, and tell which person's account it is; None
        where that cannot be looked up now.

        Raises:
            GameError: `banned`, or `unauthorized` when the token outlived its account or the sessions were ended.
        """
        account = await self._look_up(claims.user_id)
        if not account.exists:
            raise GameError(ErrorCode.UNAUTHORIZED)
        if account.banned:
            raise await banned(self._db, int(claims.user_id))
        if claims.epoch < account.epoch:
            raise GameError(ErrorCode.UNAUTHORIZED)
        return account.person_id

    async def language(self, user_id: str, *, ask: bool = True) -> Language | None:
        """The account's language; None where nobody chose one of ours, or where it cannot be looked up now.

        Without `ask` only the cache is read.
        """
        account = await self._look_up(user_id) if ask else self._entries.get(user_id, _UNKNOWN)
        return account.language

    def forget(self, user_id: str) -> None:
        """The account was changed: invalidate what is cached of it, and what is being asked."""
        self._entries.pop(user_id, None)
        self._forgotten.add(user_id)

    async def _look_up(self, user_id: str) -> _Entry:
        now = self._clock()
        entry = self._entries.get(user_id)
        if entry is not None and entry.until > now:
            return entry
        if self._away_until > now:
            return entry or _UNKNOWN
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

    async def _answer(self, batch: "dict[str, asyncio.Future[_Entry]]") -> None:
        """Resolve every future of the batch, whatever goes wrong."""
        before = {user_id: self._entries.get(user_id) for user_id in batch}
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
                fresh = _Entry(until, exists=False, banned=False, language=None)
            else:
                fresh = _Entry(
                    until,
                    exists=True,
                    banned=account.banned,
                    language=supported(account.language),
                    epoch=account.session_epoch,
                    person_id=account.person_id,
                )
            if user_id not in self._forgotten:
                self._keep(user_id, fresh)
            answer.set_result(fresh)

    def _keep(self, user_id: str, fresh: _Entry) -> None:
        self._entries.pop(user_id, None)
        if len(self._entries) >= _MAX_ACCOUNTS:
            del self._entries[next(iter(self._entries))]
        self._entries[user_id] = fresh
