"""What the signals look at, and what they say."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from persistence.records.document import Frame

Observations = Mapping[tuple[str, str, str], int]
"""How often gateways noted (user id, kind, value)."""


class Tapper(NamedTuple):
    """One player of a game; `earlier` are rhythms of the player's games before, by room id."""

    user_id: str
    frames: Sequence[Frame]
    earlier: Mapping[str, bytes]


class Signal(msgspec.Struct, frozen=True):
    """`score` 0 is nothing, 1 is certain; `why` explains it with the numbers."""

    name: str
    score: float
    why: str


class Assessment(msgspec.Struct, frozen=True):
    """All signals of one player in one game.  `review`: an operator should look; `since_ms` (of the server's time): not
    at this game alone, but at what came after that moment."""

    user_id: str
    score: float
    review: bool
    signals: list[Signal]
    since_ms: int | None = None


def ramp(value: float, nothing: float, certain: float) -> float:
    """0 at `nothing`, 1 at `certain`, in a straight line between; either may be the larger."""
    return min(max((value - nothing) / (certain - nothing), 0.0), 1.0)
