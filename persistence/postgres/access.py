"""What each part of the system does in Postgres, and whether its login fits.

Owns which application roles a part takes (`migrations/0020.logins.sql` gives the logins just these) and the looks at
its start.  Must never widen what a login may do.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import psycopg
from psycopg import sql

from chance_tap.settings import Settings
from persistence.errors import StoreUnavailable
from persistence.postgres.pool import Role, Row

_CONNECT_TIMEOUT_S: Final = 5
HOW_TO: Final = "docs/operations.md#logins"


class Part(StrEnum):
    """Whoever has a login of its own."""

    GATEWAY = "gateway"
    BOT = "bot"
    WORKER = "worker"
    CONSOLE = "console"


ROLES: Final[Mapping[Part, frozenset[Role]]] = {
    Part.GATEWAY: frozenset({Role.PLAYER, Role.LOGIN, Role.SEATS, Role.CHAT}),
    Part.BOT: frozenset({Role.PLAYER, Role.LOGIN, Role.CHAT}),
    Part.WORKER: frozenset({Role.SETTLER, Role.SEATS, Role.CHAT, Role.ERRAND}),
    Part.CONSOLE: frozenset({Role.OPERATOR, Role.SETTLER, Role.SEATS, Role.CHAT}),
}
"""The part's login is called like it, with `ct_` before."""


class UnfitDatabase(RuntimeError):
    """The database is not for this process; the message says in one line what to do."""


_SESSION: Final = """
    SELECT session_user, EXISTS (
            SELECT FROM pg_class AS c WHERE c.relname = 'installation' AND c.relnamespace::regnamespace::text = 'public'
        ),
        (SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = session_user),
        ARRAY(
            SELECT r.rolname::text FROM pg_roles AS r
            WHERE r.rolname ~ '^ct_' AND r.rolname <> session_user AND pg_has_role(session_user, r.oid, 'SET')
            ORDER BY 1
        )
"""


def check(settings: Settings, part: Part) -> None:
    """Look whether the database is for this environment, and its login for this part.  In production a login that may
    do more is a warning: on a machine of one's own one login may do for all.

    Raises:
        UnfitDatabase: it is another environment's, it is not up to date, or the login cannot do what the part needs.
        StoreUnavailable: Postgres does not answer.
    """
    try:
        with psycopg.connect(
            settings.database_url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, client_encoding="UTF8"
        ) as connection:
            login, is_known, is_mighty, may = _row(connection, _SESSION)
            if not is_known:
                raise UnfitDatabase("The database is not up to date: run `chance-tap migrate` first.")
            needed = {role.value for role in ROLES[part]}
            if missing := sorted(needed.difference(may)):
                raise UnfitDatabase(
                    f"The login {login} of DATABASE_URL cannot do what the {part} needs ({', '.join(missing)}):"
                    f" use ct_{part}, see {HOW_TO}."
                )
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(sorted(needed)[0])))
            (env,) = _row(connection, "SELECT auth.environment()")
    except psycopg.OperationalError as error:
        raise StoreUnavailable("postgres") from error
    if env != settings.env and part is not Part.CONSOLE:  # operators ask from elsewhere, without production's secrets
        raise UnfitDatabase(
            f"The database is for {env or 'nothing yet'} and ENV is {settings.env}: use another DATABASE_URL, or ENV."
        )
    more = sorted(set(may) - needed - {f"ct_{part}"})
    if settings.is_production and (is_mighty or more):
        import structlog  # here: it loads what draws for a terminal, and `play` only wants the parts' names

        structlog.get_logger(__name__).warning(
            "login can do more than its process needs",
            login=login,
            part=part.value,
            more=more if not is_mighty else "everything",
            remedy=HOW_TO,
        )


def _row(connection: psycopg.Connection, query: str) -> Row:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row
