"""Files of functions say everything about their functions, and a mistake in one is told before anything is changed."""

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from chance_tap.resources import MIGRATIONS
from persistence.postgres.function_files import read_files
from persistence.postgres.migrate import migrate
from tests.postgres.later import PRESENT, change, refusal
from tests.postgres.shape import shape


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
