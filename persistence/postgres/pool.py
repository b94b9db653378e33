"""Connections to Postgres and the one way to use them.

Owns the pool, the transaction around each call, and what a lost connection means.  A call is one transaction and one
round trip: role and claim, then the statement, go out together as one message.  Must never be used for two statements
that belong together: what belongs together is a function in `migrations/`.

Works through pgbouncer in transaction mode: nothing is prepared, nothing is set for longer than a transaction.
"""

import asyncio
import os
import select
import socket
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, LiteralString, Self

import psycopg
from psycopg import errors
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from persistence.errors import StoreUnavailable

Row = tuple[Any, ...]

# A reservation of a seat lives 15 s in Redis: a stake must be decided well before.
STATEMENT_TIMEOUT_S = 8.0
# A server that was stopped in the middle never answers: after this multiple the connection is given up.
_PATIENCE = 1.25
# The wait for a connection comes on top.  Once Postgres is known to be away, callers are not left hanging.
_CHECKOUT_TIMEOUT_S = 3.0
_CHECKOUT_WHILE_AWAY_S = 0.5
_CONNECT = {
    "connect_timeout": 2,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_OPEN_TIMEOUT_S = 3.0
_MAX_WAITING = 5000

_BEGIN: Final = (
    "SELECT set_config('role', %(_role)s, true), set_config('jwt.claims.user_id', %(_claim)s, true),"
    " set_config('statement_timeout', %(_timeout_ms)s, true);"
)

# The transaction was undone as a whole by the server: doing it again is safe.
_AGAIN = (errors.SerializationFailure, errors.DeadlockDetected)
_ATTEMPTS = 4

# The server cannot work now, which is no fault of the statement.
_UNAVAILABLE = (
    errors.QueryCanceled,
    errors.LockNotAvailable,
    errors.InsufficientResources,
    errors.OperatorIntervention,
    errors.ReadOnlySqlTransaction,
    errors.SystemError,
    *_AGAIN,
)


class Role(StrEnum):
    """The application roles; what each may do is granted in `migrations/`."""

    PLAYER = "ct_player"
    SETTLER = "ct_settler"


class CommitUnknown(StoreUnavailable):
    """The connection was lost after the transaction was sent: it took effect, or not, or will within seconds."""


class Database:
    """A pool of connections; `call` and `rows` are safe to use from many tasks."""

    def __init__(self, database_url: str, min_size: int, max_size: int, name: str, statement_timeout_s: float) -> None:
        self._timeout_s = statement_timeout_s
        self._away = False
        self._pool = AsyncConnectionPool(
            database_url,
            min_size=min_size,
            max_size=max(min_size, max_size),
            open=False,
            name=name,
            kwargs={**_CONNECT, "autocommit": True, "prepare_threshold": None, "application_name": name},
            check=_check,
            max_waiting=_MAX_WAITING,
            # Give up soon: a later call tries again at once, where the pool's own pauses would grow to a minute.
            reconnect_timeout=1.5,
            reconnect_failed=self._lost,
            max_idle=300,
        )

    @classmethod
    async def open(
        cls,
        database_url: str,
        *,
        min_size: int = 1,
        max_size: int = 8,
        name: str = "chance-tap",
        statement_timeout_s: float = STATEMENT_TIMEOUT_S,
    ) -> Self:
        """Open the pool and wait for its first connection.

        Raises:
            StoreUnavailable: Postgres does not answer.
        """
        database = cls(database_url, min_size, max_size, name, statement_timeout_s)
        try:
            await database._pool.open(wait=True, timeout=_OPEN_TIMEOUT_S)
        except PoolTimeout as error:
            await database.close()
            raise StoreUnavailable("postgres") from error
        return database

    async def _lost(self, _: AsyncConnectionPool) -> None:
        self._away = True

    async def close(self) -> None:
        """Close every connection; calls under way are finished first by their own time limit."""
        await self._pool.close()

    async def call(
        self, role: Role, user_id: int | None, query: LiteralString, params: Mapping[str, Any] | None = None
    ) -> Row | None:
        """Run one statement in a transaction of its own, as `role` and with the claim of `user_id`; its first row.

        Raises:
            StoreUnavailable: nothing took effect.
            CommitUnknown: nobody knows whether it took effect.
            psycopg.Error: the statement is wrong; nothing took effect.
        """
        rows = await self.rows(role, user_id, query, params)
        return rows[0] if rows else None

    async def rows(
        self, role: Role, user_id: int | None, query: LiteralString, params: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """As `call`, with all rows."""
        claim = "" if user_id is None else str(user_id)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self._pool.connection(
                    timeout=_CHECKOUT_WHILE_AWAY_S if self._away else _CHECKOUT_TIMEOUT_S
                ) as connection:
                    self._away = False
                    return await self._transact(connection, role, claim, query, params)
            except _UNAVAILABLE as error:
                if isinstance(error, _AGAIN) and attempt < _ATTEMPTS:
                    continue
                raise StoreUnavailable("postgres") from error
            except (PoolTimeout, TooManyRequests, PoolClosed) as error:
                raise StoreUnavailable("postgres") from error
        raise AssertionError("unreachable")

    async def _transact(
        self, connection: psycopg.AsyncConnection[Row], role: Role, claim: str, query: LiteralString, params: Any
    ) -> Sequence[Row]:
        deadline = asyncio.get_running_loop().call_later(self._timeout_s * _PATIENCE, _hang_up, connection)
        try:
            # One simple query: what it holds is one transaction, without BEGIN and COMMIT.  It costs half of what a
            # pipeline does; psycopg quotes the values, since this protocol has no parameters of its own.
            cursor = psycopg.AsyncClientCursor(connection)
            own = {"_role": role.value, "_claim": claim, "_timeout_ms": f"{self._timeout_s * 1000:.0f}"}
            await cursor.execute(_BEGIN + query, {**own, **(params or {})})
            cursor.nextset()
            # Not `description`, which builds an object for each column.
            return await cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []
        except psycopg.Error as error:
            if connection.closed or connection.broken:
                raise CommitUnknown("postgres") from error
            raise
        finally:
            deadline.cancel()


def _hang_up(connection: psycopg.AsyncConnection[Row]) -> None:
    """Shut the socket down under libpq, which then sees the end of the connection."""
    with socket.socket(fileno=os.dup(connection.fileno())) as under:
        under.shutdown(socket.SHUT_RDWR)


async def _check(connection: psycopg.AsyncConnection[Row]) -> None:
    """Refuse a connection that died while it lay idle: nothing may be readable on it.  Costs no round trip."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await connection.execute("SELECT 1")
