"""Idempotency keys: what a key stands for, and the answer that is kept under it.

The row itself is written by the function that takes effect (`games.stake`, `payments.request_stars`), in the same
transaction.  Those of seats lease a seat; those of other money, through `game.take_key`, the subject they made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from persistence.postgres.games import LEASE_S
from persistence.postgres.pool import Database, Role

KEEP_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class KeyState:
    """`absent` and `vacant`: begin (nothing of an earlier attempt is left); `stored`: give `answer` again; `resume`: go
    on with `seat_id`, which is now leased to the caller."""

    status: Literal["absent", "vacant", "stored", "resume", "idempotency_mismatch", "idempotency_in_progress"]
    room_id: str | None
    seat_id: str | None
    answer: bytes | None


async def lookup(
    db: Database, user_id: int, endpoint: str, key: str, body_hash: bytes, *, lease_s: float = LEASE_S
) -> KeyState:
    """What the user's key stands for."""
    row = await db.call(
        Role.PLAYER,
        user_id,
        """
        SELECT o_status, o_room_id, o_seat_id::text, o_response
        FROM game.look_up_key(%(endpoint)s, %(key)s, %(body_hash)s, %(lease_s)s)
        """,
        {"endpoint": endpoint, "key": key, "body_hash": body_hash, "lease_s": lease_s},
    )
    assert row is not None
    return KeyState(*row)


async def release(db: Database, user_id: int, endpoint: str, key: str) -> None:
    """A request that changed money took effect and could not be answered: a retry may resume it at once."""
    await db.call(
        Role.PLAYER,
        user_id,
        "SELECT game.release_key(%(endpoint)s, %(key)s)",
        {"endpoint": endpoint, "key": key},
    )


async def store_answers(db: Database, answers: Sequence[tuple[int, str, str, bytes]]) -> int:
    """Keep the answers of successful requests, as (user_id, endpoint, key, answer); how many were kept.

    The first answer under a key stays.
    """
    row = await db.call(
        Role.SETTLER,
        None,
        """
        SELECT game.store_responses(
            %(user_ids)s::bigint[], %(endpoints)s::text[], %(keys)s::text[], %(answers)s::bytea[]
        )
        """,
        {
            "user_ids": [answer[0] for answer in answers],
            "endpoints": [answer[1] for answer in answers],
            "keys": [answer[2] for answer in answers],
            "answers": [answer[3] for answer in answers],
        },
    )
    assert row is not None
    return int(row[0])


async def purge(db: Database, *, older_than_s: float = KEEP_S, limit: int = 10_000) -> int:
    """Forget old keys, at most `limit` at a time; how many went."""
    row = await db.call(
        Role.SETTLER,
        None,
        "SELECT game.purge_keys(%(older_than_s)s, %(limit)s)",
        {"older_than_s": older_than_s, "limit": limit},
    )
    assert row is not None
    return int(row[0])
