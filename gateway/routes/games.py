"""/games: the caller's own decided games, and each of them as it was recorded."""

import asyncio
import re
from base64 import b64decode, urlsafe_b64encode
from functools import partial
from typing import Any, Final

from gateway.rest import paging
from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.games import Game, GameDetails, Games, GameStanding, GameTransfer
from gateway.schemas.room import Organizer
from persistence.errors import ErrorCode, GameError
from persistence.postgres import history
from persistence.postgres.leaderboards import public_profiles

# Microseconds of the decision, and the seat: 16 digits end in the year 2286.
_CURSOR: Final = re.compile(
    r"(?P<us>[0-9]{1,16})\.(?P<seat>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)


async def games(call: Call) -> Games:
    page = await _PAGING.read(call.query, partial(history.games, call.services.db, call.user_id))
    return Games(games=[Game(**_fields(game)) for game in page.rows], next_cursor=page.next_cursor)


async def game(call: Call) -> GameDetails:
    """The record, for those who were in the game until it was decided."""
    room_id = call.path("room_id")
    db = call.services.db
    found = await history.game(db, call.user_id, room_id)
    if found is None:
        raise GameError(ErrorCode.NOT_FOUND)
    standings, transfers = await asyncio.gather(
        history.standings(db, call.user_id, room_id), history.transfers(db, call.user_id, room_id)
    )
    return GameDetails(
        **_fields(found),
        balance=found.balance,
        organizer=await _organizer(call, found.organizer_id),
        standings=[
            GameStanding(
                place=line.place,
                user_id=str(line.user_id),
                name=line.name,
                photo_url=line.photo_url,
                taps=line.taps,
                best_rate=line.best / 2,
                blocked=line.blocked,
                prize=line.prize,
            )
            for line in standings
        ],
        transfers=[
            GameTransfer(
                transfer_id=str(transfer.transfer_id),
                kind=transfer.kind,
                reason=transfer.reason,
                amount=transfer.amount,
                balance_after=transfer.balance_after,
                created_ms=int(transfer.created_at.timestamp() * 1000),
            )
            for transfer in transfers
        ],
    )


async def _organizer(call: Call, user_id: int | None) -> Organizer | None:
    if user_id is None:
        return None
    public_profile = (await public_profiles(call.services.db, [user_id]))[user_id]
    return Organizer(str(user_id), public_profile.name, public_profile.photo_url)


def _fields(game: history.Game) -> dict[str, Any]:
    return {
        "room_id": game.room_id,
        "kind": game.kind,
        "role": "organizer" if game.organizes else "player",
        "organizer_id": None if game.organizer_id is None else str(game.organizer_id),
        "outcome": game.outcome,
        "reason": game.reason,
        "stake": game.stake,
        "pool": game.pool or 0,
        "prize": game.prize or 0,
        "winner": None if game.winner_id is None else str(game.winner_id),
        "players": game.players,
        "place": game.place,
        "taps": game.taps or 0,
        "best_rate": (game.best or 0) / 2,
        "blocked": bool(game.blocked),
        "payout": game.payout,
        "starts_ms": game.starts_ms,
        "ended_ms": game.ended_ms,
        "decided_ms": game.decided_us // 1000,
    }


def _cursor_of(game: history.Game) -> str:
    return urlsafe_b64encode(f"{game.decided_us}.{game.seat_id}".encode()).decode().rstrip("=")


def _position_of(cursor: str) -> tuple[int, str]:
    """What `_cursor_of` made; players have no reason to look inside."""
    try:
        found = _CURSOR.fullmatch(b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode("ascii"))
    except ValueError:
        found = None
    if found is None:
        raise paging.bad_cursor()
    return int(found["us"]), found["seat"]


_PAGING: Final = paging.Paging(_cursor_of, _position_of, "^[A-Za-z0-9_-]+$", 80)

ENDPOINTS = [
    Endpoint(
        method="GET",
        path="/api/v1/games",
        handler=games,
        summary="The caller's decided games, organized ones included, newest first",
        answer=Games,
        query=_PAGING.query,
    ),
    Endpoint(
        method="GET",
        path="/api/v1/games/{room_id}",
        handler=game,
        summary="A decided game as it was recorded, for those who were in it",
        answer=GameDetails,
        codes=(ErrorCode.NOT_FOUND,),
    ),
]
