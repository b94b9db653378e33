"""How taps came as frames: fewer and larger ones than the app ever sends, and more taps than hands can make.

The app sends a frame at every 20 taps, or 200 ms after the first that was not sent.  Works with a handful of frames, so
that nobody hides by sending few, and in rooms of every kind, also those that a target ends after seconds.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from persistence.records.document import Frame
from persistence.records.rules import WINDOW_MS
from workers.signals.evidence import Signal, ramp
from workers.signals.rhythm import windows

_FEWEST_FRAMES: Final = 3
_FEWEST_TAPS: Final = 40
_SENT_AFTER_S: Final = 0.2
_SHORTEST_MS: Final = 4_000
_LONG_MS: Final = 20_000


def sparse(frames: Sequence[Frame]) -> Iterator[Signal]:
    """Taps a frame beside what the app gathers in 200 ms at the player's best rate.

    Timers are late on a busy phone: by up to 0.4 s, as they come, that made a factor of 1.5 at most in honest games.
    """
    taps = sum(frame.taps for frame in frames)
    if len(frames) < _FEWEST_FRAMES or taps < _FEWEST_TAPS:
        return
    best = max(windows(frames)) * 1000 / WINDOW_MS
    mean = taps / len(frames)
    expected = 1 + _SENT_AFTER_S * best
    score = ramp(mean / expected, 1.57, 1.7)
    if score > 0:
        yield Signal(
            "sparse_frames",
            score,
            f"{len(frames)} frames of {mean:.1f} taps on average; the app sends a frame after 200 ms, which at the best"
            f" rate of this game ({best:.1f} taps a second) holds {expected:.1f}",
        )


def beyond_hands(frames: Sequence[Frame]) -> Iterator[Signal]:
    """The mean rate from the start of the game on.  For a moment the rules allow more than the fastest hands hold."""
    if len(frames) < _FEWEST_FRAMES or frames[-1].stamp_ms < _SHORTEST_MS:
        return
    seconds = frames[-1].stamp_ms / 1000
    rate = sum(frame.taps for frame in frames) / seconds
    # For some seconds somebody may hold what tires everybody within a minute.
    nothing, certain = (23.8, 24.6) if frames[-1].stamp_ms >= _LONG_MS else (25.4, 27.0)
    score = ramp(rate, nothing, certain)
    if score > 0:
        yield Signal(
            "beyond_hands",
            score,
            f"{rate:.1f} taps a second over the first {seconds:.1f} s; the fastest hands hold 24 for moments",
        )
