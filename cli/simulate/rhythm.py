"""When a player taps, and how taps become frames.

`taps` makes the moments of single taps; `Packer` bundles them as the protocol asks: 20 taps or 200 ms after the first
unsent one, and never more than 50 in any 2 s, so an honest player cannot trip the cheat rule.  Moments are server time
in milliseconds.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

FRAME_TAPS = 20
FRAME_MS = 200
WINDOW_MS = 2000
WINDOW_TAPS = 50
HUMAN_RATES = (4.0, 9.0)


def human_rate(rng: random.Random) -> float:
    """Taps a second of one person in one game: most tap 5 to 7 times."""
    low, high = HUMAN_RATES
    return rng.triangular(low, high, 5.8)


def taps(start_ms: float, rate: float, rng: random.Random, jitter: float = 0.25) -> Iterator[float]:
    """Moments of taps from `start_ms` on: `rate` a second on average, each gap off by `jitter` (standard deviation).

    The rate also wanders slowly, as a tiring hand does; `jitter=0` is a machine.
    """
    at = start_ms + (rng.uniform(120, 450) if jitter else 0.0)
    drift = 1.0
    while True:
        yield at
        gap = 1000 / rate
        if jitter:
            drift += rng.uniform(-0.02, 0.02) + (1.0 - drift) * 0.05
            gap *= drift * max(0.3, rng.gauss(1.0, jitter))
        at += gap


Moments = Callable[[float, random.Random], Iterator[float]]
"""Makes the moments of taps from a start (ms) on."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a player taps.  `rate` None is a person's own; `outages` are (seconds after the start, length in seconds).

    `moments` makes the taps instead of `rate` and `jitter`.  The rest is for cheats: `clock_rate` is how fast the
    clock of the stamps goes, `frame_ms` how long taps are gathered, `hold_s` for how long frames are kept back,
    `last_s` for how long before the end nothing is sent until the others' counts are known, `silent` whether pings stay
    unanswered then, `hero` whether it is played in a room with a target, `devices` are taken in turn, and who has the
    same `household` has the same address and device.
    """

    name: str = "person"
    rate: float | None = None
    jitter: float = 0.25
    timer_jitter_ms: float = 15.0
    obeys: bool = True
    outages: tuple[tuple[float, float], ...] = ()
    moments: Moments | None = None
    clock_rate: float = 1.0
    hold_s: float = 0.0
    devices: tuple[str, ...] = ()
    change_device_s: float = 0.0
    household: str = ""
    frame_ms: float = FRAME_MS
    last_s: float = 0.0
    silent: bool = False
    hero: bool = False

    def taps(self, start_ms: float, rng: random.Random) -> Iterator[float]:
        """The moments at which this player taps, from `start_ms` on."""
        if self.moments is not None:
            return self.moments(start_ms, rng)
        return taps(start_ms, human_rate(rng) if self.rate is None else self.rate, rng, self.jitter)

    def stamp(self, moment_ms: int, starts_ms: int) -> int:
        """What this player's clock says at a moment of the game."""
        return starts_ms + int((moment_ms - starts_ms) * self.clock_rate)


PERSON = Style()


@dataclass(frozen=True, slots=True)
class Planned:
    """One frame: `count` taps, the last of them at `stamp_ms`, to be sent at `send_ms`."""

    send_ms: float
    stamp_ms: int
    count: int


@dataclass(slots=True)
class Packer:
    """Bundles taps into frames until `ends_ms`.  `obeys=False` leaves rule 4 out, as a cheat's client would."""

    moments: Iterator[float]
    starts_ms: int
    ends_ms: int
    rng: random.Random
    timer_jitter_ms: float = 15.0
    obeys: bool = True
    frame_ms: float = FRAME_MS
    held: int = 0
    _next: float | None = None
    _last_stamp_ms: int = 0
    _window: deque[tuple[int, int]] = field(default_factory=deque)

    def frames(self) -> Iterator[Planned]:
        """Every frame of the game, in the order of sending; taps still held back at the end are never sent."""
        first = next(self.moments)
        while first < self.ends_ms:
            deadline = min(first + self.frame_ms + self.rng.uniform(0, self.timer_jitter_ms), self.ends_ms)
            count, last = 0, first
            while first < deadline and count < FRAME_TAPS:
                count, last, first = count + 1, first, next(self.moments)
            stamp = max(int(last), self._last_stamp_ms, self.starts_ms)
            allowed = self._allow(stamp, count + self.held)
            self.held += count - allowed
            if allowed:
                self._last_stamp_ms = stamp
                yield Planned(last if count == FRAME_TAPS else deadline, stamp, allowed)

    def _allow(self, stamp_ms: int, wanted: int) -> int:
        if not self.obeys:
            return min(wanted, FRAME_TAPS)
        window = self._window
        while window and window[0][0] <= stamp_ms - WINDOW_MS:
            window.popleft()
        allowed = min(wanted, FRAME_TAPS, WINDOW_TAPS - sum(count for _, count in window))
        if allowed > 0:
            window.append((stamp_ms, allowed))
        return max(allowed, 0)
