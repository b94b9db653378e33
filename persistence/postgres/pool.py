"""Connections to Postgres and the one interface to them.

Owns the pool, the transaction around each call, and what a lost connection means.  A call is one transaction and one
round trip: role and claim, then the statement, go out together as one message.  Must never be used for two statements
that belong together: what belongs together is a function in `migrations/`.

Works through pgbouncer in transaction mode: nothing is prepared, nothing is set for longer than a transaction.
"""

import asyncio
import random
import re
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any, Final, LiteralString, Self

import psycopg
import structlog
from psycopg import errors

from chance_tap.telemetry.writes import Writes
from persistence.errors import StoreUnavailable, WritesRefused
from persistence.postgres.connection import Connection, ConnectionLost
from persistence.postgres.connection import Row as Row

log = structlog.get_logger(__name__)

# A reservation of a seat lives 15 s in Redis: a stake must be decided well before.
STATEMENT_TIMEOUT_S = 8.0
# A server that was stopped in the middle never answers: after this multiple the connection is given up.
_PATIENCE = 1.25
# The wait for a connection comes on top.  Once Postgres is known to be away, callers are not left hanging.
_CHECKOUT_TIMEOUT_S = 3.0
_CHECKOUT_WHILE_AWAY_S = 0.5
_CONNECT: Final[dict[str, Any]] = {
    "autocommit": True,
    "client_encoding": "UTF8",
    "connect_timeout": 2,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_RECONNECT_PAUSE_S = 0.05
_LONGEST_RECONNECT_PAUSE_S = 1.0
_OPEN_TIMEOUT_S = 3.0
_MAX_WAITING = 5000
# A connection is replaced after this time, so that no memory of a session and no address of a server is kept for ever.
_MAX_AGE_S = 3600.0

# The transaction was undone as a whole by the server: doing it again is safe.
_AGAIN = (errors.SerializationFailure, errors.DeadlockDetected)
_ATTEMPTS = 4

# SQLSTATEs and classes of them (Postgres's Appendix A): psycopg's errors do not inherit from their class's.
# The server answers, and what it refuses is to write: no resources (a full disk, no memory), its disk or system fails.
_NO_WRITES = ("53", "58", "25006")
# The server cannot work now, which is no fault of the statement.
_UNAVAILABLE = (*_NO_WRITES, "57", "55P03", "40001", "40P01")
# The session was ended: by then the transaction may have been committed.
_ENDED = "57P"
_REFUSED_S: Final = 10.0
"""So long after the last write that was refused they count as taken again: nothing but a write can tell."""


class Role(StrEnum):
    """The application roles; what each may do is granted in `migrations/` and written down in `docs/access.md`."""

    PLAYER = "ct_player"
    LOGIN = "ct_login"
    SEATS = "ct_seats"
    CHAT = "ct_chat"
    SETTLER = "ct_settler"
    ERRAND = "ct_errand"
    OPERATOR = "ct_operator"


ALL_ROLES: Final = frozenset(Role)
_UNFIT_FOR_A_NOTE: Final = re.compile(r"[^\w .@+-]")
_LONGEST_NOTE: Final = 60


class CommitUnknown(StoreUnavailable):
    """The connection was lost after the transaction was sent: it took effect, or not, or will within seconds."""


class Database:
    """A pool of connections; `call` and `rows` are safe to use from many tasks.

    A connection is with the caller from `_take` until its reply is whole, and then free by itself (`_free`), whether or
    not the caller still waits: so none comes back with a reply pending.
    """

    def __init__(
        self, database_url: str, max_size: int, name: str, statement_timeout_s: float, roles: Collection[Role]
    ) -> None:
        self._database_url = database_url
        self._max_size = max_size
        self._name = name
        self._limit_s = statement_timeout_s * _PATIENCE
        self._heads = {role: _begin(role, statement_timeout_s) for role in roles}
        self._connections: set[Connection] = set()
        self._idle: list[Connection] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: deque[asyncio.Future[Connection]] = deque()
        self._away: psycopg.Error | None = None
        self._was_open = False
        self._refuses_more = False
        self._writes = Writes("postgres")
        self._refused_at = 0.0
        self._closed = False
        self._empty = asyncio.Event()

    @classmethod
    async def open(
        cls,
        database_url: str,
        *,
        min_size: int = 1,
        max_size: int = 8,
        name: str = "chance-tap",
        statement_timeout_s: float = STATEMENT_TIMEOUT_S,
        roles: Collection[Role] = ALL_ROLES,
    ) -> Self:
        """Make a pool with its first `min_size` connections; others follow when they are needed.  It takes no other
        roles than these, whatever its login may do.

        Raises:
            StoreUnavailable: Postgres does not answer.
        """
        database = cls(database_url, max(min_size, max_size), name, statement_timeout_s, roles)
        try:
            connections = await asyncio.gather(*(database._take(_OPEN_TIMEOUT_S) for _ in range(min_size)))
        except BaseException:
            await database.close()
            raise
        for connection in connections:
            database._free(connection)
        database._was_open = True
        return database

    async def close(self) -> None:
        """Close every connection; calls under way are finished first by their own time limit."""
        self._closed = True
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(StoreUnavailable("postgres"))
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        for connection in list(self._connections):
            if not connection.is_awaited():
                connection.lose(ConnectionAbortedError("the pool was closed"))
        if self._connections:
            await self._empty.wait()

    async def call(
        self,
        role: Role,
        user_id: int | None,
        query: LiteralString,
        params: Mapping[str, Any] | None = None,
        *,
        note: str = "",
        limit_s: float | None = None,
    ) -> Row | None:
        """Run one statement in a transaction of its own, as `role` and with the claim of `user_id`; its first row.

        `note`: whose hand an operator's login is in; see `auth.actor`.
        `limit_s`: a time limit of its own.  Only for who looks at everything (audit, reconciliations): it may hold its
        connection for so long, and nobody else waits for it.

        Raises:
            StoreUnavailable: nothing took effect.
            CommitUnknown: nobody knows whether it took effect.
            psycopg.Error: the statement is wrong; nothing took effect.
            LookupError: the part that this pool is of does not take that role.
        """
        rows = await self.rows(role, user_id, query, params, note=note, limit_s=limit_s)
        return rows[0] if rows else None

    async def one(
        self,
        role: Role,
        user_id: int | None,
        query: LiteralString,
        params: Mapping[str, Any] | None = None,
        *,
        limit_s: float | None = None,
    ) -> Row:
        """As `call`, of a statement that always gives a row."""
        rows = await self.rows(role, user_id, query, params, limit_s=limit_s)
        assert rows, "the statement gave no row"
        return rows[0]

    async def rows(
        self,
        role: Role,
        user_id: int | None,
        query: LiteralString,
        params: Mapping[str, Any] | None = None,
        *,
        note: str = "",
        limit_s: float | None = None,
    ) -> Sequence[Row]:
        """As `call`, with all rows."""
        if role not in self._heads:
            raise LookupError(f"{self._name} does not take {role}: see persistence/postgres/access.py")
        claim = b"" if user_id is None else b"%d" % user_id
        head = self._heads[role] if limit_s is None else _begin(role, limit_s)
        head %= (claim, _fit_note(note)) if role is Role.OPERATOR else claim
        patience_s = self._limit_s if limit_s is None else limit_s * _PATIENCE
        for attempt in range(1, _ATTEMPTS + 1):
            connection = await self._take(_CHECKOUT_WHILE_AWAY_S if self._away else _CHECKOUT_TIMEOUT_S)
            try:
                # One simple query: what it holds is one transaction, without BEGIN and COMMIT.  It costs half of what
                # a pipeline does; psycopg quotes the values, since this protocol has no parameters of its own.
                message = connection.compose(head, query, params or {})
            except BaseException:
                self._free(connection)
                raise
            try:
                found = await connection.ask(message, patience_s, self._free)
                if self._writes.are_refused and self._now() - self._refused_at > _REFUSED_S:
                    self._writes.taken()
                return found
            except ConnectionLost as error:
                raise CommitUnknown("postgres") from error
            except psycopg.Error as error:
                state = error.sqlstate or ""
                if not state.startswith(_UNAVAILABLE):
                    raise
                if state.startswith(_ENDED):
                    raise CommitUnknown("postgres") from error
                if isinstance(error, _AGAIN) and attempt < _ATTEMPTS:
                    continue
                if state.startswith(_NO_WRITES):
                    raise self._refuses(str(error)) from error
                raise StoreUnavailable("postgres") from error
        raise AssertionError("unreachable")

    async def check_writes(self, role: Role) -> None:
        """Look whether Postgres answers and takes writes, as far as that can be told without one.

        Raises:
            WritesRefused: it is read-only, or refused to write a moment ago.
            StoreUnavailable: it does not answer.
        """
        (read_only,) = await self.one(role, None, "SELECT current_setting('transaction_read_only') = 'on'")
        if read_only:
            raise self._refuses("it is read-only")
        if self._writes.are_refused:
            raise WritesRefused("postgres", "it refused a moment ago")

    def _refuses(self, reason: str) -> WritesRefused:
        self._refused_at = self._now()
        self._writes.refused(reason)
        return WritesRefused("postgres", reason)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _take(self, timeout_s: float) -> Connection:
        """A connection to ask something, which is free again by itself after that."""
        if self._closed:
            raise StoreUnavailable("postgres")
        while self._idle:
            connection = self._idle.pop()
            if connection.is_silent():
                return connection
            # It died idle, or has something to say: it is asked, and comes back if it answers.
            connection.ask(b"SELECT 1", timeout_s, self._free).add_done_callback(_ignore)
        if len(self._waiting) >= _MAX_WAITING:
            raise StoreUnavailable("postgres")
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Connection] = loop.create_future()
        timer = loop.call_later(timeout_s, self._refuse, waiter)
        self._waiting.append(waiter)
        self._open_more()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                with suppress(ValueError):  # unless `_free` has met it already
                    self._waiting.remove(waiter)
            elif waiter.exception() is None:
                self._free(waiter.result())
            raise
        finally:
            timer.cancel()

    def _refuse(self, waiter: "asyncio.Future[Connection]") -> None:
        if not waiter.done():
            self._waiting.remove(waiter)
            refused = StoreUnavailable("postgres")
            refused.__cause__ = self._away
            waiter.set_exception(refused)

    def _free(self, connection: Connection) -> None:
        """The connection can be asked again: the next caller may have it."""
        self._away = None
        if self._closed or asyncio.get_running_loop().time() - connection.opened_at > _MAX_AGE_S:
            connection.lose(ConnectionAbortedError("no longer needed"))
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)

    def _gone(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._closed and not self._connections:
            self._empty.set()
        self._open_more()

    def _open_more(self) -> None:
        """Open a connection for each caller that waits, as far as there is room."""
        while (
            not self._closed
            and len(self._opening) < len(self._waiting)
            and len(self._opening) + len(self._connections) < self._max_size
        ):
            task = asyncio.create_task(self._open_connection())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open_connection(self) -> None:
        """Open one connection, and go on trying as long as somebody waits for it."""
        pause_s = _RECONNECT_PAUSE_S
        while True:
            try:
                opened = await psycopg.AsyncConnection.connect(
                    self._database_url, application_name=self._name, **_CONNECT
                )
                break
            except psycopg.Error as error:
                self._away = error
                self._tell(str(error))
            if not self._waiting:
                return
            await asyncio.sleep(pause_s * random.uniform(0.5, 1))  # noqa: S311 - so that many do not knock at once
            pause_s = min(pause_s * 2, _LONGEST_RECONNECT_PAUSE_S)
        if self._refuses_more:
            self._refuses_more = False
            log.info("postgres takes connections again", pool=self._name)
        connection = Connection(opened, self._gone)
        self._connections.add(connection)
        self._free(connection)

    def _tell(self, reason: str) -> None:
        """Once each time that no connection can be opened, be there others or not; who opens the pool tells himself."""
        if self._was_open and not self._refuses_more:
            self._refuses_more = True
            log.warning("postgres takes no connection", pool=self._name, reason=reason.splitlines()[0])


def _begin(role: Role, statement_timeout_s: float) -> bytes:
    """What goes before every statement, with a place for the claim, and for an operator's note."""
    note = " set_config('chance_tap.note', '%b', true)," if role is Role.OPERATOR else ""
    return (
        f"SELECT set_config('role', '{role.value}', true), set_config('jwt.claims.user_id', '%b', true),"
        f"{note} set_config('statement_timeout', '{statement_timeout_s * 1000:.0f}', true);"
    ).encode()


def _fit_note(note: str) -> bytes:
    """As it may stand between quotes."""
    return _UNFIT_FOR_A_NOTE.sub("", note)[:_LONGEST_NOTE].strip().encode(errors="ignore")


def _ignore(reply: "asyncio.Future[Any]") -> None:
    """Take the exception of a reply that nobody waits for."""
    if not reply.cancelled():
        reply.exception()
