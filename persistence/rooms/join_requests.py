"""One request that must take effect once, and asking Postgres until it is known whether it did.

Owns what is common to everything that binds a player to a room: the request's identity, the lookup of its earlier
sends, the repetition of a statement whose answer was lost, the release from an earlier room that is over, the form of a
refusal.  Must never bind or free anybody whose earlier room is still on.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable

import msgspec

from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import games, idempotency, users
from persistence.postgres.games import SeatRef, StakeReply, StakeTerms
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import CommitUnknown, Database
from persistence.redis.room_state import RoomState
from persistence.redis.rooms import RoomTerms
from persistence.redis.store import RedisStore
from persistence.rooms.settlement import Settlement

COMMIT_PAUSES_S = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Between questions whether a stake was committed; the first is asked when the answer is lost."""
COMMIT_PATIENCE_S = 9.0
"""After this long nothing more is asked: a Postgres that hangs would keep the player waiting for a minute."""


class Joined(msgspec.Struct, frozen=True):
    """The room one is now bound to and the balance after paying; or the stored response to an earlier send."""

    room_state: RoomState | None
    response: bytes | None
    balance: int | None


class JoinRequest(msgspec.Struct, frozen=True):
    """One user's wish to sit in, or to make, a room of these terms."""

    user_id: int
    terms: StakeTerms
    key: IdempotencyKey

    @property
    def tag(self) -> str:
        """Names the request in Redis, where its repetition must be distinguished from another request of the player."""
        return hashlib.sha256(f"{self.key.endpoint}\0{self.key.key}".encode()).hexdigest()[:16]


def stake_terms(room: RoomTerms | RoomState) -> StakeTerms:
    """What Postgres has to know of a room, of one that is to be made as of one that is there."""
    return StakeTerms(room.kind, room.stake, room.capacity, room.fee_bps, room.target or 0)


async def bind(
    live: RedisStore,
    db: Database,
    settlement: Settlement,
    seat: SeatRef,
    statement: Callable[[], Awaitable[StakeReply]],
) -> StakeReply:
    """Make a statement that binds a seat; where a room that is over still binds the player, finish that and try again.

    Raises:
        CommitUnknown: it is unknown whether the seat is bound; what Redis holds for it must stay as it is.
        StoreUnavailable: it is not bound.
    """
    reply = await _ask(db, seat, statement)
    if reply.status == "already_in_room":
        assert reply.room_id is not None
        if await free_player(live, db, settlement, seat.user_id, reply.room_id):
            reply = await _ask(db, seat, statement)
    return reply


async def _ask(db: Database, seat: SeatRef, statement: Callable[[], Awaitable[StakeReply]]) -> StakeReply:
    """Where the answer is lost, ask by the same key and seat: that statement waits for the lost one, so it finds the
    seat or makes it, and never makes two."""
    unknown: CommitUnknown | None = None
    began = time.monotonic()
    for pause_s in (0.0, *COMMIT_PAUSES_S):
        if unknown is not None and time.monotonic() - began > COMMIT_PATIENCE_S:
            break
        if pause_s:
            await asyncio.sleep(pause_s)
        try:
            reply = await statement()
        except CommitUnknown as error:
            unknown = error
        except StoreUnavailable:
            if unknown is None:
                raise
        else:
            if reply.status == "idempotency_in_progress" and reply.seat_id == seat.seat_id:
                return await as_paid(db, seat)
            return reply
    assert unknown is not None
    raise unknown


async def as_paid(db: Database, seat: SeatRef) -> StakeReply:
    """The reply of a statement that was committed earlier."""
    me = await users.me(db, seat.user_id)
    return StakeReply("paid", seat.room_id, seat.seat_id, me.balance, me.name, me.photo_url, None)


async def lookup(db: Database, user_id: int, key: IdempotencyKey) -> idempotency.KeyState:
    """What became of earlier sends of a request: absent, vacant, stored, or resume (now leased to this one).

    Raises:
        GameError: idempotency_mismatch, idempotency_in_progress.
    """
    state = await idempotency.lookup(db, user_id, key)
    if state.status in ("idempotency_mismatch", "idempotency_in_progress"):
        raise GameError(ErrorCode(state.status))
    return state


async def free_player(live: RedisStore, db: Database, settlement: Settlement, user_id: int, room_id: str) -> bool:
    """Finish what binds a player to an earlier room, where that is over; True: the statement may be tried again."""
    result = await live.rooms.result(room_id)
    if result is not None:
        await settlement.settle_room(room_id, result)
        return True
    seat = await games.live_seat(db, user_id)
    if seat is None:
        return True
    if seat.organizes:
        return False  # no seat in Redis stands for it: it shares its room's fate
    held = await live.rooms.seats(seat.room_id)
    if held is None or any(other.seat_id == seat.seat_id for other in held):
        return False
    return await settlement.release_lost(seat)


def refusal(request: JoinRequest, reply: StakeReply) -> GameError:
    """How the client hears of a statement that was refused."""
    code = ErrorCode(reply.status)
    match code:
        case ErrorCode.INSUFFICIENT_BALANCE:
            return GameError(code, {"needed": request.terms.stake, "balance": reply.balance})
        case ErrorCode.ALREADY_IN_ROOM:
            return GameError(code, {"room_id": reply.room_id})
        case ErrorCode.LIMIT_REACHED:
            return GameError(code, None if reply.response is None else msgspec.json.decode(reply.response))
        case _:
            return GameError(code)
