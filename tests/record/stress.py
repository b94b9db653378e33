"""People beyond what the signals were set up with: who must be left in peace all the same."""

import random
from collections.abc import Callable
from dataclasses import replace

from cli.simulate import people
from cli.simulate.people import FASTEST_HONEST, Person

Draw = Callable[[random.Random], Person]


def steady(rng: random.Random) -> Person:
    """Steadier than anybody the detector was set up with: a trained drummer who hardly tires."""
    return Person(
        rate=rng.uniform(6, 11),
        fingers=rng.choice((1, 2)),
        clock_cv=rng.uniform(0.01, 0.02),
        motor_ms=rng.uniform(2.5, 4),
        fatigue=rng.uniform(0, 0.05),
        wander=rng.uniform(0.003, 0.01),
        pauses_a_minute=0,
        digitizer_ms=rng.choice((0, 4.17, 8.33, 16.67)),
    )


def fastest(rng: random.Random) -> Person:
    """Whole hands at the highest honest rate all the time, which no part of the usual draw does."""
    return Person(
        rate=FASTEST_HONEST,
        fingers=4,
        clock_cv=rng.uniform(0.02, 0.08),
        motor_ms=rng.uniform(4, 12),
        fatigue=rng.uniform(0, 0.05),
        wander=rng.uniform(0.005, 0.02),
        uneven_ms=rng.uniform(0, 8),
        pauses_a_minute=0,
        digitizer_ms=rng.choice((4.17, 8.33, 16.67)),
    )


def _calmer(person: Person, by: float) -> Person:
    return replace(person, clock_cv=person.clock_cv * by, motor_ms=person.motor_ms * by)


STRESS: dict[str, Draw] = {
    "24 taps/s at first, tiring": lambda rng: replace(fastest(rng), fatigue=max(0.08, rng.gauss(0.17, 0.07))),
    "24 taps/s for a minute": fastest,
    "steadier than trained drummers": steady,
    "half as unsteady as anybody": lambda rng: _calmer(people.anybody(rng), 0.5),
    "screens at 30 pictures a second": lambda rng: replace(people.anybody(rng), digitizer_ms=33.33),
    "no fatigue at all": lambda rng: replace(people.anybody(rng), fatigue=0.0),
}
