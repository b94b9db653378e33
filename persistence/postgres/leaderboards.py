"""What players have won by day, week and of all time: the truth that leaderboards are made of.

Read only: the settlement writes it.  Equal sums stand in the order of the user ids, the higher first, as in Redis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from persistence.postgres.pool import Database, Role


@dataclass(frozen=True, slots=True)
class Change:
    """A player's sums after a prize for a game of `day`, in Stars.  `at_us`: when, in microseconds of this server."""

    at_us: int
    day: date
    user_id: int
    day_won: int
    week_won: int
    all_won: int


class Sum(NamedTuple):
    """What a player has won, in Stars."""

    user_id: int
    won: int


class Place(NamedTuple):
    """A player's place: one more than there are players who won more."""

    user_id: int
    won: int
    place: int


@dataclass(frozen=True, slots=True)
class PublicProfile:
    """How a player is shown to others."""

    name: str
    photo_url: str | None


async def clock_us(db: Database) -> int:
    """The server's time, in microseconds since the epoch."""
    row = await db.one(Role.SETTLER, None, "SELECT (extract(epoch FROM now()) * 1000000)::bigint")
    return int(row[0])


async def changes(db: Database, since_us: int, after: Change | None, limit: int) -> tuple[int, list[Change]]:
    """The server's time before it looked, and sums that changed since `since_us`, in the order of the changes.

    `after`, the last one of the page before, stands in for `since_us`.  A change becomes visible a little after its
    time.
    """
    rows = await db.rows(
        Role.SETTLER,
        None,
        """
        SELECT (extract(epoch FROM now()) * 1000000)::bigint, at_us, day, user_id, day_won, week_won, all_won
        FROM (VALUES (1)) AS always LEFT JOIN game.leaderboard_changes(
            %(since_us)s, %(day)s, %(user_id)s, %(limit)s
        ) ON true
        """,
        {
            "since_us": since_us if after is None else after.at_us,
            "day": None if after is None else after.day,
            "user_id": None if after is None else after.user_id,
            "limit": limit,
        },
    )
    return rows[0][0], [Change(*row[1:]) for row in rows if row[1] is not None]


async def sums(db: Database, first: date | None, last: date | None, after_user_id: int, limit: int) -> list[Sum]:
    """What players have won in these days, or of all time, by user id from there on."""
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT user_id, won FROM game.leaderboard_sums(%(first)s, %(last)s, %(after)s, %(limit)s)",
        {"first": first, "last": last, "after": after_user_id, "limit": limit},
    )
    return [Sum(*row) for row in rows]


async def places(
    db: Database, first: date | None, last: date | None, limit: int, user_ids: Sequence[int]
) -> list[Place]:
    """The first `limit` and these players, the best first; who won nothing is left out.

    Reads every sum of those days: for the moment when Redis has no board.
    """
    rows = await db.rows(
        Role.SEATS,
        None,
        "SELECT user_id, won, place"
        " FROM game.leaderboard_places(%(first)s, %(last)s, %(limit)s, %(user_ids)s::bigint[])",
        {"first": first, "last": last, "limit": limit, "user_ids": list(user_ids)},
    )
    return [Place(*row) for row in rows]


async def public_profiles(db: Database, user_ids: Sequence[int]) -> dict[int, PublicProfile]:
    """Names and photos as other players see them."""
    rows = await db.rows(
        Role.PLAYER,
        None,
        "SELECT user_id, name, photo_url FROM public.users WHERE user_id = ANY (%(user_ids)s::bigint[])",
        {"user_ids": list(user_ids)},
    )
    return {row[0]: PublicProfile(row[1], row[2]) for row in rows}
