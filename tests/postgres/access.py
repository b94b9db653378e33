"""Who may do what in Postgres, read from the catalogue, as `docs/access.md` has it.

`python -m tests.postgres.access` writes the page anew from a fresh database.  Nothing in it is decided by this module:
what a line says was granted by a file of `migrations/`, and whoever commits the line has read it.
"""

import tempfile
from pathlib import Path
from typing import Final, LiteralString

import psycopg

from cli.embedded.postgres import EmbeddedPostgres
from persistence.postgres.migrate import migrate

PAGE: Final = Path(__file__).parents[2] / "docs" / "access.md"
REMEDY: Final = """
docs/access.md is not what the database says.  If what was granted is meant, write the page anew and read what changed:
    .venv/bin/python -m tests.postgres.access && git diff docs/access.md
A function of players is granted to ct_player; of log-ins to ct_login; of the bot's chat to ct_chat; what a gateway does
for seats and sessions without a player's claim to ct_seats; work of the worker to ct_settler; decisions and views of
operators to ct_operator.  A gateway's login takes the first four and nothing else: what moves Stars for somebody who is
not the claim's player, or decides anything, is none of theirs.
"""

_SCHEMAS: Final = "('public', 'auth', 'ledger', 'game', 'pay', 'bot')"

_HEAD: Final = """# Who may do what in Postgres

Generated from the catalogue by `python -m tests.postgres.access`; `tests/postgres/test_access.py` holds it against
every role, schema, table and function, so that nothing is granted without a line here. How logins are made:
[operations.md](operations.md#logins).

A login can do nothing by itself; for each transaction it takes one of its roles. The owners (`ct_owner`, `ct_auth`,
`ct_ledger`) cannot log in, and no login can take them.
"""

_REACH: Final = """
## What a login in wrong hands could still do

- **A gateway's** can claim to be any player, since it is the gateway that checks who somebody is: read that player's
  rows, stake, link a wallet, ask for a withdrawal. It can settle an open room by a result of its own, as it could
  write one into Redis. It can record a payment in Stars that was never made, or one as taken back that was not:
  reconciliation with Telegram finds that within minutes, while a withdrawal is held for a day. It can write down a
  command in an admin's name: the worker does it and answers into that admin's chat, a hundred an hour at most. It
  cannot decide about withdrawals, deposits or bonuses, send anything back, ban or look anybody up, give demo Stars in
  production, or have anything written down in an operator's name.
- **The bot's** can do the same but for seats and rooms.
- **A worker's** settles, pays out what is due, and acts for admins. It cannot claim to be a player, nor approve a
  withdrawal.
- **An operator's** decides, and is named by its login in everything that it decides. It cannot claim to be a player.
"""

_ROLES: Final[LiteralString] = """
    SELECT r.rolname::text, coalesce(string_agg(g.rolname::text, ', ' ORDER BY g.rolname) FILTER (
        WHERE pg_has_role(r.oid, g.oid, 'SET')), ''), bool_or(pg_has_role(r.oid, g.oid, 'USAGE'))
    FROM pg_roles AS r JOIN pg_roles AS g ON g.oid <> r.oid AND g.rolname ~ '^ct_'
    WHERE r.rolname ~ '^ct_' AND r.rolcanlogin = %s AND NOT r.rolsuper GROUP BY r.rolname ORDER BY 1
"""
_MIGHTY: Final[LiteralString] = """
    SELECT rolname::text FROM pg_roles WHERE rolname ~ '^ct_'
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
"""
_GRANTEES: LiteralString = """
    (SELECT string_agg(DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, ', ')
     FROM aclexplode(ACL) AS a WHERE a.grantee <> OWNER AND a.privilege_type = 'PRIVILEGE'
        AND (a.grantee = 0 OR a.grantee::regrole::text ~ '^ct_'))
"""
_FUNCTIONS = (
    "SELECT p.oid::regproc::text, GRANTEES FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
    f" WHERE n.nspname IN {_SCHEMAS} ORDER BY 1"
).replace(
    "GRANTEES",
    _GRANTEES.replace("ACL", "coalesce(p.proacl, acldefault('f', p.proowner))")
    .replace("OWNER", "p.proowner")
    .replace("PRIVILEGE", "EXECUTE"),
)
_USAGE = f"SELECT n.nspname::text, GRANTEES FROM pg_namespace AS n WHERE n.nspname IN {_SCHEMAS} ORDER BY 1".replace(
    "GRANTEES",
    _GRANTEES.replace("ACL", "n.nspacl").replace("OWNER", "n.nspowner").replace("PRIVILEGE", "USAGE"),
)
_TABLES = f"""
    SELECT c.oid::regclass::text, g.role, string_agg(g.what, ', ' ORDER BY g.what)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace CROSS JOIN LATERAL (
        SELECT a.grantee::regrole::text AS role, a.privilege_type AS what
        FROM aclexplode(c.relacl) AS a WHERE a.grantee NOT IN (0, c.relowner)
        UNION ALL SELECT 'PUBLIC', a.privilege_type FROM aclexplode(c.relacl) AS a WHERE a.grantee = 0
        UNION ALL SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
            a.privilege_type || ' of ' || t.attname
        FROM pg_attribute AS t CROSS JOIN LATERAL aclexplode(t.attacl) AS a WHERE t.attrelid = c.oid
    ) AS g
    WHERE n.nspname IN {_SCHEMAS} AND c.relkind IN ('r', 'p', 'v', 'm', 'S') GROUP BY 1, 2 ORDER BY 1, 2
"""


def page(database_url: str) -> str:
    """The page as this database would have it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        return "\n".join([_HEAD.rstrip("\n"), *_sections(connection), _REACH.rstrip("\n"), ""])


def _sections(connection: psycopg.Connection) -> list[str]:
    def rows(query: str, *parameters: object) -> list[tuple[str, ...]]:
        return connection.execute(query.encode(), parameters or None).fetchall()

    assert rows(_MIGHTY) == []
    lines = ["", "## Logins", "", "| login | roles that it can take |", "|---|---|"]
    for name, roles, inherits in rows(_ROLES, True):
        assert not inherits, f"{name} has rights without taking a role"
        lines.append(f"| `{name}` | {roles or 'none'} |")
    for name, roles, _ in rows(_ROLES, False):
        assert not roles, f"{name} can take {roles}"
    lines += ["", "## Schemas", "", "| schema | used by |", "|---|---|"]
    lines += [f"| `{name}` | {roles} |" for name, roles in rows(_USAGE)]
    lines += ["", "## Tables", "", "Nobody but these roles reads or writes a table; all else goes through functions."]
    lines += ["", "| table | role | may |", "|---|---|---|"]
    lines += [f"| `{name}` | {role} | {may} |" for name, role, may in rows(_TABLES)]
    functions = rows(_FUNCTIONS)
    lines += ["", "## Functions", "", "| function | called by |", "|---|---|"]
    lines += [f"| `{name}` | {roles} |" for name, roles in functions if roles]
    lines += ["", "Called by functions of the same owner and by triggers only:", ""]
    lines += [f"- `{name}`" for name, roles in functions if not roles]
    return lines


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="chance-tap-access-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        server.start()
        try:
            migrate(server.admin_url())
            PAGE.write_text(page(server.admin_url()), encoding="utf-8")
        finally:
            server.kill()
    print(PAGE)


if __name__ == "__main__":
    main()
