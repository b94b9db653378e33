"""An operator's look at one room in both stores, and the way to end it.

`look` changes nothing.  `refund` gives every stake back unless the room is decided; it never changes a decision.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import msgspec
import psycopg

from persistence.errors import StoreUnavailable
from persistence.postgres import games, records
from persistence.postgres.pool import Database
from persistence.redis.keys import partition_of
from persistence.redis.room_state import RoomState
from persistence.redis.store import RedisStore
from persistence.rooms.audit import differences
from persistence.rooms.settlement import Settlement

NO_ROOM: Final = "neither store knows this room"


async def look(live: RedisStore, db: Database, room_id: str) -> dict[str, Any]:
    """What Redis says, what Postgres says, and under `wrong` where they disagree.

    Raises:
        StoreUnavailable: a store did not answer.
    """
    state = await live.rooms.snapshot(room_id)
    held = await live.rooms.seats(room_id)
    books = await games.report(db, room_id)
    redis = None
    if state is not None:
        redis = msgspec.to_builtins(state, builtin_types=(bytes,)) | {
            "result": _parsed(state.result),
            "outcome": _parsed(state.outcome),
            "held": [seat.seat_id for seat in held or () if seat.state == "reserved"],
            "results_waiting": await live.results.waiting(partition_of(room_id)),
        }
    record = await records.document(db, room_id)
    return {
        "room_id": room_id,
        "redis": redis,
        "postgres": books,
        "record": None if record is None else {"bytes": len(record)},
        "signals": [asdict(signals) for signals in await records.signals(db, room_id)],
        "wrong": _wrong(room_id, state, books),
    }


def _parsed(text: bytes | None) -> Any:
    return None if text is None else json.loads(text)


def _wrong(room_id: str, state: RoomState | None, books: dict[str, Any]) -> list[str]:
    room = books["room"]
    found = [f"dead letter {letter['entry_id']}: {letter['error']}" for letter in books["dead_letters"]]
    if room is None:
        if state is None:
            return [NO_ROOM]
        return found + [f"seat {player.seat_id} plays in Redis and was never paid" for player in state.players]
    live_seats = {seat["seat_id"]: seat["amount"] for seat in books["seats"] if seat["state"] == "live"}
    if books["escrow"] != sum(live_seats.values()):
        found.append(f"its escrow holds {books['escrow']} Stars, its live seats paid {sum(live_seats.values())}")
    if room["outcome"] == "open":
        paid = {seat["seat_id"] for seat in books["seats"] if seat["state"] == "live" and not seat["organizes"]}
        return found + [finding.detail for finding in differences(room_id, state, paid)]
    if state is not None and state.outcome is None:
        found.append(f"decided in Postgres ({room['outcome']}), {state.state} in Redis")
    elif state is not None and _parsed(state.outcome)["outcome"] != room["outcome"]:
        found.append(f"decided in Postgres ({room['outcome']}), Redis was told otherwise")
    return found


@dataclass(frozen=True)
class Refunded:
    """What became of the order.  `refused`: the room was decided by its game; `outcome` is the decision."""

    room_id: str
    status: Literal["refunded", "already_refunded", "refused", "not_found"]
    outcome: dict[str, Any] | None


async def refund(live: RedisStore, db: Database, room_id: str, reason: str) -> Refunded:
    """Cancel the room where it runs, then return every stake; a game that is over is settled instead.

    Redis first: once the room is cancelled there, no tap and no seat can come between.  A room that Redis has lost is
    refunded by the books alone.  May be repeated, also after a store was away in the middle.

    Raises:
        StoreUnavailable: a store did not answer; say it again.
    """
    settlement = Settlement(live, db)
    room = (await games.report(db, room_id))["room"]
    if room is not None and room["outcome"] != "open":
        # The same answer, and Redis is told once more where it does not know.
        outcome = await settlement.void_room(room_id, reason)
        return Refunded(room_id, "already_refunded" if outcome.outcome == "refunded" else "refused", _plain(outcome))
    cancelled = await live.rooms.cancel(room_id, "operator")
    if cancelled.code == "not_found" and room is None:
        return Refunded(room_id, "not_found", None)
    if cancelled.code == "room_closed" and (result := await live.rooms.result(room_id)) is not None:
        played = await _settled(settlement, room_id, result)
        if played is not None:
            status: Literal["refunded", "refused"] = "refused" if played.outcome == "settled" else "refunded"
            return Refunded(room_id, status, _plain(played))
    await live.results.barrier([partition_of(room_id)])
    outcome = await settlement.void_room(room_id, reason)
    return Refunded(room_id, "refunded" if outcome.outcome == "refunded" else "refused", _plain(outcome))


async def _settled(settlement: Settlement, room_id: str, result: bytes) -> games.Outcome | None:
    """The game was played to its end: its winner is paid.  None: its result cannot be settled by any worker either."""
    try:
        return await settlement.settle_room(room_id, result)
    except StoreUnavailable:
        raise
    except (psycopg.Error, msgspec.MsgspecError):
        return None


def _plain(outcome: games.Outcome) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(outcome)
    return plain
