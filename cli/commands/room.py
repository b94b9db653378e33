"""`chance-tap room show | refund`: one room in both stores side by side, and an operator's way to end it.

`show` changes nothing.  `refund` gives every stake back unless the room is decided; it never changes a decision.
"""

import argparse
import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

import msgspec
import psycopg

from chance_tap.settings import Settings, SettingsError
from persistence.errors import StoreUnavailable
from persistence.postgres import games, records
from persistence.postgres.pool import Database
from persistence.redis.keys import ROOM_ID, partition_of
from persistence.redis.room_state import RoomState
from persistence.redis.store import RedisStore
from persistence.rooms.audit import differences
from persistence.rooms.settlement import Settlement

_Answer = TypeVar("_Answer")

REASON = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NO_ROOM = "neither store knows this room"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two verbs and their options."""
    verbs = parser.add_subparsers(dest="verb", metavar="show|refund", required=True)
    show_parser = verbs.add_parser("show", help="the room in both stores, and what is wrong if they disagree")
    refund_parser = verbs.add_parser("refund", help="end an undecided room and give every stake back")
    refund_parser.add_argument("--reason", default="operator", help="a word for the statements (default: operator)")
    for each in (show_parser, refund_parser):
        each.add_argument("room", metavar="ROOM", help="the room's id")
        each.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: done, or nothing wrong; 1: something is wrong, the room is unknown, or its decision stands in the way."""
    if ROOM_ID.fullmatch(arguments.room) is None:
        raise SettingsError(f"{arguments.room!r} is no room id: those are 16 lower-case letters and digits.")
    if arguments.verb == "show":
        shown = asyncio.run(_with_stores(settings, lambda live, db: show(live, db, arguments.room)))
        print(json.dumps(shown, default=str, indent=1) if arguments.json else _shown(shown))
        return 1 if shown["wrong"] else 0
    if REASON.fullmatch(arguments.reason) is None:
        raise SettingsError("--reason must be one word of lower-case letters, digits and underscores.")
    answer = asyncio.run(_with_stores(settings, lambda live, db: refund(live, db, arguments.room, arguments.reason)))
    print(json.dumps(asdict(answer)) if arguments.json else _refunded(answer))
    return 0 if answer.status in ("refunded", "already_refunded") else 1


async def _with_stores(settings: Settings, work: Callable[[RedisStore, Database], Awaitable[_Answer]]) -> _Answer:
    db = await Database.open(settings.database_url, name="chance-tap-room")
    try:
        live = await RedisStore.open(settings.redis_url, heartbeat=False)
        try:
            return await work(live, db)
        finally:
            await live.close()
    finally:
        await db.close()


# Looking.


async def show(live: RedisStore, db: Database, room_id: str) -> dict[str, Any]:
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
            return [_NO_ROOM]
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


def _shown(shown: dict[str, Any]) -> str:
    redis, books = shown["redis"], shown["postgres"]
    lines = [f"room {shown['room_id']}"]
    if redis is None:
        lines.append("Redis     does not know it")
    else:
        terms = ", ".join(f"{name} {redis[name]}" for name in ("kind", "stake", "capacity", "min_players", "fee_bps"))
        lines += [
            f"Redis     {redis['state']}, version {redis['version']}"
            + (f", reason {redis['reason']}" if redis["reason"] else ""),
            f"          {terms}",
            *(
                f"          {player['user_id']}: {player['taps']} taps, {player['state']}, seat {player['seat_id']}"
                for player in redis["players"]
            ),
            *(f"          held, not paid: seat {seat_id}" for seat_id in redis["held"]),
        ]
    room = books["room"]
    if room is None:
        lines.append("Postgres  nobody has paid for it")
    else:
        lines += [
            f"Postgres  {room['outcome']}, escrow {books['escrow']} Stars"
            + (f", reason {room['reason']}" if room["reason"] else "")
            + (f", winner {room['winner_id']}, prize {room['prize']}, fee {room['fee']}" if room["winner_id"] else ""),
            *(
                f"          {seat['user_id']}: {seat['amount']} Stars, {seat['state']}, seat {seat['seat_id']}"
                + (", organizes" if seat["organizes"] else "")
                for seat in books["seats"]
            ),
            *(
                f"          {transfer['created_at']} {transfer['key']}: "
                + ", ".join(f"{entry['account']} {entry['amount']:+d}" for entry in transfer["entries"])
                for transfer in books["transfers"]
            ),
        ]
    if shown["record"] is not None:
        lines.append(f"Record    signed, {shown['record']['bytes']} bytes")
    lines += [
        f"Signals   {player['user_id']}: {player['score']:.2f}{', for review' if player['review'] else ''}"
        for player in shown["signals"]
    ]
    lines += [f"wrong     {line}" for line in shown["wrong"]] or ["all is well: the stores agree"]
    return "\n".join(lines)


# Refunding.


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


def _refunded(answer: Refunded) -> str:
    outcome = answer.outcome
    if outcome is None:
        return f"room {answer.room_id}: {_NO_ROOM}"
    if answer.status == "refused":
        return (
            f"room {answer.room_id} is settled: {outcome['winner']} won {outcome['prize']} Stars; nothing was changed"
        )
    back = ", ".join(f"{user} {stars}" for user, stars in outcome["payouts"].items()) or "nobody had paid"
    before = " before" if answer.status == "already_refunded" else ""
    return f"room {answer.room_id} was refunded{before} ({outcome['reason']}): {back}"
