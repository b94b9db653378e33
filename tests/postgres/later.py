"""The files of a later version: each way of changing the database once, and what is said where they cannot be taken."""

from pathlib import Path

import pytest

from chance_tap.resources import MIGRATIONS
from persistence.postgres.migrate import MigrationRefused, migrate

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
