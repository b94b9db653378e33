"""What players forbid themselves, as Postgres keeps it: a daily limit of stakes, and times without games.

The limits are asked inside the functions that take a stake or make a room; this module only shows and sets them.
"""

from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from persistence.postgres.pool import Database, Role


@dataclass(frozen=True, slots=True)
class Limits:
    """None is no limit.  `next_*` holds from `next_*_from_ms` on, which is None where nothing waits.  `spent_stars`:
    today's stakes less those of them that came back; the day ends at `day_ends_ms`, UTC."""

    daily_stars: int | None
    next_daily_stars: int | None
    next_daily_from_ms: int | None
    excluded_until_ms: int | None
    next_excluded_until_ms: int | None
    next_excluded_from_ms: int | None
    spent_stars: int
    day_ends_ms: int


async def mine(db: Database, user_id: int, *, now_ms: int | None = None) -> Limits:
    """The user's limits as they hold now, by Postgres's clock unless a moment is given."""
    row = await db.one(
        Role.PLAYER,
        user_id,
        """
        SELECT (m.o_limits).daily_stars, (m.o_limits).next_daily_stars,
            (extract(epoch FROM (m.o_limits).next_daily_at) * 1000)::bigint,
            (extract(epoch FROM (m.o_limits).excluded_until) * 1000)::bigint,
            (extract(epoch FROM (m.o_limits).next_excluded_until) * 1000)::bigint,
            (extract(epoch FROM (m.o_limits).next_excluded_at) * 1000)::bigint,
            m.o_spent, (extract(epoch FROM m.o_day_ends_at) * 1000)::bigint
        FROM pay.my_spending_limits(to_timestamp(%(now_ms)s::bigint / 1000.0)) AS m
        """,
        {"now_ms": now_ms},
    )
    return Limits(*row)


async def put(
    db: Database,
    user_id: int,
    *,
    daily_stars: int | UnsetType | None = UNSET,
    excluded_until_ms: int | UnsetType | None = UNSET,
    now_ms: int | None = None,
) -> None:
    """Wish for these limits: what is tighter holds at once, what is looser in 24 hours; what is not given stays as it
    is.  May be repeated."""
    await db.call(
        Role.PLAYER,
        user_id,
        """
        SELECT pay.set_spending_limits(
            %(sets_daily)s, %(daily_stars)s,
            %(sets_exclusion)s, to_timestamp(%(excluded_until_ms)s::bigint / 1000.0),
            to_timestamp(%(now_ms)s::bigint / 1000.0)
        )
        """,
        {
            "sets_daily": daily_stars is not UNSET,
            "daily_stars": None if daily_stars is UNSET else daily_stars,
            "sets_exclusion": excluded_until_ms is not UNSET,
            "excluded_until_ms": None if excluded_until_ms is UNSET else excluded_until_ms,
            "now_ms": now_ms,
        },
    )
