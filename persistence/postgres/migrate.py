"""Applies the migrations in `migrations/`, one deploy at a time.

Owns the lock and yoyo's bookkeeping (in a schema of its own).  Must never roll back in production, and needs a direct
connection: the lock belongs to a session, which a pooler in transaction mode would share.

yoyo has no lock that a crash frees, only a row.  So the lock is Postgres's advisory one, which dies with its session,
and the row is removed by whoever holds it.  It is tried again and again instead of waited for: a waiting session holds
a snapshot, which CREATE INDEX CONCURRENTLY waits for in turn.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psycopg
import yoyo  # type: ignore[import-untyped]
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend  # type: ignore[import-untyped]
from yoyo.connections import parse_uri  # type: ignore[import-untyped]
from yoyo.migrations import Migration, MigrationList, default_migration_table  # type: ignore[import-untyped]

from persistence.errors import StoreUnavailable

MIGRATIONS = Path(__file__).parents[2] / "migrations"
SCHEMA = "migrations"
MINIMUM_SERVER_VERSION = 16

# Any constant will do, as long as nobody else in this database uses it.
_LOCK = 0x43_68_61_6E_63_65
_LOCK_POLL_S = 0.2


class MigrationRefused(RuntimeError):
    """The migrations cannot or must not run; the message says why."""


@dataclass(frozen=True, slots=True)
class MigrationState:
    """Ids of migrations, in order.  `unknown` were applied by a newer version of the program."""

    applied: list[str]
    pending: list[str]
    unknown: list[str]


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo's backend, with a migration and its mark in one transaction: a crash between them cannot part the two."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        super().__init__(parse_uri("postgresql+psycopg://"), default_migration_table)

    def connect(self, dburi: Any) -> psycopg.Connection:  # noqa: ARG002 (the URL goes to psycopg as it is)
        return _connect(self._database_url, options=f"-c search_path={SCHEMA}")

    def apply_one(self, migration: Migration, force: bool = False, mark: bool = True) -> None:  # noqa: ARG002
        self._run(migration, "apply", force, self.mark_one)

    def rollback_one(self, migration: Migration, force: bool = False) -> None:
        self._run(migration, "rollback", force, self.unmark_one)

    def _run(self, migration: Migration, direction: Literal["apply", "rollback"], force: bool, mark: Any) -> None:
        migration.load()
        if migration.use_transactions:
            with self.transaction():
                migration.process_steps(self, direction, force=force)
                mark(migration)
        else:
            migration.process_steps(self, direction, force=force)
            with self.transaction():
                mark(migration)

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
    database_url: str, *, rollback: bool = False, env: str = "development", lock_timeout_s: float = 120
) -> list[str]:
    """Apply what is pending, or roll everything back; the ids that ran, in order.

    Raises:
        MigrationRefused: a rollback in production, a server that is too old, or the lock was not free in time.
        StoreUnavailable: Postgres does not answer.
        psycopg.Error: a migration failed; it was undone as a whole.
    """
    if rollback and env != "development":
        raise MigrationRefused("Migrations are rolled back in development only; in production they go forward.")
    with _locked(database_url, lock_timeout_s), _Backend(database_url) as backend:
        backend.init_database()
        backend.break_lock()
        backend.ensure_internal_schema_updated()
        known = yoyo.read_migrations(str(MIGRATIONS))
        wanted: MigrationList = backend.to_rollback(known) if rollback else backend.to_apply(known)
        done = []
        for migration in wanted:
            if rollback:
                backend.rollback_one(migration)
            else:
                backend.apply_one(migration)
            done.append(str(migration.id))
        return done


def applied(database_url: str) -> MigrationState:
    """What was applied and what is pending.  Changes nothing.

    Raises:
        StoreUnavailable: Postgres does not answer.
    """
    known = [str(migration.id) for migration in yoyo.read_migrations(str(MIGRATIONS))]
    with _connect(database_url) as connection:
        exists = connection.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.{default_migration_table}"]).fetchone()
        if exists is None or exists[0] is None:
            return MigrationState([], known, [])
        rows = connection.execute("SELECT migration_id FROM migrations._yoyo_migration").fetchall()
    there = {row[0] for row in rows}
    return MigrationState(
        [name for name in known if name in there],
        [name for name in known if name not in there],
        sorted(there - set(known)),
    )


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
