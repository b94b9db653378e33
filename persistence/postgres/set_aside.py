"""Elements of lists from outside that could not be understood: kept as they came, and read again by later readings.

One of them must never hold up the others: whoever reads a list puts it here and goes on.  Every function is one round
trip.  Must never decide what such an element means.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog

from persistence.odd import Odd, sort_out
from persistence.postgres.acting import Actor, act
from persistence.postgres.pool import Database, Role
from persistence.postgres.storable import storable

log = structlog.get_logger(__name__)

T = TypeVar("T")

READ_AGAIN: Final = 200
"""So many of one list are tried again at each reading; they are few, or something is thoroughly wrong."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """One of them as it is kept; `whole`: `raw` is all of it."""

    item_id: int
    source: str
    key: str
    raw: str
    whole: bool
    problem: str
    first_at: datetime
    closed_at: datetime | None
    closed_by: str | None


async def put(db: Database, source: str, odd: Sequence[Odd]) -> None:
    """Keep them, each once; what is new is logged once."""
    for each in odd:
        row = await db.one(
            Role.SETTLER,
            None,
            "SELECT pay.put_aside(%(source)s, %(key)s, %(raw)s, %(problem)s)",
            {
                "source": source,
                "key": storable(each.key),
                "raw": storable(each.raw),
                "problem": storable(each.problem),
            },
        )
        if row[0]:
            log.error("set aside, could not be understood", alert=True, list=source, key=each.key, problem=each.problem)


async def listed(db: Database, *, source: str | None, limit: int) -> list[SetAside]:
    """What waits to be understood, oldest first: of one list, or of all."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        """
        SELECT item_id, source, key, raw, whole, problem, first_at, closed_at, closed_by
        FROM pay.list_set_aside(%(source)s, %(limit)s)
        """,
        {"source": source, "limit": limit},
    )
    return [SetAside(*row) for row in rows]


async def read_again(db: Database, source: str, read: Callable[[Any], T]) -> list[tuple[SetAside, T]]:
    """What of a list can be understood by now, as after an upgrade.  `close` each when it is dealt with."""
    found = []
    for each in await listed(db, source=source, limit=READ_AGAIN):
        if each.whole:
            understood, _ = sort_out([json.loads(each.raw)], read, named="")
            found += [(each, one) for one in understood]
    return found


async def close(db: Database, item_id: int) -> None:
    """It was read after all."""
    await db.call(Role.SETTLER, None, "SELECT pay.close_set_aside(%(item_id)s, true)", {"item_id": item_id})


async def dismiss(db: Database, item_id: int, *, by: Actor) -> str:
    """An operator has dealt with it.  Statuses: ok (also repeated), not_found."""
    row = await act(db, by, "SELECT pay.close_set_aside(%(item_id)s, false)", {"item_id": item_id})
    assert row is not None
    return str(row[0])


async def counts(db: Database) -> dict[str, int]:
    """How much waits, by the kind of list: stars, deposits, payouts."""
    rows = await db.rows(Role.SETTLER, None, "SELECT list, items FROM pay.count_set_aside()")
    return {row[0]: int(row[1]) for row in rows}
