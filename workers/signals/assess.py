"""All signals of a game together."""

from collections.abc import Mapping, Sequence
from typing import Final

from workers.signals import clock, rhythm, shared_origin
from workers.signals.evidence import Assessment, Observations, Signal, Tapper

REVIEW_FROM: Final = 0.7


def assess(tappers: Sequence[Tapper], observations: Observations) -> list[Assessment]:
    """One assessment for each player.  Rhythms are compared with the earlier games of all players of the room, and
    with each other."""
    gaps = {tapper.user_id: rhythm.gaps_of(tapper.frames) for tapper in tappers}
    earlier: dict[str, Sequence[rhythm.Gap]] = {
        f"player {tapper.user_id} in room {room_id}": rhythm.unpack(kept)
        for tapper in tappers
        for room_id, kept in tapper.earlier.items()
    }
    found = []
    for tapper in tappers:
        others = earlier | {
            f"player {user_id} in the same room": other for user_id, other in gaps.items() if user_id != tapper.user_id
        }
        found.append(_together(tapper.user_id, _signals(tapper, gaps[tapper.user_id], others, observations)))
    return found


def _signals(
    tapper: Tapper, gaps: Sequence[rhythm.Gap], others: Mapping[str, Sequence[rhythm.Gap]], observations: Observations
) -> list[Signal]:
    frames = tapper.frames
    return [
        *rhythm.regularity(frames),
        *rhythm.grid(frames),
        *rhythm.pinned(frames),
        *rhythm.replayed(gaps, others),
        *clock.drift(frames),
        *clock.held_back(tapper.user_id, observations),
        *shared_origin.shared(tapper.user_id, observations),
    ]


def _together(user_id: str, signals: list[Signal]) -> Assessment:
    """Signals count as independent witnesses: together they are what is left of no suspicion at all."""
    innocent = 1.0
    for signal in signals:
        innocent *= 1 - signal.score
    score = round(1 - innocent, 4)
    return Assessment(user_id, score, score >= REVIEW_FROM, signals)
