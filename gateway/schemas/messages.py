"""WebSocket frames, both ways, as tagged unions on `type`.

Client frames are decoded strictly: nothing is coerced and a number out of range is refused.  Most of the server's
room events are built by the scripts as finished JSON; their models here are what those bytes must conform to.
"""

from typing import Annotated, Any

import msgspec

from gateway.schemas.fields import (
    MAX_TAPS_PER_FRAME,
    SAFE_INTEGER,
    Claimed,
    Count,
    Moment,
    RoomId,
    Stars,
    UserId,
)
from gateway.schemas.room import Player, Room, Standing
from persistence.vocabulary import BonusState, CancelReason, PaymentState


class Hello(Claimed, tag="hello"):
    """The first frame of a socket."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class Enter(Claimed, tag="enter"):
    """Follow a room in which one has a seat; a text that is no room's id is answered like a stranger's room."""

    room_id: Annotated[str, msgspec.Meta(max_length=64)]


class Taps(msgspec.Struct, tag="taps", gc=False):
    """The hot frame: `timestamp` is the moment of the last tap in server time, ms."""

    user_id: str
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_TAPS_PER_FRAME)]
    timestamp: Annotated[int, msgspec.Meta(ge=0, le=SAFE_INTEGER)]
    seq: Annotated[int, msgspec.Meta(ge=0, le=SAFE_INTEGER)] | None = None
    room_id: str | None = None
    telegram_id: str | None = None


class Reaction(Claimed, tag="reaction"):
    """An emoji for somebody in the room, oneself included; which one is the server's choice."""

    to: UserId


class BonusTaps(Claimed, tag="bonus_taps"):
    """Taps in the bonus run, by the rules of `taps`; needs no room to be entered."""

    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_TAPS_PER_FRAME)]
    timestamp: Annotated[int, msgspec.Meta(ge=0, le=SAFE_INTEGER)]
    seq: Annotated[int, msgspec.Meta(ge=0, le=SAFE_INTEGER)] | None = None


class Ping(Claimed, tag="ping"):
    """`t` is given back as it came."""

    t: Any = None


ClientFrame = Hello | Enter | Taps | Reaction | BonusTaps | Ping


class Welcome(msgspec.Struct, tag="welcome"):
    """Answer to `hello`; `room_id` is the room to return to."""

    user_id: UserId
    server_time_ms: Moment
    heartbeat_ms: Count
    room_id: RoomId | None


class Snapshot(msgspec.Struct, tag="snapshot"):
    """The whole room, for one who enters."""

    room: Room
    epoch: str
    server_time_ms: Moment


class RoomEvent(msgspec.Struct, kw_only=True):
    """What every event of a room carries."""

    epoch: str
    version: Count


class PlayerJoined(RoomEvent, tag="player_joined", kw_only=True):
    """A seat was paid."""

    player: Player


class PlayerLeft(RoomEvent, tag="player_left", kw_only=True):
    """A paid seat was given back."""

    user_id: UserId


class Countdown(RoomEvent, tag="countdown", kw_only=True):
    """The room is closed; the game starts at `starts_ms`."""

    starts_ms: Moment


class Started(RoomEvent, tag="started", kw_only=True):
    """The game runs until `ends_ms`."""

    ends_ms: Moment


class Progress(RoomEvent, tag="progress", kw_only=True):
    """Who changed after version `since`: user id -> (taps, last frame dealt with)."""

    since: Count
    taps: dict[str, tuple[Count, Count]]


class Blocked(RoomEvent, tag="blocked", kw_only=True):
    """A player broke the window rule and is out of this game."""

    user_id: UserId
    reason: str


class Reacted(msgspec.Struct, tag="reaction"):
    """Somebody's emoji for somebody.  It has no version: one that is missed is gone."""

    from_: UserId = msgspec.field(name="from")
    to: UserId
    emoji: str


class Finished(RoomEvent, tag="finished", kw_only=True):
    """The end as seen live; the money follows in `settled`."""

    winner: UserId | None
    prize: Stars
    standings: list[Standing]


class Cancelled(RoomEvent, tag="cancelled", kw_only=True):
    """No game; `refund_due` Stars go back to each paid seat."""

    reason: CancelReason
    refund_due: Stars


class Settled(msgspec.Struct, tag="settled"):
    """Personal: the recorded result, this user's part of it and the balance after it."""

    room_id: RoomId
    winner: UserId | None
    prize: Stars
    standings: list[Standing]
    payout: Stars
    balance: Stars


class Balance(msgspec.Struct, tag="balance"):
    """The caller's balance changed."""

    balance: Stars


class PaymentUpdate(msgspec.Struct, tag="payment"):
    """What became of one of the caller's payments."""

    payment_id: str
    status: PaymentState


class Bonus(msgspec.Struct, tag="bonus"):
    """The bonus run after taps or at its end; `seq` is the last frame dealt with, `reason` why it was cancelled."""

    taps: Count
    goal: Count
    started_ms: Moment
    ends_ms: Moment
    state: BonusState
    seq: Count
    reason: str | None


class Pong(msgspec.Struct, tag="pong"):
    """Answer to `ping`."""

    t: Any
    server_time_ms: Moment


class ErrorFrame(msgspec.Struct, tag="error", kw_only=True, omit_defaults=True):
    """A refusal; `for` names the refused frame's type, and `seq` repeats its own.  Of `enter`, `details` has `room_id`:
    the player may follow another room by then."""

    code: str
    message: str
    details: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    for_: str | None = msgspec.field(name="for")
    seq: int | msgspec.UnsetType = msgspec.UNSET


ServerFrame = (
    Welcome
    | Snapshot
    | PlayerJoined
    | PlayerLeft
    | Countdown
    | Started
    | Progress
    | Blocked
    | Reacted
    | Finished
    | Settled
    | Cancelled
    | Balance
    | PaymentUpdate
    | Bonus
    | Pong
    | ErrorFrame
)
