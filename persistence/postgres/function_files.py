"""The database's functions, one file each: `migrations/functions/<schema>/<name>.sql`, in their present form.

Owns the order in which the files are applied, and the rows (`migrations.functions`) that tell which text a database
has.  Must never commit: it works in the transaction of who migrates.  Must never drop a function: what no file makes
any more is taken away by a numbered migration, so that an older program can never tear down what a newer one made.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import errors, sql

_OWNER = re.compile(r"^SET LOCAL ROLE (\w+);$", re.MULTILINE)
_DEPENDS = re.compile(r"^-- depends: (.+)$", re.MULTILINE)

_TABLE = b"""
    CREATE TABLE IF NOT EXISTS migrations.functions (
        name text PRIMARY KEY,
        hash text NOT NULL,
        applied_at timestamptz NOT NULL
    );
    COMMENT ON TABLE migrations.functions IS 'Which text of each function''s file this database has.';
    COMMENT ON COLUMN migrations.functions.name IS 'schema.function, and so the file.';
    COMMENT ON COLUMN migrations.functions.hash IS 'SHA-256 of the file, in hex.';
    COMMENT ON COLUMN migrations.functions.applied_at IS 'When that text was applied.';
"""

# Whatever its file says is said anew, so what an earlier text granted goes first.
_REVOKES = """
    SELECT n.nspname || '.' || p.proname, format(
        'REVOKE ALL ON FUNCTION %%s FROM %%s', p.oid::regprocedure,
        string_agg(CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, ', ')
    )
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace CROSS JOIN aclexplode(p.proacl) AS a
    WHERE n.nspname = ANY (%s) AND a.grantee <> p.proowner
    GROUP BY p.oid, n.nspname, p.proname
"""

# An owner of functions may create nothing, but while its files are applied.  The schema's own owner always may.
_MAKERS = """
    SELECT n.nspname::text, m.owner FROM unnest(%s::text[], %s::text[]) AS m (schema, owner)
    JOIN pg_namespace AS n ON n.nspname = m.schema WHERE pg_get_userbyid(n.nspowner) <> m.owner
    GROUP BY 1, 2 ORDER BY 1, 2
"""


class FunctionRefused(RuntimeError):
    """A file cannot be applied; the message is one line that names it."""


@dataclass(frozen=True, slots=True)
class FunctionFile:
    """One function's file.  `depends` are the functions that must be there before it can be made."""

    name: str
    text: str
    owner: str
    depends: tuple[str, ...]

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]

    @property
    def path(self) -> str:
        """Its path as messages give it."""
        return f"migrations/functions/{self.name.replace('.', '/')}.sql"

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_files(folder: Path) -> dict[str, FunctionFile]:
    """The files by name, each behind those it depends on, else in the order of their names.

    Raises:
        FunctionRefused: a file names no owner, or depends on what is not there or on itself.
    """
    found = {}
    for path in sorted(folder.glob("*/*.sql")):
        text = path.read_text(encoding="utf-8")
        owner = _OWNER.search(text)
        name = f"{path.parent.name}.{path.stem}"
        found[name] = FunctionFile(name, text, owner[1] if owner else "", words_of(_DEPENDS, text))
        if not owner:
            raise FunctionRefused(f"{found[name].path}: it has no line `SET LOCAL ROLE <owner>;`.")
    return {file.name: file for file in _in_order(found, found)}


def words_of(header: re.Pattern[str], text: str) -> tuple[str, ...]:
    """The words behind a header such as `-- depends:`, of all lines that have it."""
    return tuple(word for line in header.findall(text) for word in line.split())


def mistake(text: str, error: psycopg.Error, part: str | None = None) -> str:
    """Postgres's complaint about a file's text, or a part of it, in one line, with the number of the file's line."""
    position = error.diag.statement_position
    start = 0 if part is None else max(text.find(part), 0)
    line = f", line {text.count(chr(10), 0, start + int(position) - 1) + 1}" if position else ""
    return f"{line}: {error.diag.message_primary or error}"


class Functions:
    """The functions of one database, held against the files."""

    def __init__(self, connection: psycopg.Connection, files: dict[str, FunctionFile]) -> None:
        self._connection = connection
        self._files = files

    def prepare(self) -> None:
        """Make the table of what was applied, where there is none."""
        self._connection.execute(_TABLE)

    def pending(self) -> list[FunctionFile]:
        """Files whose text was not applied, or whose function is gone, in the order in which they are applied."""
        hashes, there = self._hashes(), self._there()
        return [file for file in self._files.values() if hashes.get(file.name) != file.hash or not there[file.name]]

    def unknown(self) -> list[str]:
        """Functions that are there and that a file made, but none of these files."""
        return sorted((self._hashes().keys() - self._files.keys()) & self._there().keys())

    def apply(self, wanted: Iterable[str] | None = None) -> list[str]:
        """Bring functions up to date, all or those named with what they depend on; the names of those that were not.

        Raises:
            FunctionRefused: a file has a mistake, or its function cannot be replaced in place.
        """
        needed = self._files.keys() if wanted is None else {file.name for file in _in_order(self._files, wanted)}
        todo = [file for file in self.pending() if file.name in needed]
        schemas, owners = [file.schema for file in todo], [file.owner for file in todo]
        makers = self._connection.execute(_MAKERS, [schemas, owners]).fetchall()
        revokes: dict[str, list[str]] = {}
        for name, revoke in self._connection.execute(_REVOKES, [schemas]).fetchall():
            revokes.setdefault(name, []).append(revoke)
        for schema, owner in makers:
            self._run("GRANT CREATE ON SCHEMA {} TO {}", schema, owner)
        for file in todo:
            for revoke in revokes.get(file.name, ()):
                self._connection.execute(revoke.encode())
            self._make(file)
        for schema, owner in makers:
            self._run("REVOKE CREATE ON SCHEMA {} FROM {}", schema, owner)
        self._note(todo)
        return [file.name for file in todo]

    def forget_dropped(self) -> None:
        """Take out the rows of functions that are gone and that no file makes."""
        gone = self._hashes().keys() - self._files.keys() - self._there().keys()
        self._connection.execute("DELETE FROM migrations.functions WHERE name = ANY (%s)", [sorted(gone)])

    def _make(self, file: FunctionFile) -> None:
        try:
            self._connection.execute(file.text.encode())
            self._connection.execute("RESET ROLE")
        except psycopg.Error as error:
            if self._connection.closed:
                raise
            raise FunctionRefused(f"{file.path}{mistake(file.text, error)}{_advice(error)}") from error

    def _note(self, files: list[FunctionFile]) -> None:
        there = self._there()
        for file in files:
            if there[file.name] != 1:
                raise FunctionRefused(f"{file.path}: it must make one function {file.name}, not {there[file.name]}.")
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO migrations.functions (name, hash, applied_at) VALUES (%s, %s, now())"
                " ON CONFLICT (name) DO UPDATE SET hash = EXCLUDED.hash, applied_at = EXCLUDED.applied_at",
                [(file.name, file.hash) for file in files],
            )

    def _hashes(self) -> dict[str, str]:
        if self._connection.execute("SELECT to_regclass('migrations.functions')").fetchone() == (None,):
            return {}
        return dict(self._connection.execute("SELECT name, hash FROM migrations.functions").fetchall())

    def _there(self) -> Counter[str]:
        """How many functions of each name there are: more than one, where an earlier form was left behind."""
        rows = self._connection.execute(
            "SELECT n.nspname || '.' || p.proname FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
            " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
        ).fetchall()
        return Counter(row[0] for row in rows)

    def _run(self, statement: str, *identifiers: str) -> None:
        self._connection.execute(sql.SQL(statement).format(*map(sql.Identifier, identifiers)))


def _in_order(files: dict[str, FunctionFile], wanted: Iterable[str]) -> Iterator[FunctionFile]:
    """The wanted files and what they depend on, that first."""
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> Iterator[FunctionFile]:
        if name not in files:
            asker = f"{files[path[-1]].path}: it depends" if path else "A migration depends"
            raise FunctionRefused(f"{asker} on {name}, which has no file.")
        if name in path:
            raise FunctionRefused(f"{files[name].path}: it depends on itself ({' -> '.join((*path, name))}).")
        if name not in done:
            for other in sorted(files[name].depends):
                yield from visit(other, (*path, name))
            done.add(name)
            yield files[name]

    for name in sorted(wanted):
        yield from visit(name, ())


def _advice(error: psycopg.Error) -> str:
    """What to do where a function cannot become another in place."""
    if isinstance(error, errors.AmbiguousFunction | errors.InvalidFunctionDefinition):
        return "; a migration must drop its earlier form first (migrations/README.md)"
    return ""
