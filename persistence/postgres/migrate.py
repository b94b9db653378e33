"""Brings a database up to date with `migrations/`, one deploy at a time: the numbered files, then the functions.

Owns the lock, the transaction and yoyo's bookkeeping (in a schema of its own).  Must never roll back in production, and
needs a direct connection: the lock belongs to a session, which a pooler in transaction mode would share.

Everything that is pending is one transaction: who is killed, or meets a mistake in the last file, has changed nothing.
Only a migration that says `-- transactional: false` parts it: what came before is committed, then the statements of the
file are run one by one.

yoyo has no lock that a crash frees, only a row.  So the lock is Postgres's advisory one, which dies with its session,
and the row is removed by whoever holds it.  It is tried again and again instead of waited for: a waiting session holds
a snapshot, which CREATE INDEX CONCURRENTLY waits for in turn.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import yoyo  # type: ignore[import-untyped]
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend  # type: ignore[import-untyped]
from yoyo.connections import parse_uri  # type: ignore[import-untyped]
from yoyo.migrations import (  # type: ignore[import-untyped]
    Migration,
    MigrationList,
    default_migration_table,
    read_sql_migration,
)

from chance_tap.resources import MIGRATIONS
from persistence.errors import StoreUnavailable
from persistence.postgres.function_files import FunctionRefused, Functions, mistake, read_files, words_of

SCHEMA = "migrations"
MINIMUM_SERVER_VERSION = 16

# Any constant will do, as long as nobody else in this database uses it.
_LOCK = 0x43_68_61_6E_63_65
_LOCK_POLL_S = 0.2

# Functions that a migration's triggers, policies or defaults need: their files are applied before it.
_FUNCTIONS = re.compile(r"^-- functions: (.+)$", re.MULTILINE)


class MigrationRefused(RuntimeError):
    """The database cannot or must not be brought up to date; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class MigrationState:
    """Ids of migrations, in order, and names of functions.

    `unknown` are of both: made by another version of the program, a newer one as a rule.
    """

    applied: list[str]
    pending: list[str]
    functions: list[str]
    unknown: list[str]


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo's backend over our connection."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        super().__init__(parse_uri("postgresql+psycopg://"), default_migration_table)

    def connect(self, dburi: Any) -> psycopg.Connection:  # noqa: ARG002 (the URL goes to psycopg as it is)
        return _connect(self._database_url, options=f"-c search_path={SCHEMA}")

    def get_log_data(self, migration: Migration | None = None, operation: str = "apply") -> dict[str, Any]:
        # yoyo asks for the user and the full name of the host, which fails or takes seconds in a bare container.
        return {
            "id": f"{time.time_ns()}",
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": self.connection.info.user,
            "hostname": self.connection.info.host,
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }


def migrate(
    database_url: str,
    *,
    rollback: bool = False,
    env: str = "development",
    lock_timeout_s: float = 120,
    folder: Path = MIGRATIONS,
) -> list[str]:
    """Apply what is pending, or roll everything back; the ids of migrations that ran, then the functions applied.

    Raises:
        MigrationRefused: a mistake in a file, a database of another version or environment, a rollback in production,
            a server that is too old, or the lock was not free in time.  Nothing was applied but what a migration that
            is not transactional left behind.
        StoreUnavailable: Postgres does not answer.
    """
    if rollback and env != "development":
        raise MigrationRefused("Migrations are rolled back in development only; in production they go forward.")
    with _locked(database_url, lock_timeout_s), _Backend(database_url) as backend, _refusals(backend.connection):
        _refuse_other_environment(backend.connection, env)
        functions = Functions(backend.connection, read_files(folder / "functions"))
        known = yoyo.read_migrations(str(folder))
        if unknown := _unknown(backend.connection, known):
            raise MigrationRefused(
                f"The database was made by another version of Chance Tap: it has {unknown[-1]}, which this version has"
                " not. Use the version that made it, or another database."
            )
        backend.init_database()
        backend.break_lock()
        backend.ensure_internal_schema_updated()
        functions.prepare()
        if rollback:
            return _roll_back(backend, backend.to_rollback(known))
        return _apply(backend, backend.to_apply(known), functions, env)


def applied(database_url: str, *, folder: Path = MIGRATIONS) -> MigrationState:
    """What was applied and what is pending.  Changes nothing.

    Raises:
        MigrationRefused: the files themselves are wrong.
        StoreUnavailable: Postgres does not answer.
    """
    with _connect(database_url) as connection, _refusals(connection):
        known = yoyo.read_migrations(str(folder))
        functions = Functions(connection, read_files(folder / "functions"))
        there = _applied_ids(connection)
        pending = [str(migration.id) for migration in known if migration.id not in there]
        return MigrationState(
            [str(migration.id) for migration in known if migration.id in there],
            pending,
            [file.name for file in functions.pending()],
            # What a file no longer makes may be what a pending migration drops.
            _unknown(connection, known) or ([] if pending else functions.unknown()),
        )


def functions_before(text: str) -> tuple[str, ...]:
    """The functions that a migration says it needs."""
    return words_of(_FUNCTIONS, text)


def _apply(backend: _Backend, wanted: MigrationList, functions: Functions, env: str) -> list[str]:
    ids, applied_functions = [], []
    backend.begin()
    for migration in wanted:
        text = Path(migration.path).read_text(encoding="utf-8")
        applied_functions += functions.apply(functions_before(text))
        if migration.use_transactions:
            _run(backend.connection, migration.path, text, text)
        else:
            backend.commit()
            for statement in read_sql_migration(migration.path)[2]:
                _run(backend.connection, migration.path, text, statement)
            backend.begin()
        backend.mark_one(migration)
        ids.append(str(migration.id))
    applied_functions += functions.apply()
    if left := functions.unknown():
        raise MigrationRefused(
            f"The database has the function {left[0]}, which this version has not: it is a newer version's, or a"
            " migration that drops it is missing."
        )
    functions.forget_dropped()
    _note_environment(backend.connection, env)
    backend.commit()
    return ids + applied_functions


def _environment(connection: psycopg.Connection) -> str | None:
    """What the database says that it is for; None: nothing yet."""
    if connection.execute("SELECT to_regclass('public.installation')").fetchone() == (None,):
        return None
    row = connection.execute("SELECT env FROM public.installation").fetchone()
    return row[0] if row else None


def _refuse_other_environment(connection: psycopg.Connection, env: str) -> None:
    if _environment(connection) == "production" and env != "production":
        raise MigrationRefused(
            "This database is production's and ENV is development: set ENV=production, or use another database."
        )


def _note_environment(connection: psycopg.Connection, env: str) -> None:
    """The database knows from now on what it is for.  It becomes production's by being migrated as such, and never goes
    back; one in which demo Stars were given out holds Stars that nobody paid for."""
    if connection.execute("SELECT to_regclass('public.installation')").fetchone() == (None,):
        return  # the files are older than the table
    if _environment(connection) == env:
        return
    if env == "production" and connection.execute(
        "SELECT EXISTS (SELECT FROM ledger.transfers WHERE kind = 'grant')"
    ).fetchone() == (True,):
        raise MigrationRefused("This database holds demo Stars of development: production needs another database.")
    connection.execute(
        "INSERT INTO public.installation (env) VALUES (%s)"
        " ON CONFLICT (only_one) DO UPDATE SET env = excluded.env, since = now()",
        [env],
    )


def _roll_back(backend: _Backend, wanted: MigrationList) -> list[str]:
    backend.begin()
    for migration in wanted:
        path = Path(migration.path).with_suffix(".rollback.sql")
        text = path.read_text(encoding="utf-8")
        _run(backend.connection, path, text, text)
        backend.unmark_one(migration)
    backend.execute("DELETE FROM migrations.functions")  # they went with their schemas
    backend.commit()
    return [str(migration.id) for migration in wanted]


def _run(connection: psycopg.Connection, path: str | Path, text: str, part: str) -> None:
    """Run a part of a file's text, or all of it."""
    try:
        connection.execute(part.encode())
    except psycopg.Error as error:
        if connection.closed:
            raise
        raise MigrationRefused(f"migrations/{Path(path).name}{mistake(text, error, part)}") from error


def _applied_ids(connection: psycopg.Connection) -> set[str]:
    exists = connection.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.{default_migration_table}"]).fetchone()
    if exists == (None,):
        return set()
    return {row[0] for row in connection.execute("SELECT migration_id FROM migrations._yoyo_migration").fetchall()}


def _unknown(connection: psycopg.Connection, known: MigrationList) -> list[str]:
    return sorted(_applied_ids(connection) - {str(migration.id) for migration in known})


@contextmanager
def _refusals(connection: psycopg.Connection) -> Iterator[None]:
    """Gives refusals their one type; a connection that went is a store that does not answer."""
    try:
        yield
    except FunctionRefused as refused:
        raise MigrationRefused(str(refused)) from refused
    except psycopg.OperationalError as error:
        if not connection.closed:
            raise
        raise StoreUnavailable("postgres") from error


def _connect(database_url: str, **options: str) -> psycopg.Connection:
    try:
        return psycopg.connect(database_url, autocommit=True, connect_timeout=10, **options)  # type: ignore[arg-type]
    except psycopg.OperationalError as error:
        raise StoreUnavailable("postgres") from error


@contextmanager
def _locked(database_url: str, timeout_s: float) -> Iterator[None]:
    with _connect(database_url) as connection:
        if connection.info.server_version < MINIMUM_SERVER_VERSION * 10000:
            raise MigrationRefused(f"Postgres {MINIMUM_SERVER_VERSION} or newer is needed.")
        deadline = time.monotonic() + timeout_s
        while connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone() != (True,):
            if time.monotonic() > deadline:
                raise MigrationRefused(f"Another migration has held the lock for {timeout_s:.0f} s.")
            time.sleep(_LOCK_POLL_S)
        connection.execute("CREATE SCHEMA IF NOT EXISTS migrations")
        yield
