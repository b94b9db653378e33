"""Migrations: forward and back, by whom, and under a lock that a crash frees."""

import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cli.embedded.postgres import EmbeddedPostgres
from persistence.errors import StoreUnavailable
from persistence.postgres import games, users
from persistence.postgres.migrate import MIGRATIONS, MigrationRefused, applied, migrate
from persistence.postgres.pool import Database
from tests.postgres.play import STAKE, Finisher, assert_clean, fill, finished, hero_room, new_room, sign_up

ALL = sorted(path.stem for path in MIGRATIONS.glob("*.sql") if not path.name.endswith(".rollback.sql"))
ROOT = Path(__file__).parents[2]

# The process migrates until it meets what the test holds back; the test then kills it there.
MIGRATE = "import sys; from persistence.postgres.migrate import migrate; migrate(sys.argv[1])"


@pytest.fixture
def empty_database(postgres_server: EmbeddedPostgres, template_database: str) -> Iterator[str]:
    """The URL of a database that no migration has seen."""
    name = f"t_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server.admin_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres_server.admin_url(name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def shape(url: str) -> list[tuple[object, ...]]:
    """Everything of ours in the catalogue: tables, columns, checks, functions, indexes, policies, remarks, rights."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            """
            SELECT 'relation', c.oid::regclass::text,
                c.relkind::text || coalesce(obj_description(c.oid, 'pg_class'), ''),
                pg_get_userbyid(c.relowner)::text, c.relacl::text
            FROM pg_class AS c
            WHERE c.relnamespace::regnamespace::text IN ('public', 'auth', 'ledger', 'game', 'pay', 'bot')
            UNION ALL SELECT 'column', a.attrelid::regclass || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
                concat_ws(' ', a.attnotnull, pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum)),
                a.attacl::text
            FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
            LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE c.relnamespace::regnamespace::text IN ('public', 'auth', 'ledger', 'game', 'pay', 'bot')
                AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL SELECT 'constraint', o.conrelid::regclass || '.' || o.conname, pg_get_constraintdef(o.oid),
                NULL, NULL
            FROM pg_constraint AS o
            WHERE o.connamespace::regnamespace::text IN ('public', 'auth', 'ledger', 'game', 'pay', 'bot')
            UNION ALL SELECT 'function', p.oid::regprocedure::text, md5(pg_get_functiondef(p.oid)),
                pg_get_userbyid(p.proowner) || coalesce(obj_description(p.oid, 'pg_proc'), ''), p.proacl::text
            FROM pg_proc AS p
            WHERE p.pronamespace::regnamespace::text IN ('public', 'auth', 'ledger', 'game', 'pay', 'bot')
            UNION ALL SELECT 'schema', n.nspname::text, NULL, pg_get_userbyid(n.nspowner)::text, n.nspacl::text
            FROM pg_namespace AS n WHERE n.nspname IN ('auth', 'ledger', 'game', 'pay', 'bot')
            UNION ALL SELECT 'policy', schemaname || '.' || tablename, policyname::text, qual, roles::text
            FROM pg_policies
            ORDER BY 1, 2, 3
            """
        ).fetchall()


def test_every_migration_can_be_rolled_back() -> None:
    assert ALL
    assert [name for name in ALL if not (MIGRATIONS / f"{name}.rollback.sql").exists()] == []


def test_forward_back_and_forward_again(empty_database: str) -> None:
    assert applied(empty_database).pending == ALL
    assert migrate(empty_database) == ALL
    first = shape(empty_database)
    assert migrate(empty_database) == []
    state = applied(empty_database)
    assert (state.applied, state.pending, state.unknown) == (ALL, [], [])

    assert migrate(empty_database, rollback=True) == ALL[::-1]
    assert shape(empty_database) == []
    assert applied(empty_database).pending == ALL

    assert migrate(empty_database) == ALL
    assert shape(empty_database) == first


def test_each_rollback_gives_back_what_was_there_before(empty_database: str) -> None:
    def run(name: str) -> None:
        with psycopg.connect(empty_database) as connection:
            connection.execute((MIGRATIONS / name).read_text().encode())

    before = shape(empty_database)
    for name in ALL:
        run(f"{name}.sql")
        after = shape(empty_database)
        run(f"{name}.rollback.sql")
        assert shape(empty_database) == before, name
        run(f"{name}.sql")
        assert shape(empty_database) == after, name
        before = after


async def test_what_was_won_before_wins_were_kept_a_day_is_counted(db: Database, database_url: str) -> None:
    """Rooms of both kinds are there when the migration goes back and forward again."""
    organizer, *players = await sign_up(db, 3)
    noon_ms = 1_700_049_600_000
    for finished_ms in (noon_ms, noon_ms, noon_ms + 86_400_000):
        room = new_room()
        seats = await fill(db, room, players)
        lines = [Finisher(seats[0], players[0], 9), Finisher(seats[1], players[1], 5)]
        await games.settle(db, room, finished(room, lines, finished_ms=finished_ms))
    await hero_room(db, organizer)
    wins = "SELECT day::text, user_id, won FROM game.daily_wins ORDER BY day"
    with psycopg.connect(database_url) as connection:
        kept = connection.execute(wins).fetchall()
        assert kept == [("2023-11-15", players[0], 4 * STAKE), ("2023-11-16", players[0], 2 * STAKE)]
        for name in reversed(ALL[ALL.index("0011.hero-rooms") :]):
            connection.execute((MIGRATIONS / f"{name}.rollback.sql").read_text().encode())
        for name in ALL[ALL.index("0011.hero-rooms") :]:
            connection.execute((MIGRATIONS / f"{name}.sql").read_text().encode())
        assert connection.execute(wins).fetchall() == kept
    await assert_clean(db)


def test_what_a_newer_program_applied_is_told(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO migrations._yoyo_migration (migration_hash, migration_id) VALUES ('h', '9999.later')"
        )
    assert applied(database_url).unknown == ["9999.later"]
    assert migrate(database_url) == []


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
    assert sorted(done) == sorted([[], [], ALL])


def test_a_busy_lock_is_told(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from persistence.postgres import migrate as module

    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [module._LOCK])
        with pytest.raises(MigrationRefused, match="lock"):
            migrate(database_url, lock_timeout_s=0)


def test_a_deploy_that_was_killed_does_not_stop_the_next(
    empty_database: str, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    with psycopg.connect(empty_database) as blocker:
        blocker.execute("CREATE SCHEMA ledger")
        process = subprocess.Popen([sys.executable, "-c", MIGRATE, empty_database], cwd=ROOT)
        with psycopg.connect(empty_database, autocommit=True) as watcher:
            # As yoyo's own command line leaves it behind.
            wait_until(lambda: _waiting(watcher))
            watcher.execute(
                "INSERT INTO migrations.yoyo_lock (locked, ctime, pid) VALUES (1, now(), %s)", [process.pid]
            )
        process.send_signal(signal.SIGKILL)
        process.wait()
        blocker.rollback()

    assert migrate(empty_database) == ALL
    assert applied(empty_database).pending == []


def _waiting(watcher: psycopg.Connection) -> bool:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE '%CREATE SCHEMA ledger%'"
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
        assert migrate(one) == ALL
        assert migrate(two) == ALL
        assert shape(one) == shape(two)
        assert migrate(two, rollback=True) == ALL[::-1]
        assert migrate(two) == ALL

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
