"""What other programs leave in the environment, kept away from this process and from what it starts.

Owns which names are meant for others.  What is ours is read by `chance_tap.environment`; proxies and certificates,
which may be meant for us too, are `cli.outside`'s.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Final

from chance_tap.weak_secrets import hosts_of, is_local

_FOR_OTHERS: Final = re.compile(
    r"SSLKEYLOGFILE"  # would write the keys of our connections down
    r"|PROMETHEUS_MULTIPROC_DIR"  # our processes are read one by one
    r"|WEB_CONCURRENCY",  # a gateway is one process
    re.IGNORECASE,
)
_PYTHON: Final = "PYTHON"
# libpq's: https://www.postgresql.org/docs/current/libpq-envars.html
_POSTGRES: Final = re.compile(r"PG[A-Z]+(_[A-Z]+)*")
_POSTGRES_PASSWORDS: Final = re.compile(r"PGPASSWORD|PGPASSFILE")
_POSTGRES_SAFETY: Final = re.compile(
    r"PGSSL[A-Z]*|PGREQUIRE[A-Z]*|PGCHANNELBINDING|PGGSS[A-Z]*|PGKRB[A-Z]*|PGOAUTH[A-Z]*|PG(MIN|MAX)PROTOCOLVERSION"
    r"|PGSERVICEFILE|PGSYSCONFDIR"
)
_POSTGRES_PLACE: Final = re.compile(r"PGHOST|PGHOSTADDR|PGPORT|PGUSER|PGDATABASE")

left_out: Final[list[str]] = []
"""Names that this process was started with and does not hear."""


def clear(environ: MutableMapping[str, str]) -> None:
    """Take out what is meant for others, before any library reads it."""
    for name in [name for name in environ if is_foreign(name, environ.get("DATABASE_URL", ""))]:
        del environ[name]
        left_out.append(name)


def is_foreign(name: str, database_url: str) -> bool:
    """Whether we do not hear a name.

    Of Postgres's, DATABASE_URL says all but what may be secret or a file: the password, and how a server on another
    machine is trusted; one without a host leaves the place to them, too.  An embedded server hears none.
    """
    if not _POSTGRES.fullmatch(name):
        return bool(_FOR_OTHERS.fullmatch(name))
    if not database_url:
        return True
    if _POSTGRES_PASSWORDS.fullmatch(name):
        return False
    if _POSTGRES_PLACE.fullmatch(name):
        return bool(hosts_of(database_url))
    return not _POSTGRES_SAFETY.fullmatch(name) or is_local(database_url)


def heard_by_postgres(environ: Mapping[str, str]) -> list[str]:
    """The names that still say something about DATABASE_URL."""
    return sorted(name for name in environ if _POSTGRES.fullmatch(name))


def for_parts(environ: Mapping[str, str]) -> dict[str, str]:
    """For processes that we start: how this Python was to run says nothing about theirs."""
    return {name: value for name, value in environ.items() if not name.startswith(_PYTHON)}
