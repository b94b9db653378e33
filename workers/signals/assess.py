"""All signals of a game together."""

from collections.abc import Mapping, Sequence
from typing import Final

from workers.signals import clock, frames, pairs, rhythm, shared_origin
from workers.signals.evidence import Assessment, Observations, Signal, Tapper

REVIEW_FROM: Final = 0.7

Company = tuple[str, Mapping[str, pairs.SmallGames], int]
"""The winner of the game, the latest games of its players, and the highest stake of a standard room."""


def assess(tappers: Sequence[Tapper], observations: Observations, company: Company | None = None) -> list[Assessment]:
    """One assessment for each player.  Rhythms are compared with the earlier games of all players of the room, and
    with each other.  `company`: with whom the players of a game of few have played in the latest days."""
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
        fed = () if company is None else pairs.fed(tapper.user_id, *company)
        found.append(_together(tapper.user_id, _signals(tapper, gaps[tapper.user_id], others, observations), [*fed]))
    return found


def _signals(
    tapper: Tapper, gaps: Sequence[rhythm.Gap], others: Mapping[str, Sequence[rhythm.Gap]], observations: Observations
) -> list[Signal]:
    own = tapper.frames
    whole = own
    if len(own) <= rhythm.FEWEST_FRAMES:
        whole = rhythm.together(own, [rhythm.unpack(kept) for kept in tapper.earlier.values()])
    return [
        *rhythm.regularity(whole),
        *rhythm.grid(own),
        *rhythm.pinned(whole),
        *rhythm.tireless(own),
        *rhythm.replayed(gaps, others),
        *frames.sparse(own),
        *frames.beyond_hands(own),
        *clock.drift(own),
        *clock.held_back(tapper.user_id, observations),
        *shared_origin.shared(tapper.user_id, observations),
    ]


def _together(user_id: str, signals: list[Signal], fed: Sequence[pairs.Fed]) -> Assessment:
    """Signals of the game count as independent witnesses: together they are what is left of no suspicion at all.  What
    many games say is no witness beside them, since it is made of the same signals of those."""
    innocent = 1.0
    for signal in signals:
        innocent *= 1 - signal.score
    over_games = sorted(fed, key=lambda each: -each.signal.score)[:1]
    score = round(max([1 - innocent, *(each.signal.score for each in over_games)]), 4)
    since_ms = min((each.since_ms for each in over_games if each.signal.score >= REVIEW_FROM), default=None)
    listed = signals + [each.signal for each in over_games]
    return Assessment(user_id, score, score >= REVIEW_FROM, listed, since_ms)
