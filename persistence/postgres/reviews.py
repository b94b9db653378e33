"""Reviews: what operators have to look at before money leaves the house, and what they decided.

The database opens them, by the signals of a game, a block, or Stars that came from a player under review.  What waits
for them are withdrawals.  Must never block anybody or move a Star.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from persistence.postgres.acting import Actor, act
from persistence.postgres.pool import Database, Role

Kind = Literal["signals", "block", "passed"]
ReviewDecision = Literal["cleared", "confirmed"]
Why = Literal["game", "winnings", "unjudged"]


@dataclass(frozen=True, slots=True)
class Review:
    """One review; see `game.reviews` for the words.  `waiting`: Stars of the player's withdrawals that wait."""

    review_id: int
    user_id: int
    name: str
    kind: Kind
    room_id: str
    source_id: int | None
    stars: int
    score: float | None
    signals: list[dict[str, Any]] | None
    opened_at: datetime
    waiting: int
    decision: ReviewDecision | None
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnReview:
    """Why a player's withdrawals wait: a `game` is under review, `winnings` came from a player who is, or the signals
    of a prize are missing (`unjudged`).  `stars` is what it is about."""

    why: Why
    stars: int
    since_ms: int


async def listed(db: Database, *, user_id: int | None, include_decided: bool, limit: int) -> list[Review]:
    """Those whose player waits for money first, then the longest waiting."""
    rows = await db.rows(
        Role.OPERATOR,
        None,
        """
        SELECT review_id, user_id, name, kind, room_id, source_id, stars, score, signals, opened_at, waiting, decision,
            reason, decided_by, decided_at
        FROM game.list_reviews(%(user_id)s, %(all)s, %(limit)s)
        """,
        {"user_id": user_id, "all": include_decided, "limit": limit},
    )
    return [Review(*row) for row in rows]


async def decide(db: Database, review_id: int, decision: ReviewDecision, *, reason: str, by: Actor) -> str:
    """`ok` (also repeated), `not_found`, or `conflict`: it was cleared."""
    row = await act(
        db,
        by,
        "SELECT game.decide_review(%(review_id)s, %(decision)s, %(reason)s)",
        {"review_id": review_id, "decision": decision, "reason": reason},
    )
    assert row is not None
    return str(row[0])


async def waiting(db: Database) -> tuple[int, float]:
    """How many nobody has decided, and for how many seconds the oldest waits."""
    row = await db.one(Role.SETTLER, None, "SELECT o_reviews, o_oldest_s FROM game.reviews_waiting()")
    return int(row[0]), float(row[1])


async def of_player(db: Database, user_id: int) -> OwnReview | None:
    """Why the player's withdrawals wait for a review; None: nothing is under review."""
    row = await db.one(Role.PLAYER, user_id, "SELECT o_why, o_stars, o_since_ms FROM pay.my_review()")
    return None if row[0] is None else OwnReview(*row)
