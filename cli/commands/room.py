"""`chance-tap room show | refund`: one room in both stores side by side, and an operator's way to end it."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer

from chance_tap.settings import Settings, SettingsError
from cli.commands.options import Json, settings_of
from cli.commands.output import print_json
from cli.commands.stores import open_stores
from persistence.redis.keys import ROOM_ID
from persistence.rooms.operator import NO_ROOM, Refunded, look, refund

REASON = re.compile(r"[a-z][a-z0-9_]{0,39}")

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
        return await look(live, db, room_id)


async def _refund(settings: Settings, room_id: str, reason: str) -> Refunded:
    async with open_stores(settings, "room") as (live, db):
        return await refund(live, db, room_id, reason)


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


def _refunded(answer: Refunded) -> str:
    outcome = answer.outcome
    if outcome is None:
        return f"room {answer.room_id}: {NO_ROOM}"
    if answer.status == "refused":
        return (
            f"room {answer.room_id} is settled: {outcome['winner']} won {outcome['prize']} Stars; nothing was changed"
        )
    back = ", ".join(f"{user} {stars}" for user, stars in outcome["payouts"].items()) or "nobody had paid"
    before = " before" if answer.status == "already_refunded" else ""
    return f"room {answer.room_id} was refunded{before} ({outcome['reason']}): {back}"
