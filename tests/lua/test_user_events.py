"""Events about users: what is published is what is heard, and what cannot be read harms nobody."""

import asyncio
from typing import get_args

import msgspec
import pytest

from persistence.redis import keys, user_events
from persistence.redis.store import RedisStore
from persistence.redis.user_events import (
    AccountChanged,
    BalanceChanged,
    Banned,
    BonusChanged,
    Entered,
    PaymentChanged,
    RankedPlayer,
    SessionsEnded,
    Settled,
    UnreadableEvent,
    UserEvent,
)
from tests.fixtures.user_events import Ear

ALL: list[UserEvent] = [
    BalanceChanged(7),
    PaymentChanged("6f1c", "paid"),
    Settled(
        room_id="00abcdefghijklmn",
        winner="12",
        prize=90,
        standings=[RankedPlayer(1, "12", 40, 90), RankedPlayer(None, "13", 60, 0)],
        payout=90,
        balance=190,
    ),
    Settled(room_id="00abcdefghijklmn", winner=None, prize=0, standings=[], payout=50, balance=100),
    BonusChanged(state="cancelled", taps=5, goal=40, started_ms=1, ends_ms=2, seq=3, reason="too_fast"),
    Banned(),
    SessionsEnded(3),
    AccountChanged(),
    Entered("00abcdefghijklmn", "a1b2:7"),
]
UNREADABLE = {
    "no JSON": b"nonsense",
    "nothing": b"",
    "a list": b"[]",
    "without a user": b'{"event":{"type":"banned"}}',
    "without an event": b'{"user_id":"1"}',
    "an event without a type": b'{"user_id":"1","event":{}}',
    "a kind of a later version": b'{"user_id":"1","event":{"type":"promoted"}}',
    "a field is missing": b'{"user_id":"1","event":{"type":"balance_changed"}}',
    "a field of another type": b'{"user_id":"1","event":{"type":"balance_changed","balance":"7"}}',
    "a later state": b'{"user_id":"1","event":{"type":"payment_changed","payment_id":"6f","state":"lent"}}',
    "no UTF-8": b'{"user_id":"\xff","event":{"type":"banned"}}',
    "deep": b'{"user_id":"1","event":{"type":"banned","more":' + b"[" * 100_000,
}


@pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was(event: UserEvent) -> None:
    assert user_events.decode(user_events.encode(12, event)) == user_events.AddressedEvent("12", event)


def test_every_kind_is_tried_here() -> None:
    assert {type(event) for event in ALL} == set(get_args(UserEvent))


@pytest.mark.parametrize("message", UNREADABLE.values(), ids=list(UNREADABLE))
def test_what_cannot_be_read(message: bytes) -> None:
    with pytest.raises(UnreadableEvent):
        user_events.decode(message)


def test_what_a_later_version_adds_is_passed_over() -> None:
    message = b'{"user_id":"1","from":"worker","event":{"type":"balance_changed","balance":7,"reason":"prize"}}'
    assert user_events.decode(message).event == BalanceChanged(7)


async def test_every_user_is_heard(live: RedisStore, ear: Ear) -> None:
    users = [12_345_678_901 + number for number in range(2 * keys.PARTITIONS)]
    for number, user_id in enumerate(users):
        live.user_events.publish(user_id if number % 2 else str(user_id), BalanceChanged(number))
    assert await ear.by_user(len(users)) == {
        str(user_id): BalanceChanged(number) for number, user_id in enumerate(users)
    }


async def test_confirmed_it_is_on_its_way_when_the_process_goes_on(redis_url: str, ear: Ear) -> None:
    brief = await RedisStore.open(redis_url, heartbeat=False)
    await brief.user_events.publish_confirmed(7, Banned())
    await brief.close()
    assert await ear.next(1) == [("7", Banned())]


async def test_of_one_user_they_come_in_their_order(live: RedisStore, ear: Ear) -> None:
    await asyncio.gather(*(live.user_events.publish_confirmed(7, BalanceChanged(number)) for number in range(100)))
    assert await ear.next(100) == [("7", BalanceChanged(number)) for number in range(100)]


def test_an_event_says_its_kind_and_its_user() -> None:
    """What gateways of two versions have in common."""
    message = msgspec.json.decode(user_events.encode(7, BalanceChanged(5)))
    assert message == {"user_id": "7", "event": {"type": "balance_changed", "balance": 5}}
