"""What players get to see of the events about them.

Owns the frame of every event that has one.  Must never look anything up: an event carries what its frame says.
"""

from typing import assert_never

from gateway.live.progress import encode_frame
from gateway.schemas.bonus import bonus_frame
from gateway.schemas.messages import Balance, PaymentNews, Settled
from gateway.schemas.room import Standing
from persistence.redis import user_events
from persistence.redis.user_events import BalanceChanged, BonusChanged, PaymentChanged

FramedEvent = BalanceChanged | PaymentChanged | BonusChanged | user_events.Settled


def frame_of(event: FramedEvent) -> bytes:
    """The finished frame of an event."""
    match event:
        case BalanceChanged():
            return encode_frame(Balance(event.balance))
        case PaymentChanged():
            return encode_frame(PaymentNews(event.payment_id, event.state))
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
