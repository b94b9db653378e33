"""Hero rooms: making one, looking it up and joining it by its key, starting it.

Owns the limit on guessing keys: every look-up counts until it has found a room, so that many at once overtake nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec

from gateway.errors import invalid
from gateway.rate_limits import ENTERED_ROOMS
from gateway.rest.endpoint import Call, Endpoint
from gateway.rest.idempotency import body_hash
from gateway.routes.rooms import joined_answer
from gateway.schemas.rest import CreateHero, JoinByKey, KeyedRoom, Nothing, RoomAnswer
from gateway.schemas.room import organizer_view, room_view
from persistence.errors import ErrorCode, GameError
from persistence.redis.keys import normalise_key


async def create_room(call: Call) -> RoomAnswer | bytes:
    """Make a hero room, free of charge."""
    body: CreateHero = call.body
    services = call.services
    if body.fee > services.settings.hero_max_fee:
        raise invalid("fee", f"must be from 1 to {services.settings.hero_max_fee}")
    services.rates.new_room.take(call.claims.user_id)
    return joined_answer(call, await services.seats.create_hero(call.user_id, body.fee, call.idempotency_key))


async def room_by_key(call: Call) -> KeyedRoom:
    """What the waiting room with this key costs.  Wrong keys and those of rooms that wait no more find nothing."""
    with _guess(call):
        room_key = normalise_key(call.path("key"))
        state = None if room_key is None else await call.services.live.rooms.by_key(room_key)
        if state is None or state.deadline_ms is None:
            raise GameError(ErrorCode.NOT_FOUND)
    return KeyedRoom(
        fee=state.stake,
        organizer=organizer_view(state),
        players=len(state.players),
        deadline_ms=state.deadline_ms,
    )


async def join_by_key(call: Call) -> RoomAnswer | bytes:
    """Pay the fee and sit down.  A room's key in another spelling is no other body."""
    body: JoinByKey = call.body
    with _guess(call):
        room_key = normalise_key(body.key)
        if room_key is None:
            raise GameError(ErrorCode.NOT_FOUND)
        one_form = replace(call.idempotency_key, body_hash=body_hash(msgspec.structs.replace(body, key=room_key)))
        joined = await call.services.seats.join_by_key(call.user_id, room_key, one_form)
    return joined_answer(call, joined)


async def start_room(call: Call) -> RoomAnswer:
    """The organizer starts the countdown; repeated, the room as it is by now."""
    started = await call.services.live.rooms.start(call.path("room_id"), call.claims.user_id)
    if started.room is None or started.code != "ok":
        raise GameError(ErrorCode(started.code))
    return RoomAnswer(room_view(started.room, call.claims.user_id))


@contextmanager
def _guess(call: Call) -> Iterator[None]:
    """Count a look-up, unless a room was found.

    Raises:
        RateLimited: too many found nothing; right keys have to wait as well, or the wait would give them away.
    """
    rate, user_id = call.services.rates.wrong_key, call.claims.user_id
    rate.take(user_id)
    try:
        yield
    except GameError as error:
        if error.code is not ErrorCode.NOT_FOUND:
            rate.give_back(user_id)
        raise
    rate.give_back(user_id)


ENDPOINTS = [
    Endpoint(
        method="POST",
        path="/api/v1/rooms",
        handler=create_room,
        lasting=ENTERED_ROOMS,
        summary="Make a hero room; its key is in the answer",
        body=CreateHero,
        answer=RoomAnswer,
        idempotent=True,
        codes=(ErrorCode.ALREADY_IN_ROOM, ErrorCode.LIMIT_REACHED, ErrorCode.ROOM_CLOSED),
    ),
    Endpoint(
        method="GET",
        path="/api/v1/rooms/by-key/{key}",
        handler=room_by_key,
        summary="What the waiting hero room with this key costs",
        answer=KeyedRoom,
        codes=(ErrorCode.NOT_FOUND,),
    ),
    Endpoint(
        method="POST",
        path="/api/v1/rooms/join-by-key",
        area="join",
        handler=join_by_key,
        lasting=ENTERED_ROOMS,
        summary="Pay the fee and take a seat in the hero room with this key",
        body=JoinByKey,
        answer=RoomAnswer,
        idempotent=True,
        codes=(
            ErrorCode.INSUFFICIENT_BALANCE,
            ErrorCode.NOT_FOUND,
            ErrorCode.ALREADY_IN_ROOM,
            ErrorCode.LIMIT_REACHED,
            ErrorCode.ROOM_FULL,
            ErrorCode.ROOM_CLOSED,
        ),
    ),
    Endpoint(
        method="POST",
        path="/api/v1/rooms/{room_id}/start",
        handler=start_room,
        summary="Start a hero room with the players who are there",
        body=Nothing,
        body_optional=True,
        answer=RoomAnswer,
        codes=(ErrorCode.NOT_FOUND, ErrorCode.CONFLICT, ErrorCode.ROOM_CLOSED),
    ),
]
