"""Nobody sees or changes what is somebody else's: every table and every function there is, tried with B's ids as A.

Tables and functions come from the catalogue, so new ones are tried without a word here.  Rows are made for two users in
every table, checks aside, and whatever belongs to B holds a mark that may never come back to A.
"""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from persistence.postgres.access import ROLES
from persistence.postgres.pool import Role

A, B = 910_000_001, 920_000_002
NUMBER = {A: 910_000_777, B: 920_000_777}
MARK = {A: "secret-a", B: "secret-b"}
ARRAYS = re.compile(r"(.*)\[\]")

# What a player may read of others: their public_profiles.
PUBLIC = {"public.users": {"user_id", "name", "photo_url", "is_demo"}}
# What a player's role may do to tables without a function.
PLAYER_READS = {
    ("public.users", "user_id"), ("public.users", "name"), ("public.users", "photo_url"), ("public.users", "is_demo"),
    ("auth.email_logins", "user_id"), ("auth.email_logins", "email"),
}  # fmt: skip
FOR_EVERYBODY = {"game.all_record_keys"}  # public keys
OWN_TABLE = "auth.users"
PLAYER_WRITES = {("auth.users", "language", "UPDATE")}


@pytest.fixture
def admin(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url) as connection:
        yield connection


Found = dict[str, list[tuple[str, str, str]]]
"""Columns by table: name, type, generated or not."""


def schemas(admin: psycopg.Connection) -> list[str]:
    query = b"SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> ALL (%s)"
    return [row[0] for row in admin.execute(query, [["information_schema", "migrations"]])]


def tables(admin: psycopg.Connection) -> Found:
    """Every table of ours, whatever schema it is in."""
    found: Found = {}
    for table, column, kind, generated in admin.execute(
        "SELECT format('%%I.%%I', n.nspname, c.relname), a.attname, format_type(a.atttypid, NULL), a.attgenerated::text"
        " FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
        " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum",
        [schemas(admin)],
    ):
        found.setdefault(table, []).append((column, kind, generated))
    return found


def value(admin: psycopg.Connection, user: int, name: str, kind: str) -> Any:
    """Something of that user's for a column or a parameter."""
    if name.endswith("_id") and kind == "bigint" and any(word in name for word in ("user", "inviter", "invited")):
        return user
    if array := ARRAYS.fullmatch(kind):
        return [value(admin, user, name, array[1])]
    match kind:
        case "bigint" | "numeric":
            return user if name.endswith(("organizer_id", "winner_id")) else NUMBER[user]
        case "integer" | "smallint":
            return 7
        case "text" | "character varying" | "name":
            return f"{MARK[user]}-{name}"
        case "bytea":
            return f"{MARK[user]}-{name}".encode()
        case "uuid":
            return f"00000000-0000-4000-8000-{user:012d}"
        case "jsonb" | "json":
            return Jsonb({"mark": f"{MARK[user]}-{name}"})
        case "boolean":
            return True
        case "real" | "double precision":
            return 60.0
        case "date" | "timestamp with time zone":
            return "2026-01-01 00:00:00+00"
    row = admin.execute(
        "SELECT enumlabel::text FROM pg_enum WHERE enumtypid = to_regtype(%s) ORDER BY enumsortorder LIMIT 1", [kind]
    ).fetchone()
    return row[0] if row else None


def secrets_of(user: int) -> list[str]:
    """What may not be told, bytes as Postgres shows them included."""
    return [MARK[user], MARK[user].encode().hex(), str(user), str(NUMBER[user])]


def of_users(columns: list[tuple[str, str, str]]) -> list[str]:
    """The columns that name a user."""
    words = ("user_id", "organizer_id", "winner_id", "inviter_id", "invited_id")
    return [name for name, kind, _ in columns if kind == "bigint" and name.endswith(words)]


@pytest.fixture
def two(admin: psycopg.Connection) -> Found:
    """One row for A and one for B in every table that can hold one; what B's hold."""
    found = tables(admin)
    for table, name in admin.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0"
        " AND connamespace::regnamespace::text = ANY (%s)",
        [schemas(admin)],
    ).fetchall():
        admin.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.SQL(table), sql.Identifier(name)))
    admin.execute("SET session_replication_role = replica")
    for table, columns in found.items():
        for user in (A, B):
            cells = {name: value(admin, user, name, kind) for name, kind, generated in columns if not generated}
            if table == "public.users":
                cells |= {
                    "first_name": f"PublicProfile {user}",
                    "last_name": None,
                    "photo_url": "https://public_profile",
                }
            admin.execute(
                sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({}) ON CONFLICT DO NOTHING").format(
                    sql.SQL(table),
                    sql.SQL(", ").join(map(sql.Identifier, cells)),
                    sql.SQL(", ").join(sql.Placeholder() * len(cells)),
                ),
                list(cells.values()),
            )
    admin.execute("SET session_replication_role = origin")
    for column in ("banned_at", "ban_reason"):
        admin.execute(sql.SQL("UPDATE auth.users SET {} = NULL").format(sql.Identifier(column)))
    admin.commit()
    return found


def act_as(admin: psycopg.Connection, role: str, claim: int | None) -> None:
    admin.execute("SELECT set_config('jwt.claims.user_id', %s, true)", ["" if claim is None else str(claim)])
    admin.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))


def rows_of(admin: psycopg.Connection, found: Found, user: int) -> dict[str, list[str]]:
    """Every row that names or marks the user."""
    kept = {}
    for table, columns in found.items():
        conditions = [f'"{name}" = {user}' for name in of_users(columns)] + [f"t::text LIKE '%%{MARK[user]}%%'"]
        query = f"SELECT t::text FROM {table} AS t WHERE {' OR '.join(conditions)} ORDER BY 1"
        kept[table] = [row[0] for row in admin.execute(query.replace("%%", "%").encode())]
    return kept


def test_every_table_has_something_to_steal(admin: psycopg.Connection, two: Found) -> None:
    """Otherwise what follows proves nothing."""
    kept = rows_of(admin, two, B)
    singletons = {table for table, rows in kept.items() if not rows}
    for table in singletons:
        assert of_users(two[table]) == [], f"{table}: no row could be made for B"


@pytest.mark.parametrize("claim", [A, None], ids=["as A", "without a claim"])
def test_no_table_shows_or_takes_what_is_somebody_elses(
    admin: psycopg.Connection, two: Found, claim: int | None
) -> None:
    before = rows_of(admin, two, B)
    admin.commit()
    for role in ("ct_player", "ct_owner"):
        for table, columns in two.items():
            if role == "ct_owner" and not table.startswith("auth."):
                continue  # forced on owners where it is on at all
            for name, _, generated in columns:
                said = _try(admin, role, claim, f'SELECT "{name}"::text FROM {table}')
                if name not in PUBLIC.get(table, set()):
                    assert not [row for row in said if str(B) in str(row) or MARK[B] in str(row)], (table, name)
                    assert claim is not None or said == [], (table, name)
                if not generated:
                    update = f'UPDATE {table} AS t SET "{name}" = "{name}" RETURNING t::text'
                    changed = _try(admin, role, claim, update)
                    assert not [row for row in changed if str(B) in str(row) or MARK[B] in str(row)], (table, name)
            for statement in (f"DELETE FROM {table} RETURNING *", f"SELECT * FROM {table} FOR UPDATE"):
                assert not [row for row in _try(admin, role, claim, statement) if str(B) in str(row)], statement
            if role == "ct_player":
                assert not _may_insert(admin, role, claim, table)
    for statement in (
        f"UPDATE auth.users SET language = 'ru' WHERE user_id = {B} RETURNING 1",
        f"UPDATE auth.users SET user_id = {B} RETURNING 1",
        f"SELECT * FROM auth.users WHERE user_id = {B} OR true",
        f"SELECT 1 FROM auth.email_logins WHERE email LIKE '{MARK[B]}%'",
        f"SELECT count(*) FROM auth.users AS a WHERE a.user_id = {B} HAVING count(*) > 0",
        f"WITH w AS (UPDATE auth.users SET language = 'en' RETURNING user_id) SELECT * FROM w WHERE user_id = {B}",
        "SELECT set_config('row_security', 'off', true), a.* FROM auth.users AS a",
        "SET LOCAL row_security = off; SELECT * FROM auth.users",
        "ALTER TABLE auth.users DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON auth.users USING (true)",
    ):
        said = _try(admin, "ct_player", claim, statement)
        assert not [row for row in said if str(B) in str(row)], statement
    assert rows_of(admin, two, B) == before


def walk_functions(admin: psycopg.Connection, found: Found, claim: int | None) -> tuple[set[str], set[str]]:
    """(functions that told or changed something of B's, functions of which a call came through)."""
    before = rows_of(admin, found, B)
    leaks, ran = set(), set()
    for function, names, kinds in admin.execute(
        "SELECT p.oid::regproc::text, coalesce(p.proargnames, '{}')::text[],"
        " ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes::oid[]) AS t)"
        " FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
        " WHERE n.nspname = ANY (%s) AND p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype"
        " AND has_function_privilege('ct_player', p.oid, 'EXECUTE') ORDER BY 1",
        [schemas(admin)],
    ).fetchall():
        for number in (B, NUMBER[B]):
            arguments = []
            for name, kind in zip([*names, *[""] * len(kinds)], kinds, strict=False):
                given = value(admin, B, name.removeprefix("p_"), kind)
                arguments.append(number if kind == "bigint" and given in (B, NUMBER[B]) else given)
            placeholders = ", ".join(f"%s::{kind}" for kind in kinds)
            admin.commit()
            told = _try(admin, "ct_player", claim, f"SELECT f::text FROM {function}({placeholders}) AS f", arguments)
            if told:
                ran.add(function)
            text = str(told)
            for word in filter(None, map(str, arguments)):
                text = text.replace(word, "")  # what was said by the caller is no news
            secrets = secrets_of(B) + (secrets_of(A) if claim is None else [])
            now = rows_of(admin, found, B)
            if any(secret in text for secret in secrets) or now != before:
                leaks.add(function)
            before = now
    return leaks, ran


@pytest.mark.parametrize("claim", [A, None], ids=["as A", "without a claim"])
def test_no_function_of_a_player_tells_or_changes_what_is_somebody_elses(
    admin: psycopg.Connection, two: Found, claim: int | None
) -> None:
    leaks, ran = walk_functions(admin, two, claim)
    assert leaks <= FOR_EVERYBODY
    assert len(ran) >= 10, "hardly any call came through: the walk proves little"


def test_the_walk_finds_functions_that_leak(admin: psycopg.Connection, two: Found) -> None:
    for name, body in (
        (
            "game.tells(p_user_id bigint)",
            "SELECT balance::text FROM ledger.balances AS b WHERE b.user_id = p_user_id",
        ),
        ("game.tells_all()", "SELECT string_agg(u.username, '') FROM auth.users AS u"),
        ("game.takes(p_email text)", "DELETE FROM auth.email_logins AS l WHERE l.email = p_email RETURNING 'ok'"),
        ("game.forgets(p_user_id bigint)", "UPDATE game.seats SET taps = 0 WHERE user_id = p_user_id RETURNING 'ok'"),
    ):
        admin.execute(
            f"CREATE FUNCTION {name} RETURNS text LANGUAGE sql SECURITY DEFINER AS $${body}$$;"
            f" GRANT EXECUTE ON FUNCTION {name} TO ct_player".encode()
        )
    admin.commit()
    leaks, _ = walk_functions(admin, two, A)
    assert leaks - FOR_EVERYBODY == {"game.tells", "game.tells_all", "game.takes", "game.forgets"}


def _may_insert(admin: psycopg.Connection, role: str, claim: int | None, table: str) -> bool:
    try:
        with admin.transaction():
            act_as(admin, role, claim)
            admin.execute(f"INSERT INTO {table} DEFAULT VALUES".encode())
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.Error:
        return True
    return True


def _try(
    admin: psycopg.Connection, role: str, claim: int | None, statement: str, parameters: list[Any] | None = None
) -> list[Any]:
    """The rows, or nothing where it is refused; kept if it went through, so that the snapshot tells what it did."""
    try:
        with admin.transaction():
            act_as(admin, role, claim)
            cursor = admin.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []
    except psycopg.Error:
        return []


def test_logins_hold_nothing_themselves_and_may_become_these_roles_only(admin: psycopg.Connection) -> None:
    members = admin.execute(
        "SELECT pg_get_userbyid(member)::text, pg_get_userbyid(roleid)::text FROM pg_auth_members"
        " WHERE pg_get_userbyid(member) LIKE 'ct\\_%' AND (set_option OR inherit_option) ORDER BY 1, 2"
    ).fetchall()
    assert members == sorted((f"ct_{part}", role.value) for part, roles in ROLES.items() for role in roles)
    inheriting = admin.execute(
        "SELECT 1 FROM pg_auth_members WHERE pg_get_userbyid(member) LIKE 'ct\\_%' AND (inherit_option OR admin_option)"
    ).fetchall()
    assert inheriting == []
    for login in ("ct_analyst", *(f"ct_{part}" for part in ROLES)):
        for query in (
            "SELECT c.oid::regclass::text FROM pg_class AS c, aclexplode(c.relacl) AS g"
            " WHERE g.grantee = %(login)s::text::regrole",
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p, aclexplode(p.proacl) AS g"
            " WHERE g.grantee = %(login)s::text::regrole",
            "SELECT n.nspname::text FROM pg_namespace AS n, aclexplode(n.nspacl) AS g"
            " WHERE g.grantee = %(login)s::text::regrole",
        ):
            assert admin.execute(query.encode(), {"login": login}).fetchall() == [], login


def test_the_roles_of_the_application_reach_tables_by_functions(admin: psycopg.Connection) -> None:
    """Exactly what is granted on tables and columns to whom, in every schema."""
    granted = admin.execute(
        "SELECT g.grantee::regrole::text, c.oid::regclass::text, NULL::text, g.privilege_type"
        " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS g"
        " WHERE n.nspname = ANY (%(schemas)s) AND g.grantee::regrole::text = ANY (%(roles)s)"
        " UNION ALL SELECT g.grantee::regrole::text, c.oid::regclass::text, a.attname::text, g.privilege_type"
        " FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
        " JOIN pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(a.attacl) AS g"
        " WHERE n.nspname = ANY (%(schemas)s) AND g.grantee::regrole::text = ANY (%(roles)s)",
        {"schemas": schemas(admin), "roles": [*Role, "-"]},
    ).fetchall()
    public = {(table.removeprefix("public."), column) for table, column in PLAYER_READS}
    wanted: set[tuple[str, str, str | None, str]] = {("ct_player", table, column, "SELECT") for table, column in public}
    wanted |= {("ct_player", table, column, right) for table, column, right in PLAYER_WRITES}
    wanted.add(("ct_player", OWN_TABLE, None, "SELECT"))
    got = {(role, table.removeprefix("public."), column, right) for role, table, column, right in granted}
    assert got == wanted


def test_no_function_that_names_a_user_is_a_players_but_by_claim(admin: psycopg.Connection) -> None:
    """A function that runs before there is a claim, or for the system, is not a player's to call as well."""
    both = admin.execute(
        "SELECT p.oid::regprocedure::text, r.role FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace,"
        " unnest(%s::text[]) AS r (role)"
        " WHERE n.nspname = ANY (%s) AND p.prosecdef AND has_function_privilege('ct_player', p.oid, 'EXECUTE')"
        " AND has_function_privilege(r.role, p.oid, 'EXECUTE')",
        [sorted(set(Role) - {Role.PLAYER}), schemas(admin)],
    ).fetchall()
    assert {name for name, _ in both} <= {"auth.environment()"}
