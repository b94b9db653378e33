"""Idempotency keys: what a key stands for, and the response that is stored under it.

The row itself is written by the function that takes effect (`games.stake`, `payments.request_stars`), in the same
transaction.  Those of seats lease a seat; those of other money, through `game.take_key`, the subject they made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from persistence.postgres.pool import Database, Role

LEASE_S = 30.0
"""For so long a request under way has its key to itself; after that a retry resumes what it began."""
KEEP_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What identifies one request of a user that must take effect once.

    `endpoint` is the path that it was sent to, `key` the Idempotency-Key header, `body_hash` a digest that is equal for
    bodies that mean the same: the same key with another hash is refused.
    """

    endpoint: str
    key: str
    body_hash: bytes

    def parameters(self, lease_s: float = LEASE_S) -> dict[str, Any]:
        """The named parameters of a statement that takes effect once for this key."""
        return {"endpoint": self.endpoint, "key": self.key, "body_hash": self.body_hash, "lease_s": lease_s}


@dataclass(frozen=True, slots=True)
class KeyState:
    """`absent` and `vacant`: begin (nothing of an earlier attempt is left); `stored`: give `response` again; `resume`:
    go on with `seat_id`, which is now leased to the caller."""

    status: Literal["absent", "vacant", "stored", "resume", "idempotency_mismatch", "idempotency_in_progress"]
    room_id: str | None
    seat_id: str | None
    response: bytes | None


async def lookup(db: Database, user_id: int, key: IdempotencyKey) -> KeyState:
    """What the user's key stands for."""
    row = await db.one(
        Role.PLAYER,
        user_id,
        """
        SELECT o_status, o_room_id, o_seat_id::text, o_response
        FROM game.look_up_key(%(endpoint)s, %(key)s, %(body_hash)s, %(lease_s)s)
        """,
        key.parameters(),
    )
    return KeyState(*row)


async def release(db: Database, user_id: int, key: IdempotencyKey) -> None:
    """A request that changed money took effect and could not be answered: a retry may resume it at once."""
    await db.call(
        Role.PLAYER,
        user_id,
        "SELECT game.release_key(%(endpoint)s, %(key)s)",
        {"endpoint": key.endpoint, "key": key.key},
    )


async def store_responses(db: Database, responses: Sequence[tuple[int, IdempotencyKey, bytes]]) -> int:
    """Store the responses of successful requests, as (user_id, key, response); how many were stored.

    The first response under a key stays.
    """
    row = await db.one(
        Role.SEATS,
        None,
        """
        SELECT game.store_responses(
            %(user_ids)s::bigint[], %(endpoints)s::text[], %(keys)s::text[], %(answers)s::bytea[]
        )
        """,
        {
            "user_ids": [user_id for user_id, _, _ in responses],
            "endpoints": [key.endpoint for _, key, _ in responses],
            "keys": [key.key for _, key, _ in responses],
            "answers": [response for _, _, response in responses],
        },
    )
    return int(row[0])


async def purge(db: Database, *, older_than_s: float = KEEP_S, limit: int = 10_000) -> int:
    """Forget old keys, at most `limit` at a time; how many went."""
    row = await db.one(
        Role.SETTLER,
        None,
        "SELECT game.purge_keys(%(older_than_s)s, %(limit)s)",
        {"older_than_s": older_than_s, "limit": limit},
    )
    return int(row[0])
