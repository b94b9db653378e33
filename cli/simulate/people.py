"""How people tap: rates, unsteady hands, fatigue, pauses, and phones that see a finger some times a second only.

The rhythm is the two-process model of repetitive tapping (Wing and Kristofferson, 1973): a clock whose ticks vary and
add up, and a delay of each movement that varies and does not.  What is measured elsewhere and what is assumed stands
in `docs/anticheat.md`.  Times are milliseconds.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

FASTEST_HONEST = 24.0
"""Taps a second with many fingers."""


@dataclass(frozen=True, slots=True)
class Person:
    """`rate` is that of the first seconds; `fatigue` the part of it that goes, by exp(-t / fatigue_s).

    `clock_cv` is the clock's standard deviation as a part of the interval, `motor_ms` that of a movement's delay.
    `uneven_ms` sets the fingers apart from their even places.  `digitizer_ms` 0: the screen reports at once.
    """

    rate: float
    fingers: int = 1
    clock_cv: float = 0.05
    motor_ms: float = 8.0
    fatigue: float = 0.17
    fatigue_s: float = 15.0
    wander: float = 0.02
    uneven_ms: float = 0.0
    pauses_a_minute: float = 1.0
    digitizer_ms: float = 8.33

    def taps(self, start_ms: float, rng: random.Random) -> Iterator[float]:
        """Moments of taps from the reaction to the start on, for ever."""
        uneven = [rng.uniform(-self.uneven_ms, self.uneven_ms) for _ in range(self.fingers)]
        clock = start_ms + rng.uniform(120, 450)
        phase = rng.uniform(0, self.digitizer_ms)
        drift, last, number = 0.0, start_ms, 0
        while True:
            tired = 1 - self.fatigue * (1 - math.exp(-(clock - start_ms) / 1000 / self.fatigue_s))
            drift += rng.gauss(0, self.wander * 0.2) - drift * 0.02
            interval = 1000 / self.rate / tired * math.exp(drift)
            clock += max(0.2, rng.gauss(1, self.clock_cv)) * interval
            if rng.random() < self.pauses_a_minute * interval / 60_000:
                clock += rng.lognormvariate(6.2, 0.6)  # half a second, sometimes two: a look away, a finger that slips
            moment = clock + rng.gauss(0, self.motor_ms) + uneven[number % self.fingers]
            number += 1
            if self.digitizer_ms:
                moment = math.ceil((moment - phase) / self.digitizer_ms) * self.digitizer_ms + phase
            last = max(last, moment)
            yield last


def anybody(rng: random.Random) -> Person:
    """A player drawn from everybody: most tap with one finger, many with two thumbs, some with a whole hand."""
    fingers = rng.choices((1, 2, 3, 4), (50, 35, 8, 7))[0]
    low, usual, high = {1: (3.5, 6.0, 8.0), 2: (6.0, 9.5, 14.0), 3: (9, 14, 19), 4: (11, 17, FASTEST_HONEST)}[fingers]
    paces_self = rng.random() < 0.1
    return Person(
        rate=rng.triangular(low, high, usual),
        fingers=fingers,
        clock_cv=_clip(rng.lognormvariate(math.log(0.05), 0.4), 0.02, 0.2),
        motor_ms=_clip(rng.lognormvariate(math.log(8), 0.4), 4, 25),
        fatigue=0.02 if paces_self else _clip(rng.gauss(0.17, 0.07), 0, 0.45),
        fatigue_s=rng.uniform(8, 30),
        wander=rng.uniform(0.01, 0.05),
        uneven_ms=0 if fingers == 1 else rng.uniform(0, 0.35) * 1000 / usual,
        pauses_a_minute=rng.choice((0, 0, 1, 2, 5)),
        digitizer_ms=rng.choice((0, 4.17, 8.33, 8.33, 16.67, 16.67)),
    )


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
