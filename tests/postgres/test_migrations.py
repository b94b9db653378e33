"""Migrations: forward and back, by whom, and under a lock that a crash frees."""

import secrets
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from chance_tap.resources import MIGRATIONS
from cli.embedded.postgres import EmbeddedPostgres
from persistence.errors import StoreUnavailable
from persistence.postgres import users
from persistence.postgres.function_files import Functions, read_files
from persistence.postgres.migrate import MigrationRefused, applied, functions_before, migrate
from persistence.postgres.pool import Database
from tests.fixtures.waiting import wait_for
from tests.postgres.shape import Shape, shape

ALL = sorted(path.stem for path in MIGRATIONS.glob("*.sql") if not path.name.endswith(".rollback.sql"))
FILES = read_files(MIGRATIONS / "functions")
ROOT = Path(__file__).parents[2]

# The process migrates until it meets what the test holds back; the test then kills it there.
MIGRATE = "import sys; from persistence.postgres.migrate import migrate; migrate(sys.argv[1])"


def test_every_migration_can_be_rolled_back() -> None:
    assert ALL
    assert [name for name in ALL if not (MIGRATIONS / f"{name}.rollback.sql").exists()] == []


def test_forward_back_and_forward_again(empty_database: str) -> None:
    untouched = of_ours(shape(empty_database))
    state = applied(empty_database)
    assert (state.applied, state.pending, state.functions) == ([], ALL, list(FILES))
    done = migrate(empty_database)
    assert done[: len(ALL)] == ALL
    assert sorted(done[len(ALL) :]) == sorted(FILES)
    first = shape(empty_database)
    assert migrate(empty_database) == []
    state = applied(empty_database)
    assert (state.applied, state.pending, state.functions, state.unknown) == (ALL, [], [], [])

    assert migrate(empty_database, rollback=True) == ALL[::-1]
    assert of_ours(shape(empty_database)) == untouched
    assert applied(empty_database).functions == list(FILES)

    assert migrate(empty_database) == done
    assert shape(empty_database) == first


def of_ours(rows: Shape) -> Shape:
    """Without the rights that were Postgres's own: a rollback spells them out."""
    return [row for row in rows if row[0] != "database" and row[:2] != ("schema", "public")]


def test_each_rollback_gives_back_what_was_there_before(open_folder: Path) -> None:
    """A server of its own: what logins may take belongs to the server, and an early file gives more than a later one
    leaves."""
    server = EmbeddedPostgres(open_folder / f"postgres-{secrets.token_hex(4)}", durable=False)
    server.start()
    try:
        _step_by_step(server.admin_url())
    finally:
        server.stop()


def _step_by_step(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA migrations")
        functions = Functions(connection, FILES)
        functions.prepare()
        for name in ALL:
            forward = (MIGRATIONS / f"{name}.sql").read_text()
            back = (MIGRATIONS / f"{name}.rollback.sql").read_text()
            before = of_ours(shape(empty_database))
            for _ in range(2):
                with connection.transaction():
                    functions.apply(functions_before(forward))
                    connection.execute(forward.encode())
                after = of_ours(shape(empty_database))
                with connection.transaction():
                    connection.execute(back.encode())
                assert of_ours(shape(empty_database)) == before, name
            with connection.transaction():
                functions.apply(functions_before(forward))
                connection.execute(forward.encode())
            assert of_ours(shape(empty_database)) == after, name


def test_production_is_never_rolled_back(database_url: str) -> None:
    before = shape(database_url)
    with pytest.raises(MigrationRefused, match="development only"):
        migrate(database_url, rollback=True, env="production")
    assert shape(database_url) == before
    assert migrate(database_url, env="production") == []


def test_a_server_that_does_not_answer(free_port: int) -> None:
    url = f"postgresql://postgres@127.0.0.1:{free_port}/postgres"
    for attempt in (migrate, applied):
        with pytest.raises(StoreUnavailable):
            attempt(url)


def test_several_deploys_at_once_apply_each_migration_once(empty_database: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(migrate, [empty_database] * 3))
    assert [len(ids) for ids in sorted(done)] == [0, 0, len(ALL) + len(FILES)]


def test_a_busy_lock_is_told(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from persistence.postgres import migrate as module

    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [module._LOCK])
        with pytest.raises(MigrationRefused, match="lock"):
            migrate(database_url, lock_timeout_s=0)


def test_a_deploy_that_was_killed_does_not_stop_the_next(empty_database: str) -> None:
    with psycopg.connect(empty_database) as blocker:
        blocker.execute("CREATE SCHEMA ledger")
        process = subprocess.Popen([sys.executable, "-c", MIGRATE, empty_database], cwd=ROOT)
        with psycopg.connect(empty_database, autocommit=True) as watcher:
            # As yoyo's own command line leaves it behind.
            wait_for("the migration waits for the lock", lambda: _waiting(watcher))
            watcher.execute(
                "INSERT INTO migrations.yoyo_lock (locked, ctime, pid) VALUES (1, now(), %s)", [process.pid]
            )
        process.send_signal(signal.SIGKILL)
        process.wait()
        blocker.rollback()

    assert migrate(empty_database)[: len(ALL)] == ALL
    assert applied(empty_database).pending == []


def _waiting(watcher: psycopg.Connection) -> bool:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE '-- Roles and schemas.%'"
    )
    return watcher.execute(query).fetchone() == (1,)


async def test_who_owns_the_database_may_migrate_and_run_without_being_a_superuser(open_folder: Path) -> None:
    """A server of its own: here the roles must not exist yet."""
    server = EmbeddedPostgres(open_folder / f"postgres-{secrets.token_hex(4)}", durable=False)
    server.start()
    try:
        with psycopg.connect(server.admin_url(), autocommit=True) as connection:
            connection.execute("CREATE ROLE deployer LOGIN CREATEROLE CREATEDB PASSWORD 'deployer'")
            connection.execute("CREATE DATABASE one OWNER deployer")
            connection.execute("CREATE DATABASE two OWNER deployer")
        one, two = server.url("deployer", "one"), server.url("deployer", "two")
        assert migrate(one)[: len(ALL)] == ALL
        assert migrate(two)[: len(ALL)] == ALL
        assert shape(one) == shape(two)
        with psycopg.connect(two) as connection:
            connection.execute("UPDATE migrations.functions SET hash = ''")
        assert migrate(two) == list(FILES)
        assert shape(one) == shape(two)
        assert migrate(two, rollback=True) == ALL[::-1]
        assert migrate(two)[: len(ALL)] == ALL

        database = await Database.open(one, name="test")
        account = await users.log_in_telegram(database, users.TelegramProfile(telegram_id=1), 10)
        assert (await users.me(database, account.user_id)).balance == 10
        await database.close()

        assert migrate(one, rollback=True) == ALL[::-1]
        assert migrate(two, rollback=True) == ALL[::-1]
        with psycopg.connect(server.admin_url()) as connection:
            assert connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'ct\\_%'").fetchall() == []
    finally:
        server.stop()
