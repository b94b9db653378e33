"""Who watches: when each periodic look of the workers last came to its end, and how it fails, as every process sees it.

A look that cannot run finds nothing, so it needs an age and an alarm of its own.  Every function is one round trip.
Must never decide what is expected: `persistence/watches.py` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from persistence.postgres.pool import Database, Role
from persistence.postgres.storable import storable


@dataclass(frozen=True, slots=True)
class Watch:
    """One look.  `age_s`: since it last came to its end, or since it is expected; `failures` since then; `findings` of
    its last end, None where it counts nothing or never ended."""

    name: str
    since: datetime
    succeeded_at: datetime | None
    failed_at: datetime | None
    failures: int
    error: str | None
    findings: int | None
    took_ms: int | None
    age_s: float


async def expect(db: Database, names: Sequence[str]) -> None:
    """From now on these are expected; known ones keep what they have."""
    await db.call(Role.SETTLER, None, "SELECT game.expect_watches(%(names)s::text[])", {"names": list(names)})


async def note(
    db: Database, name: str, *, error: str | None = None, findings: int | None = None, took_ms: int | None = None
) -> None:
    """How a look ended: at its end, or with `error`."""
    await db.call(
        Role.SETTLER,
        None,
        "SELECT game.note_watch(%(name)s, %(error)s, %(findings)s, %(took_ms)s)",
        {"name": name, "error": storable(error), "findings": findings, "took_ms": took_ms},
    )


async def listed(db: Database) -> list[Watch]:
    """All of them, by their names."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        """
        SELECT name, since, succeeded_at, failed_at, failures, error, findings, took_ms, age_s FROM game.list_watches()
        """,
    )
    return [Watch(*row) for row in rows]
