"""When frames came beside what their stamps say: a clock that runs wrong, and frames held back."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from persistence.records.document import Frame
from workers.signals.evidence import Observations, Signal, ramp

_PARTS: Final = 6
_FEWEST_FRAMES: Final = 30


def drift(frames: Sequence[Frame]) -> Iterator[Signal]:
    """The shortest delay from stamp to arrival stays the same for an honest clock, whatever the network does.

    It may change once by some hundred milliseconds where a phone changes its network; a clock that runs wrong moves
    it all the time, and in one direction.
    """
    if len(frames) < _FEWEST_FRAMES:
        return
    shortest = _shortest_delays(frames)
    steps = [later - sooner for sooner, later in pairwise(shortest)]
    change = shortest[-1] - shortest[0]
    # Without the largest step: a change of network is one.
    steady = sorted(steps, key=abs)[:-1]
    one_way = sum(steady)
    if abs(one_way) > 300 and all(step * one_way > 0 for step in steady):
        seconds = (frames[-1].at_ms - frames[0].at_ms) / 1000
        score = ramp(abs(one_way), 300, 800)
        yield Signal(
            "clock_drift",
            score,
            f"the shortest delay from stamp to arrival went from {shortest[0]} to {shortest[-1]} ms in {seconds:.0f} s"
            f" ({change / seconds:+.1f} ms a second, in every sixth of the game); good clocks keep it within 10 ms",
        )
    ahead = sum(frame.stamp_ms == frame.at_ms for frame in frames) / len(frames)
    if ahead > 0.3:
        yield Signal("clock_ahead", 0.3 * ramp(ahead, 0.3, 0.9), f"{ahead:.0%} of the frames are stamped in the future")


def _shortest_delays(frames: Sequence[Frame]) -> list[int]:
    size = len(frames) / _PARTS
    parts = [frames[int(part * size) : int((part + 1) * size)] for part in range(_PARTS)]
    return [min(frame.at_ms - frame.stamp_ms for frame in part) for part in parts]


def held_back(user_id: str, observations: Observations) -> Iterator[Signal]:
    """Frames that came late on a socket which answered questions asked after their taps."""
    late = observations.get((user_id, "held", "1"), 0)
    score = ramp(late, 2, 10)
    if score > 0:
        yield Signal(
            "held_back",
            score,
            f"{late} frames came over 1.5 s after their taps, though the socket had answered a ping sent after them",
        )
