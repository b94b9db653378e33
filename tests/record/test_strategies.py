"""The search for what a modified client gains finds a weakness that is there."""

from dataclasses import replace

import pytest

from persistence.redis.codes import TapFrame, TapMark, TapStatus
from tests.lua.rules import Taps
from tests.record import strategies
from tests.record.population import MOST_GAIN
from tests.record.strategies import HONEST, Absence, Strategy, counted, fingers, gains, sent


class WithoutLateTaps(Taps):
    """The rules as they were: late taps count like all others."""

    def apply(self, frame: TapFrame, now: int, starts_ms: int, ends_ms: int) -> TapStatus:
        return super().apply(frame._replace(mark=TapMark.NONE), now, starts_ms, max(ends_ms, now + 1))


def test_the_app_counts_every_tap_of_its_fingers() -> None:
    for seed in range(5):
        assert counted(sent(fingers(seed), HONEST)) == len(fingers(seed))


def test_what_is_sent_twice_or_with_numbers_left_out_counts_once() -> None:
    assert set(gains(replace(HONEST, twice=True, gaps=7), range(3))) == {0}


def test_frames_held_while_pings_are_answered_gain_nothing() -> None:
    held = Strategy(late_ms=3_000)
    assert max(gains(held, range(3))) < 0
    assert max(gains(held, range(3), WithoutLateTaps)) <= 0


def test_the_search_finds_a_planted_weakness() -> None:
    found = strategies.search(3, drawn_count=12, climbed=6, hands=2, rules=WithoutLateTaps)
    assert found.mean_gain > 4 * MOST_GAIN
    assert any(each.rate > 0 for each in found.strategy.absences)


def test_one_long_absence_at_the_end_gained_much_without_the_rule() -> None:
    last = Strategy(absences=(Absence(49_000, 10_900, 24.9, 20),))
    bound, free = gains(last, range(6)), gains(last, range(6), WithoutLateTaps)
    assert all(now < before - 50 for now, before in zip(bound, free, strict=True))


@pytest.mark.parametrize(
    "absences",
    [
        (Absence(49_000, 10_900, 24.9, 20),),
        (Absence(2_000, 9_000, 24.9, 20),),
        tuple(Absence(at, 1_900, 24.9, 20) for at in range(20_000, 59_000, 4_000)),
    ],
    ids=["at the end", "at the start", "many"],
)
def test_whatever_is_claimed_for_absences_gains_little(absences: tuple[Absence, ...]) -> None:
    gained = gains(Strategy(absences=absences), range(100, 130))
    assert 0 < sum(gained) / len(gained) <= MOST_GAIN
