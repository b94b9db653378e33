"""`chance-tap room show | refund`: one room in both stores side by side, and an operator's way to end it.

`show` changes nothing.  `refund` gives every stake back unless the room is decided; it never changes a decision.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import msgspec
import psycopg
import typer

from chance_tap.settings import Settings, SettingsError
from cli.commands.options import Json, settings_of
from cli.commands.output import print_json
from cli.commands.stores import open_stores
from persistence.errors import StoreUnavailable
from persistence.postgres import games, records
from persistence.postgres.pool import Database
from persistence.redis.keys import ROOM_ID, partition_of
from persistence.redis.room_state import RoomState
from persistence.redis.store import RedisStore
from persistence.rooms.audit import differences
from persistence.rooms.settlement import Settlement

REASON = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NO_ROOM = "neither store knows this room"


RoomId = Annotated[str, typer.Argument(metavar="ROOM", help="the room's id")]

app = typer.Typer(add_completion=False)


@app.command("show")
def show_room(context: typer.Context, room: RoomId, as_json: Json = False) -> int:
    """The room in both stores, and what is wrong if they disagree."""
    found = asyncio.run(_show(settings_of(context), _checked(room)))
    if as_json:
        print_json(found, indent=1)
    else:
        print("\n".join(_lines(found)))
    return 1 if found["wrong"] else 0


@app.command("refund")
def refund_room(
    context: typer.Context,
    room: RoomId,
    reason: Annotated[str, typer.Option("--reason", help="a word for the statements")] = "operator",
    as_json: Json = False,
) -> int:
    """End an undecided room and give every stake back."""
    settings, room_id = settings_of(context), _checked(room)
    if REASON.fullmatch(reason) is None:
        raise SettingsError("--reason must be one word of lower-case letters, digits and underscores.")
    answer = asyncio.run(_refund(settings, room_id, reason))
    if as_json:
        print_json(asdict(answer))
    else:
        print(_refunded(answer))
    return 0 if answer.status in ("refunded", "already_refunded") else 1


def _checked(room_id: str) -> str:
    if ROOM_ID.fullmatch(room_id) is None:
        raise SettingsError(f"{room_id!r} is no room id: those are 16 lower-case letters and digits.")
    return room_id


async def _show(settings: Settings, room_id: str) -> dict[str, Any]:
    async with open_stores(settings, "room") as (live, db):
        return await show(live, db, room_id)


async def _refund(settings: Settings, room_id: str, reason: str) -> "Refunded":
    async with open_stores(settings, "room") as (live, db):
        return await refund(live, db, room_id, reason)


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


def _lines(shown: dict[str, Any]) -> Iterator[str]:
    yield f"room {shown['room_id']}"
    yield from _redis_lines(shown["redis"])
    yield from _postgres_lines(shown["postgres"])
    if shown["record"] is not None:
        yield f"Record    signed, {shown['record']['bytes']} bytes"
    for player in shown["signals"]:
        yield f"Signals   {player['user_id']}: {player['score']:.2f}{', for review' if player['review'] else ''}"
    yield from [f"wrong     {line}" for line in shown["wrong"]] or ["all is well: the stores agree"]


def _redis_lines(redis: dict[str, Any] | None) -> Iterator[str]:
    if redis is None:
        yield "Redis     does not know it"
        return
    reason = f", reason {redis['reason']}" if redis["reason"] else ""
    yield f"Redis     {redis['state']}, version {redis['version']}{reason}"
    terms = ", ".join(f"{name} {redis[name]}" for name in ("kind", "stake", "capacity", "min_players", "fee_bps"))
    yield f"          {terms}"
    for player in redis["players"]:
        yield f"          {player['user_id']}: {player['taps']} taps, {player['state']}, seat {player['seat_id']}"
    for seat_id in redis["held"]:
        yield f"          held, not paid: seat {seat_id}"


def _postgres_lines(books: dict[str, Any]) -> Iterator[str]:
    room = books["room"]
    if room is None:
        yield "Postgres  nobody has paid for it"
        return
    reason = f", reason {room['reason']}" if room["reason"] else ""
    winner = f", winner {room['winner_id']}, prize {room['prize']}, fee {room['fee']}" if room["winner_id"] else ""
    yield f"Postgres  {room['outcome']}, escrow {books['escrow']} Stars{reason}{winner}"
    for seat in books["seats"]:
        organizes = ", organizes" if seat["organizes"] else ""
        yield f"          {seat['user_id']}: {seat['amount']} Stars, {seat['state']}, seat {seat['seat_id']}{organizes}"
    for transfer in books["transfers"]:
        legs = ", ".join(f"{entry['account']} {entry['amount']:+d}" for entry in transfer["entries"])
        yield f"          {transfer['created_at']} {transfer['key']}: {legs}"


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
