"""The `room` object, shared by REST answers and the WebSocket snapshot.

`room_view` is the only place that turns a room's live state into what one viewer may see of it.
"""

from typing import Literal

import msgspec

from gateway.schemas.fields import Count, Moment, RoomId, Stars, UserId
from persistence.redis.room_state import RoomState
from persistence.vocabulary import RoomKind, RoomPhase


class Player(msgspec.Struct):
    """One paid seat of a room.  `seq` is the last frame of this player that was dealt with."""

    user_id: UserId
    name: str
    photo_url: str | None
    taps: Count
    seq: Count
    state: Literal["paid", "blocked"]
    place: int | None


class Organizer(msgspec.Struct):
    """Who made a hero room."""

    user_id: UserId
    name: str
    photo_url: str | None


class Standing(msgspec.Struct):
    """One line of the result; a blocked player has place null and prize 0."""

    place: int | None
    user_id: UserId
    taps: Count
    prize: Stars


class Result(msgspec.Struct):
    """What Postgres decided about a room, with the viewer's own part of it."""

    room_id: RoomId
    winner: UserId | None
    prize: Stars
    standings: list[Standing]
    payout: Stars
    balance: Stars


class Room(msgspec.Struct):
    """A room as one viewer sees it."""

    room_id: RoomId
    kind: RoomKind
    state: RoomPhase
    stake: Stars
    capacity: Count
    target: int | None
    pool: Stars
    prize: Stars
    organizer_id: UserId | None
    organizer: Organizer | None
    key: str | None
    created_ms: Moment
    deadline_ms: Moment | None
    starts_ms: Moment | None
    ends_ms: Moment | None
    version: Count
    players: list[Player]
    result: Result | None


class _Outcome(msgspec.Struct):
    """The decided result as the settlement leaves it in the room."""

    winner: str | None
    prize: int
    standings: list[Standing]
    payouts: dict[str, int]
    balances: dict[str, int]


_decode_outcome = msgspec.json.Decoder(_Outcome).decode


def room_view(state: RoomState, viewer_id: str) -> Room:
    """What `viewer_id` may see of a room: the key only if it is theirs, of the result their own part."""
    return Room(
        room_id=state.room_id,
        kind=state.kind,
        state=state.state,
        stake=state.stake,
        capacity=state.capacity,
        target=state.target,
        pool=state.pool,
        prize=state.prize,
        organizer_id=state.organizer_id,
        organizer=organizer_view(state),
        key=state.key if state.organizer_id == viewer_id else None,
        created_ms=state.created_ms,
        deadline_ms=state.deadline_ms,
        starts_ms=state.starts_ms,
        ends_ms=state.ends_ms,
        version=state.version,
        players=[
            Player(
                user_id=player.user_id,
                name=player.name,
                photo_url=player.photo_url,
                taps=player.taps,
                seq=player.seq,
                state=player.state,
                place=player.place,
            )
            for player in state.players
        ],
        result=_result_view(state.room_id, state.outcome, viewer_id) if state.outcome else None,
    )


def organizer_view(state: RoomState) -> Organizer | None:
    """Who made the room, as other players see them."""
    if state.organizer_id is None:
        return None
    return Organizer(state.organizer_id, state.organizer_name, state.organizer_photo_url)


def _result_view(room_id: str, outcome_json: bytes, viewer_id: str) -> Result:
    outcome = _decode_outcome(outcome_json)
    return Result(
        room_id=room_id,
        winner=outcome.winner,
        prize=outcome.prize,
        standings=outcome.standings,
        payout=outcome.payouts.get(viewer_id, 0),
        balance=outcome.balances.get(viewer_id, 0),
    )
