"""/tiers and /rooms: what can be joined, joining, looking at a room and leaving it."""

from gateway.errors import invalid
from gateway.rate_limits import ENTERED_ROOMS
from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.rest import BalanceAnswer, JoinStandard, Nothing, RoomAnswer, Tiers
from gateway.schemas.room import room_view
from persistence.errors import ErrorCode, GameError
from persistence.rooms.join_requests import Joined


async def tiers(call: Call) -> Tiers:
    return await call.services.tiers.read()


async def join(call: Call) -> RoomAnswer | bytes:
    """Pay and sit down."""
    body: JoinStandard = call.body
    services = call.services
    if body.stake not in services.settings.stakes:
        raise invalid("stake", "is not one of the stakes")
    return joined_answer(call, await services.seats.join(call.user_id, body.stake, call.idempotency_key))


def joined_answer(call: Call, joined: Joined) -> RoomAnswer | bytes:
    """The room as its new player sees it, or the stored response to an earlier send."""
    if joined.response is not None:
        return joined.response
    assert joined.room_state is not None
    return RoomAnswer(room_view(joined.room_state, call.claims.user_id))


async def room(call: Call) -> RoomAnswer:
    """The room as one of its players sees it; to everybody else it does not exist."""
    state = await call.services.live.rooms.snapshot(call.path("room_id"))
    if state is None:
        raise GameError(ErrorCode.NOT_FOUND)
    view = room_view(state, call.claims.user_id)
    if view.organizer_id != call.claims.user_id and all(p.user_id != call.claims.user_id for p in view.players):
        raise GameError(ErrorCode.NOT_FOUND)
    return RoomAnswer(view)


async def leave(call: Call) -> BalanceAnswer:
    """Give the seat back; the refund is committed before the answer."""
    return BalanceAnswer(await call.services.seats.leave(call.user_id, call.path("room_id")))


ENDPOINTS = [
    Endpoint(
        method="GET",
        path="/api/v1/tiers",
        handler=tiers,
        summary="The stakes, with players waiting and playing and the prize of a full room",
        answer=Tiers,
    ),
    Endpoint(
        method="POST",
        path="/api/v1/rooms/join",
        area="join",
        handler=join,
        lasting=ENTERED_ROOMS,
        summary="Pay a stake and take a seat in a standard room",
        body=JoinStandard,
        answer=RoomAnswer,
        idempotent=True,
        codes=(
            ErrorCode.INSUFFICIENT_BALANCE,
            ErrorCode.ALREADY_IN_ROOM,
            ErrorCode.LIMIT_REACHED,
            ErrorCode.ROOM_CLOSED,
        ),
    ),
    Endpoint(
        method="GET",
        path="/api/v1/rooms/{room_id}",
        handler=room,
        summary="A room, for its players",
        answer=RoomAnswer,
        codes=(ErrorCode.NOT_FOUND,),
    ),
    Endpoint(
        method="POST",
        path="/api/v1/rooms/{room_id}/leave",
        handler=leave,
        summary="Leave a waiting room and get the stake back",
        body=Nothing,
        body_optional=True,
        answer=BalanceAnswer,
        codes=(ErrorCode.NOT_FOUND, ErrorCode.ROOM_CLOSED),
    ),
]
