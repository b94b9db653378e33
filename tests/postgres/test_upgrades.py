"""An older database and the present files make what a new database is; and what cannot be made of them is refused.

A change of `migrations/` is tried here by itself: `released/` keeps the folder as it was at each release, and each of
them is brought up to date.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from chance_tap.resources import MIGRATIONS
from cli.embedded.postgres import EmbeddedPostgres
from persistence.postgres.function_files import read_files
from persistence.postgres.migrate import MigrationRefused, applied, migrate
from tests.postgres.shape import Shape, shape

RELEASED = sorted((Path(__file__).parent / "released").glob("*.tar.gz"))
ROOT = Path(__file__).parents[2]
PRESENT = sorted(path.stem for path in MIGRATIONS.glob("*.sql") if not path.name.endswith(".rollback.sql"))

# What a later version may bring, each way of changing something once.  A file of no text is taken away.
LATER = {
    # Values of a type are there for others only once they are committed: a file of their own, not transactional.
    "0101.kinds.sql": """
        -- depends: {last}
        -- transactional: false
        ALTER TYPE ledger.transfer_kind ADD VALUE IF NOT EXISTS 'present';
    """,
    "0101.kinds.rollback.sql": "SELECT 'a value of a type stays';",
    "0102.presents.sql": """
        -- Presents.
        -- depends: 0101.kinds
        -- functions: game.note_present
        SET LOCAL ROLE ct_owner;
        CREATE TABLE game.presents (present_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room_id text);
        COMMENT ON TABLE game.presents IS 'Presents.';
        CREATE TRIGGER note_present AFTER INSERT ON game.presents
            FOR EACH ROW EXECUTE FUNCTION game.note_present();
        ALTER TABLE game.rooms ADD COLUMN presents int NOT NULL DEFAULT 0;
        GRANT SELECT ON game.presents TO ct_ledger;
        -- Another form of a function, and what is bound to it; and one that is no more.  A new database has none yet.
        DROP FUNCTION IF EXISTS game.audit;
        DROP FUNCTION IF EXISTS game.day_won;
        DROP FUNCTION IF EXISTS game.signals_of;
        RESET ROLE;
    """,
    "0102.presents.rollback.sql": """
        DROP TABLE game.presents CASCADE;
        DROP FUNCTION game.note_present;
        ALTER TABLE game.rooms DROP COLUMN presents CASCADE;
    """,
    # Where it was broken off, an index is left behind that is not valid.
    "0103.index.sql": """
        -- depends: 0102.presents
        -- transactional: false
        DROP INDEX CONCURRENTLY IF EXISTS game.presents_of_room;
        CREATE INDEX CONCURRENTLY presents_of_room ON game.presents (room_id);
        ALTER INDEX game.presents_of_room OWNER TO ct_owner;
    """,
    "0103.index.rollback.sql": "DROP INDEX game.presents_of_room;",
    "functions/game/note_present.sql": """
        SET LOCAL ROLE ct_ledger;
        CREATE OR REPLACE FUNCTION game.note_present() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
        $function$ BEGIN RETURN NULL; END $function$;
        COMMENT ON FUNCTION game.note_present IS 'Notes a present.';
        GRANT EXECUTE ON FUNCTION game.note_present TO ct_owner;
    """,
    "functions/game/given.sql": """
        -- depends: game.room_of_present
        SET LOCAL ROLE ct_ledger;
        CREATE OR REPLACE FUNCTION game.given() RETURNS TABLE (room_id text, kind ledger.transfer_kind) LANGUAGE sql
        BEGIN ATOMIC
            SELECT game.room_of_present(p.present_id), 'present'::ledger.transfer_kind FROM game.presents AS p;
        END;
        COMMENT ON FUNCTION game.given IS 'Presents that were given.';
    """,
    "functions/game/room_of_present.sql": """
        SET LOCAL ROLE ct_ledger;
        CREATE OR REPLACE FUNCTION game.room_of_present(p_present_id bigint) RETURNS text LANGUAGE sql STABLE
            RETURN (SELECT p.room_id FROM game.presents AS p WHERE p.present_id = p_present_id);
        COMMENT ON FUNCTION game.room_of_present IS 'The room of a present.';
    """,
    "functions/game/signals_of.sql": "",
}
# The same in files that are there, as (file, what, by what).
CHANGES = (
    ("functions/game/day_won.sql", "p_decided_at timestamptz)", "p_decided_at timestamptz, p_more text DEFAULT '')"),
    ("functions/bot/stats.sql", "'players_day'", "'players_of_the_day'"),
    ("functions/bot/stats.sql", "TO ct_operator", "TO ct_settler"),
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The present files, to be changed."""
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


@pytest.fixture
def later(copy: Path) -> Path:
    """The files of a later version."""
    return changed_later(copy)


@pytest.fixture(scope="module")
def new_later(
    postgres_server: EmbeddedPostgres, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Shape:
    """What a new database of the later version is."""
    folder = changed_later(Path(shutil.copytree(MIGRATIONS, tmp_path_factory.mktemp("later") / "migrations")))
    name = f"{template_database}_later"
    with psycopg.connect(postgres_server.admin_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    migrate(postgres_server.admin_url(name), folder=folder)
    return shape(postgres_server.admin_url(name))


def changed_later(folder: Path) -> Path:
    for name, text in LATER.items():
        if text:
            (folder / name).write_text(text.replace("{last}", PRESENT[-1]).replace("\n        ", "\n").lstrip("\n"))
        else:
            (folder / name).unlink()
    for name, what, by in CHANGES:
        change(folder / name, what, by)
    return folder


def change(path: Path, what: str, by: str) -> None:
    text = path.read_text()
    assert what in text
    path.write_text(text.replace(what, by))


def refusal(url: str, folder: Path) -> str:
    """The one line that says why nothing was done."""
    with pytest.raises(MigrationRefused) as refused:
        migrate(url, folder=folder)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_an_older_database_and_later_files_make_a_new_one(
    make_database: Callable[[], str], later: Path, new_later: Shape
) -> None:
    older = make_database()
    migrate(older)
    state = applied(older, folder=later)
    assert state.pending == ["0101.kinds", "0102.presents", "0103.index"]
    assert (set(state.functions), state.unknown) == (
        {"game.note_present", "game.given", "game.room_of_present", "game.day_won", "bot.stats"}, [],
    )  # fmt: skip
    done = migrate(older, folder=later)
    assert done[:4] == ["0101.kinds", "0102.presents", "0103.index", "game.note_present"]
    # game.audit is made anew although its text is the same: it had been bound to the earlier form of game.day_won.
    assert sorted(done[4:]) == ["bot.stats", "game.audit", "game.day_won", "game.given", "game.room_of_present"]
    assert shape(older) == new_later
    assert migrate(older, folder=later) == []
    state = applied(older, folder=later)
    assert (state.pending, state.functions, state.unknown) == ([], [], [])

    assert migrate(older, folder=later, rollback=True)[:2] == ["0103.index", "0102.presents"]
    migrate(older, folder=later)
    assert shape(older) == new_later


@pytest.mark.parametrize("archive", RELEASED, ids=lambda path: path.name.removesuffix(".tar.gz"))
def test_a_released_database_is_brought_up_to_date(
    make_database: Callable[[], str], tmp_path: Path, archive: Path
) -> None:
    """Numbered files are never changed once they were released: databases have run them."""
    with tarfile.open(archive) as released:
        # The attribute and not the argument, which Debian 12's Python 3.11.2 does not have.
        released.extraction_filter = getattr(tarfile, "data_filter", None)
        released.extractall(tmp_path)
    for path in (tmp_path / "migrations").glob("*.sql"):
        if not path.name.endswith(".rollback.sql"):
            assert (MIGRATIONS / path.name).read_text() == path.read_text(), f"{path.name} was released"
    older, new = make_database(), make_database()
    migrate(older, folder=tmp_path / "migrations")
    migrate(older)
    migrate(new)
    assert shape(older) == shape(new)


def test_a_functions_file_says_everything_about_it(make_database: Callable[[], str], copy: Path) -> None:
    """Remark, rights and settings are as the present text says, whatever an earlier one said."""
    for path in (copy / "functions").glob("*/*.sql"):
        name = f"{path.parent.name}.{path.stem}"
        text = re.sub(r"^GRANT .*\n", "", path.read_text(), flags=re.MULTILINE)
        text, remarks = re.subn(rf"^COMMENT ON FUNCTION {name} IS\s+'.*';$", "", text, flags=re.MULTILINE)
        assert remarks == 1, name
        path.write_text(
            f"{text}COMMENT ON FUNCTION {name} IS 'Once.';\n"
            f"GRANT EXECUTE ON FUNCTION {name} TO ct_analyst WITH GRANT OPTION;\n"
            f"GRANT EXECUTE ON FUNCTION {name} TO PUBLIC;\n"
            f"ALTER FUNCTION {name} COST 7 SET work_mem = '5MB';\n"
        )
    older, new = make_database(), make_database()
    migrate(older, folder=copy)
    migrate(new)
    assert shape(older) != shape(new)
    assert migrate(older) == list(read_files(MIGRATIONS / "functions"))
    assert shape(older) == shape(new)


def test_files_name_just_what_they_are_bound_to(database_url: str) -> None:
    """Postgres knows which functions the bodies of others need."""
    with psycopg.connect(database_url) as connection:
        bound = connection.execute(
            "SELECT DISTINCT a.pronamespace::regnamespace || '.' || a.proname,"
            " b.pronamespace::regnamespace || '.' || b.proname"
            " FROM pg_depend AS d JOIN pg_proc AS a ON a.oid = d.objid JOIN pg_proc AS b ON b.oid = d.refobjid"
            " WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_proc'::regclass"
            " AND EXISTS (SELECT FROM migrations.functions AS f"
            "     WHERE f.name = b.pronamespace::regnamespace || '.' || b.proname)"
        ).fetchall()
    files = read_files(MIGRATIONS / "functions")
    assert {(file.name, other) for file in files.values() for other in file.depends} == set(bound)


def test_a_database_of_another_version_is_left_alone(database_url: str, later: Path) -> None:
    migrate(database_url, folder=later)
    before = shape(database_url)
    said = refusal(database_url, MIGRATIONS)
    assert said.startswith("The database was made by another version of Chance Tap: it has 0103.index, which")
    assert applied(database_url).unknown == ["0101.kinds", "0102.presents", "0103.index"]
    with pytest.raises(MigrationRefused, match="another version"):
        migrate(database_url, rollback=True)
    assert shape(database_url) == before


def test_functions_of_a_newer_version_are_left_alone(database_url: str, copy: Path) -> None:
    """It brought functions only, so no migration tells."""
    (copy / "functions/game/newer.sql").write_text(
        "SET LOCAL ROLE ct_ledger;\nCREATE OR REPLACE FUNCTION game.newer() RETURNS int LANGUAGE sql RETURN 1;\n"
    )
    assert migrate(database_url, folder=copy) == ["game.newer"]
    before = shape(database_url)
    assert refusal(database_url, MIGRATIONS) == (
        "The database has the function game.newer, which this version has not: it is a newer version's, or a migration"
        " that drops it is missing."
    )
    assert applied(database_url).unknown == ["game.newer"]
    assert shape(database_url) == before


def broken(folder: Path) -> str:
    change(folder / "functions/pay/withdrawn.sql", "SELECT", "SELEKT")
    line = (folder / "functions/pay/withdrawn.sql").read_text()[:-1].split("SELEKT")[0].count("\n") + 1
    return f'migrations/functions/pay/withdrawn.sql, line {line}: syntax error at or near "SELEKT"'


def of_another_form(folder: Path) -> str:
    change(folder / "functions/bot/stats.sql", "bot.stats()", "bot.stats(p_day date)")
    return (
        'migrations/functions/bot/stats.sql: function name "bot.stats" is not unique; a migration must drop its earlier'
        " form first (migrations/README.md)"
    )


def of_another_form_untold(folder: Path) -> str:
    of_another_form(folder)
    path = folder / "functions/bot/stats.sql"
    path.write_text(re.sub(r"^(COMMENT|GRANT) .*\n", "", path.read_text(), flags=re.MULTILINE))
    return "migrations/functions/bot/stats.sql: it must make one function bot.stats, not 2."


def of_another_result(folder: Path) -> str:
    change(folder / "functions/bot/stats.sql", "RETURNS jsonb", "RETURNS text")
    change(folder / "functions/bot/stats.sql", "RETURN jsonb_build_object(", "RETURN concat(")
    return (
        "migrations/functions/bot/stats.sql: cannot change return type of existing function; a migration must drop its"
        " earlier form first (migrations/README.md)"
    )


def of_another_name(folder: Path) -> str:
    (folder / "functions/bot/stats.sql").rename(folder / "functions/bot/figures.sql")
    return "migrations/functions/bot/figures.sql: it must make one function bot.figures, not 0."


def of_nobody(folder: Path) -> str:
    change(folder / "functions/bot/stats.sql", "SET LOCAL ROLE ct_ledger;", "")
    return "migrations/functions/bot/stats.sql: it has no line `SET LOCAL ROLE <owner>;`."


def of_what_is_not_there(folder: Path) -> str:
    path = folder / "functions/bot/stats.sql"
    path.write_text("-- depends: bot.figures\n" + path.read_text())
    return "migrations/functions/bot/stats.sql: it depends on bot.figures, which has no file."


def of_itself(folder: Path) -> str:
    path = folder / "functions/auth/claim.sql"
    path.write_text("-- depends: game.find_key\n" + path.read_text())
    path = folder / "functions/game/find_key.sql"
    path.write_text("-- depends: auth.claim\n" + path.read_text())
    return "migrations/functions/auth/claim.sql: it depends on itself (auth.claim -> game.find_key -> auth.claim)."


def taken_away(folder: Path) -> str:
    (folder / "functions/bot/stats.sql").unlink()
    return (
        "The database has the function bot.stats, which this version has not: it is a newer version's, or a migration"
        " that drops it is missing."
    )


def in_a_migration(folder: Path) -> str:
    (folder / "0101.wrong.sql").write_text(
        f"-- Wrong.\n-- depends: {PRESENT[-1]}\n\nCREATE TABLE game.one (n int);\nALTER TABLE game.two ADD n int;\n"
    )
    return 'migrations/0101.wrong.sql: relation "game.two" does not exist'


def needed_by_a_migration(folder: Path) -> str:
    (folder / "0101.wrong.sql").write_text(f"-- depends: {PRESENT[-1]}\n-- functions: game.none\nSELECT 1;\n")
    return "A migration depends on game.none, which has no file."


@pytest.mark.parametrize(
    "mistake",
    [
        broken, of_another_form, of_another_form_untold, of_another_result, of_another_name, of_nobody,
        of_what_is_not_there, of_itself, taken_away, in_a_migration, needed_by_a_migration,
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_a_line_and_nothing_is_applied(
    database_url: str, copy: Path, mistake: Callable[[Path], str]
) -> None:
    """Beside it there are a migration and a function without one."""
    (copy / "0100.right.sql").write_text(f"-- depends: {PRESENT[-1]}\nCREATE TABLE game.right (n int);\n")
    change(
        copy / "functions/auth/hello.sql", "COMMENT ON FUNCTION auth.hello IS", "COMMENT ON FUNCTION auth.hello IS\n"
    )
    before = shape(database_url)
    expected = mistake(copy)
    assert refusal(database_url, copy) == expected
    assert shape(database_url) == before
    assert migrate(database_url) == []


# A process that ends itself, as if killed, when it is to run a statement with these words for the n-th time.
KILLED = """
import os, signal, sys
from pathlib import Path
import psycopg
from persistence.postgres.migrate import migrate

url, folder, words, left = *sys.argv[1:4], int(sys.argv[4])

def deadly(run):
    def wrapper(self, *arguments, **named):
        global left
        left -= words in (repr(arguments) if arguments else "commit")
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return run(self, *arguments, **named)
    return wrapper

psycopg.Cursor.execute = deadly(psycopg.Cursor.execute)
psycopg.Cursor.executemany = deadly(psycopg.Cursor.executemany)
psycopg.Connection.commit = deadly(psycopg.Connection.commit)
migrate(url, folder=Path(folder))
"""


def killed(url: str, folder: Path, words: str, times: int = 1) -> bool:
    """Whether it came that far."""
    process = subprocess.run(
        [sys.executable, "-c", KILLED, url, str(folder), words, str(times)], cwd=ROOT, env=os.environ, check=False
    )
    assert process.returncode in (0, -signal.SIGKILL)
    return process.returncode != 0


@pytest.mark.parametrize(
    "words",
    [
        "CREATE TABLE IF NOT EXISTS migrations.functions",
        "CREATE TABLE game.seats",
        f"'migration_id': '{PRESENT[-1]}'",
        "CREATE OR REPLACE FUNCTION pay.withdrawn",
        "INSERT INTO migrations.functions",
        "'migration_id': '0101.kinds'",
        "DROP FUNCTION IF EXISTS game.day_won",
        "CREATE INDEX CONCURRENTLY",
        "'migration_id': '0103.index'",
        "('game.given'",
    ],
)
def test_killed_at_a_step_the_next_brings_it_to_its_end(
    make_database: Callable[[], str], later: Path, new_later: Shape, words: str
) -> None:
    broken_off = make_database()
    assert killed(broken_off, later, words)
    migrate(broken_off, folder=later)
    assert shape(broken_off) == new_later
    assert migrate(broken_off, folder=later) == []


def test_killed_at_every_commit_it_comes_to_its_end(
    make_database: Callable[[], str], later: Path, new_later: Shape
) -> None:
    broken_off = make_database()
    assert any(not killed(broken_off, later, "commit", times) for times in count(1))
    assert shape(broken_off) == new_later
    assert migrate(broken_off, folder=later) == []
