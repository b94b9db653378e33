"""From the events about users to the sockets of this gateway that they concern.

Owns the reading of events, the frame of every one that has one, and who gets it.  Must never look anything up: an
event carries what its frame says.
"""

from collections.abc import Callable
from typing import assert_never

import structlog

from gateway.live import metrics
from gateway.live.client import Client
from gateway.live.progress import encode_frame
from gateway.live.users import UserSockets
from gateway.schemas.bonus import bonus_frame
from gateway.schemas.messages import Balance, PaymentUpdate, Settled
from gateway.schemas.room import Standing
from gateway.ws.frames import CloseCode
from persistence.redis import user_events
from persistence.redis.user_events import (
    AccountChanged,
    BalanceChanged,
    Banned,
    BonusChanged,
    Entered,
    PaymentChanged,
    SessionsEnded,
    UnreadableEvent,
)

log = structlog.get_logger(__name__)

FramedEvent = BalanceChanged | PaymentChanged | BonusChanged | user_events.Settled


class UserEventRouter:
    """`on_account` gets the id of every user whose account changed, whether a socket of theirs is here or not."""

    def __init__(self, users: UserSockets, on_account: Callable[[str], None]) -> None:
        self._users = users
        self._on_account = on_account
        self._is_noticed = False  # that there are events that cannot be read

    def on_message(self, payload: bytes) -> None:
        """One message of a channel of events.  What this version cannot read is counted and passed over."""
        try:
            message = user_events.decode(payload)
        except UnreadableEvent as error:
            metrics.unreadable_user_events.inc()
            if not self._is_noticed:
                self._is_noticed = True
                log.warning("a user event could not be read; more of them are only counted", problem=str(error))
            return
        user_id, event = message.user_id, message.event
        match event:
            case Banned():
                self._on_account(user_id)
                self._users.close(user_id, CloseCode.BANNED)
            case SessionsEnded():
                self._on_account(user_id)
                self._users.end_sessions(user_id, event.first_epoch)
            case AccountChanged():
                self._on_account(user_id)
            case Entered():
                self._entered(self._users.of(user_id), event)
            case _:
                self._send(self._users.of(user_id), event)

    def _entered(self, clients: tuple[Client, ...], entered: Entered) -> None:
        """Events come to all gateways in one order, so of two that enter at once all agree who was last."""
        for client in clients:
            if client.room_id != entered.room_id:
                continue
            if client.name == entered.socket:
                client.confirmed = True
            elif client.confirmed:
                client.close(CloseCode.REPLACED, "entered elsewhere")

    def _send(self, clients: tuple[Client, ...], event: FramedEvent) -> None:
        if not clients:
            return
        frame = frame_of(event)
        for client in clients:
            # A result is not for a socket that follows another room by now; its snapshot has what concerns it.
            elsewhere = isinstance(event, user_events.Settled) and client.room_id not in (None, event.room_id)
            if client.is_welcome and not elsewhere:
                client.send(frame)


def frame_of(event: FramedEvent) -> bytes:
    """The finished frame of an event."""
    match event:
        case BalanceChanged():
            return encode_frame(Balance(event.balance))
        case PaymentChanged():
            return encode_frame(PaymentUpdate(event.payment_id, event.state))
        case BonusChanged():
            return encode_frame(bonus_frame(event))
        case user_events.Settled():
            return encode_frame(_settled(event))
        case _:
            assert_never(event)


def _settled(event: user_events.Settled) -> Settled:
    return Settled(
        room_id=event.room_id,
        winner=event.winner,
        prize=event.prize,
        standings=[Standing(line.place, line.user_id, line.taps, line.prize) for line in event.standings],
        payout=event.payout,
        balance=event.balance,
    )
