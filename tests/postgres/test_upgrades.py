"""An older database and the present files make what a new database is; and what cannot be made of them is refused.

A change of `migrations/` is tried here by itself: `released/` keeps the folder as it was at each release, and each of
them is brought up to date.
"""

import os
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
from persistence.postgres.migrate import MigrationRefused, applied, migrate
from tests.postgres.later import PRESENT, changed_later, refusal
from tests.postgres.shape import Shape, shape

RELEASED = sorted((Path(__file__).parent / "released").glob("*.tar.gz"))
ROOT = Path(__file__).parents[2]


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
