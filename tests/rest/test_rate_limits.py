"""Rates: bursts pass, floods do not, and strangers cannot use up memory."""

import pytest

from gateway import rate_limits
from gateway.rate_limits import Rate, Rates
from persistence.errors import RateLimited


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(rate: Rate, caller: str, tries: int) -> int:
    passed = 0
    for _ in range(tries):
        try:
            rate.take(caller)
        except RateLimited:
            continue
        passed += 1
    return passed


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    rate = Rate(per_s=20, burst=60, clock=clock)
    assert taken(rate, "7", 100) == 60
    assert taken(rate, "8", 100) == 60
    clock.now += 1
    assert taken(rate, "7", 100) == 20
    clock.now += 3600
    assert taken(rate, "7", 100) == 60


def test_retry_after_is_when_the_next_one_passes() -> None:
    clock = Clock()
    rate = Rate(per_s=0.5, burst=1, clock=clock)
    rate.take("7")
    with pytest.raises(RateLimited) as refusal:
        rate.take("7")
    clock.now += refusal.value.retry_after_s
    rate.take("7")


def test_memory_is_bounded_and_the_forgotten_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "_MAX_CALLERS", 10)
    rate = Rate(per_s=1, burst=1)
    for number in range(100):
        rate.take(str(number))
    assert len(rate._full_at) == 10
    rate.take("0")


def test_what_mobile_networks_do_is_normal() -> None:
    rates = Rates()
    assert taken(rates.login, "one player", 10) == 10
    assert taken(rates.user, "one player", 20) == 20
    assert all(taken(rates.user, str(player), 1) == 1 for player in range(1000))
