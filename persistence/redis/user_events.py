"""What happened to one user, published to every gateway.

Owns the events, their one encoding and the channels that they go by.  An event is a hint: it may be lost, and whatever
it says is read again at `hello`.  Must never know the frames of the protocol: the gateway alone makes frames of events.

Gateways of two versions stand side by side during a deployment.  Fields that a later version adds are passed over; an
event that cannot be read here raises `UnreadableEvent`, and nothing but that event is lost.
"""

from typing import Final

import msgspec

from persistence.redis import keys
from persistence.redis.connection import ignore_reply
from persistence.redis.router import Router
from persistence.vocabulary import BonusState, PaymentState


class BalanceChanged(msgspec.Struct, tag="balance_changed", frozen=True):
    """`balance` in Stars, as it was right after the change."""

    balance: int


class PaymentChanged(msgspec.Struct, tag="payment_changed", frozen=True):
    """A payment of the user has come to another state."""

    payment_id: str
    state: PaymentState


class RankedPlayer(msgspec.Struct, frozen=True):
    """One line of a result; a blocked player has no place."""

    place: int | None
    user_id: str
    taps: int
    prize: int


class Settled(msgspec.Struct, tag="settled", frozen=True, kw_only=True):
    """The decision about a room in which the user sat or which the user organized; `payout` is the user's part."""

    room_id: str
    winner: str | None
    prize: int
    standings: list[RankedPlayer]
    payout: int
    balance: int


class BonusChanged(msgspec.Struct, tag="bonus_changed", frozen=True, kw_only=True):
    """The user's bonus run came to an end; `reason`: why it was cancelled."""

    state: BonusState
    taps: int
    goal: int
    started_ms: int
    ends_ms: int
    seq: int
    reason: str | None


class Banned(msgspec.Struct, tag="banned", frozen=True):
    """The account was banned."""


class SessionsEnded(msgspec.Struct, tag="sessions_ended", frozen=True):
    """Sessions of an epoch before `first_epoch` hold no more."""

    first_epoch: int


class AccountChanged(msgspec.Struct, tag="account_changed", frozen=True):
    """Something else about the account: whoever keeps a copy reads it again."""


class Entered(msgspec.Struct, tag="entered", frozen=True):
    """A socket of the user follows a room; `socket` is its name, different from that of every other socket."""

    room_id: str
    socket: str


UserEvent = BalanceChanged | PaymentChanged | Settled | BonusChanged | Banned | SessionsEnded | AccountChanged | Entered


class AddressedEvent(msgspec.Struct, frozen=True):
    """An event, and whose it is."""

    user_id: str
    event: UserEvent


class UnreadableEvent(Exception):
    """What came through a channel of events is none of this version's."""


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(AddressedEvent).decode


def encode(user_id: int | str, event: UserEvent) -> bytes:
    """The message that carries an event."""
    return _encode(AddressedEvent(str(user_id), event))


def decode(message: bytes) -> AddressedEvent:
    """The event in a message.

    Raises:
        UnreadableEvent: it is no event, or one that this version does not know.
    """
    try:
        return _decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableEvent(str(error)) from error


class UserEvents:
    """Publishes.  Whoever listens subscribes to `keys.USER_EVENTS_CHANNELS`."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def publish(self, user_id: int | str, event: UserEvent) -> None:
        """Send an event to every gateway without waiting.  It may be lost."""
        channel = keys.user_events_channel(user_id)
        self._router.send(keys.slot_of_key(channel), ("SPUBLISH", channel, encode(user_id, event)), ignore_reply)

    async def publish_confirmed(self, user_id: int | str, event: UserEvent) -> None:
        """As `publish`, and known to have been sent on return: for a process that ends soon after.

        Raises:
            StoreUnavailable: Redis does not answer; the event may have been sent.
        """
        channel = keys.user_events_channel(user_id)
        await self._router.execute(keys.slot_of_key(channel), "SPUBLISH", channel, encode(user_id, event))
