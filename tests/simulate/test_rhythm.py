"""Honest rhythms never trip the window rule, whatever the rate and the timers do."""

import random
from itertools import islice, takewhile

import pytest

from cli.simulate.rhythm import FRAME_TAPS, HUMAN_RATES, WINDOW_TAPS, Packer, human_rate, taps

START, END = 1_000_000, 1_060_000


def packer(
    rate: float, seed: int, *, jitter: float = 0.25, timer_jitter_ms: float = 15.0, obeys: bool = True
) -> Packer:
    rng = random.Random(seed)
    return Packer(taps(START, rate, rng, jitter), START, END, rng, timer_jitter_ms, obeys)


def worst_window(frames: list[tuple[int, int]]) -> int:
    """The largest sum over (t - 2000, t], by the rule's own words."""
    return max(sum(count for at, count in frames if stamp - 2000 < at <= stamp) for stamp, _ in frames)


@pytest.mark.parametrize("rate", [4, 9, 24, 40])
@pytest.mark.parametrize("timer_jitter_ms", [0, 15, 150])
@pytest.mark.parametrize("seed", range(5))
def test_honest_frames_stay_inside_the_window(rate: float, timer_jitter_ms: float, seed: int) -> None:
    frames = list(packer(rate, seed, timer_jitter_ms=timer_jitter_ms).frames())
    assert worst_window([(frame.stamp_ms, frame.count) for frame in frames]) <= WINDOW_TAPS
    assert all(1 <= frame.count <= FRAME_TAPS for frame in frames)
    assert all(START <= frame.stamp_ms < END and frame.stamp_ms <= frame.send_ms <= END for frame in frames)
    stamps = [frame.stamp_ms for frame in frames]
    assert stamps == sorted(stamps)


def test_every_tap_is_in_a_frame_or_held_back() -> None:
    for rate in (5, 24, 40):
        made = len(list(takewhile(lambda at: at < END, taps(START, rate, random.Random(3)))))
        rng = random.Random(4)
        bundled = Packer(taps(START, rate, random.Random(3)), START, END, rng)
        assert sum(frame.count for frame in bundled.frames()) + bundled.held == made


def test_people_lose_nothing_to_the_window() -> None:
    for seed in range(20):
        person = packer(human_rate(random.Random(seed)), seed)
        list(person.frames())
        assert person.held == 0


def test_a_cheat_breaks_the_window() -> None:
    frames = list(packer(30, 1, jitter=0, obeys=False).frames())
    assert worst_window([(frame.stamp_ms, frame.count) for frame in frames]) > WINDOW_TAPS


def test_rates_are_those_of_people() -> None:
    rng = random.Random(7)
    low, high = HUMAN_RATES
    for _ in range(50):
        rate = human_rate(rng)
        assert low <= rate <= high
        moments = list(islice(taps(0, rate, rng), 400))
        assert moments == sorted(moments)
        assert 0.75 * rate < 399 / (moments[-1] - moments[0]) * 1000 < 1.25 * rate
