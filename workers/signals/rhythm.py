"""How a player tapped: too regular, on a grid, at the limit without tiring, or exactly as in another game.

A frame holds the moment of its last tap and a count, so the time between two frames is that of `count` taps.
"""

import cmath
import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from struct import Struct
from typing import Final, NamedTuple

from persistence.records.document import Frame
from persistence.records.rules import WINDOW_MS, WINDOW_TAPS
from workers.signals.evidence import Signal, ramp

FEWEST_FRAMES: Final = 40
_NEIGHBOURS: Final = 8
_TRIM: Final = 0.05
_RATE_WINDOW_MS: Final = 5_000
# Coarser than what a screen at 30 pictures a second does to the touches of people.
_GRIDS_MS: Final = (40.0, 50.0, 60.0, 75.0, 80.0, 100.0, 120.0, 125.0, 150.0, 200.0, 250.0)
BETWEEN_GAMES_MS: Final = 30_000
_KEPT_FRAMES: Final = 400
_KEPT: Final = Struct("<HB")
_FEWEST_COMMON: Final = 40


class Gap(NamedTuple):
    """From one frame to the next."""

    length_ms: int
    taps: int


def regularity(frames: Sequence[Frame]) -> Iterator[Signal]:
    """The variation of the time a tap takes, beside that of its neighbours: people are never this steady."""
    gaps = _gaps(frames)
    if len(gaps) < FEWEST_FRAMES:
        return
    if _held_surplus(frames):
        yield from _regular_at_limit(frames, gaps)
        return
    cv = variation(gaps)
    score = ramp(cv, 0.030, 0.018)
    if score > 0:
        yield Signal(
            "regular_rhythm",
            score,
            f"taps vary by {cv:.1%} of their interval over {len(gaps)} frames; the steadiest trained hands vary by 2 %"
            " to 4 %, most people by 6 % and more",
        )


def variation(gaps: Sequence[Gap]) -> float:
    """The standard deviation of a tap's interval as a part of it, without drift, and without the extreme tenth: pauses
    of a person, or those that a machine puts in."""
    pace = [gap.length_ms / gap.taps for gap in gaps]
    residuals = []
    for number, gap in enumerate(gaps):
        around = sorted(pace[max(0, number - _NEIGHBOURS) : number + _NEIGHBOURS + 1])
        local = around[len(around) // 2]
        if local > 0:
            residuals.append((gap.length_ms - gap.taps * local) / (local * math.sqrt(gap.taps)))
    residuals.sort()
    cut = int(len(residuals) * _TRIM)
    kept = residuals[cut : len(residuals) - cut]
    if not kept:
        return 0.0
    mean = sum(kept) / len(kept)
    return math.sqrt(sum((residual - mean) ** 2 for residual in kept) / len(kept))


def _held_surplus(frames: Sequence[Frame]) -> bool:
    """Near the limit a client holds taps back for later frames: then counts no longer tell how long a frame took."""
    return sum(taps >= WINDOW_TAPS - 2 for taps in windows(frames)) > len(frames) / 10


def windows(frames: Sequence[Frame]) -> Iterator[int]:
    """Taps of the two seconds up to each frame, itself included."""
    window: deque[Frame] = deque()
    total = 0
    for frame in frames:
        window.append(frame)
        total += frame.taps
        while window[0].stamp_ms <= frame.stamp_ms - WINDOW_MS:
            total -= window.popleft().taps
        yield total


def _regular_at_limit(frames: Sequence[Frame], gaps: Sequence[Gap]) -> Iterator[Signal]:
    """Without the counts: are the gaps multiples of one interval?  That of the mean rate, or one near it."""
    taps = sum(gap.taps for gap in gaps)
    mean = (frames[-1].stamp_ms - frames[0].stamp_ms) / max(1, taps)
    if mean <= 0:
        return
    lengths = [gap.length_ms for gap in gaps]
    strength, interval = max((_resultant(lengths, mean * (1 + n / 250)), mean * (1 + n / 250)) for n in range(-30, 31))
    score = ramp(strength, 0.80, 0.92)
    if score > 0:
        yield Signal(
            "regular_rhythm",
            score,
            f"the times between {len(frames)} frames are multiples of {interval:.1f} ms ({strength:.0%} fit)",
        )


def grid(frames: Sequence[Frame]) -> Iterator[Signal]:
    """Taps on the ticks of a timer, with beats left out or not."""
    gaps = _gaps(frames)
    if len(gaps) < FEWEST_FRAMES:
        return
    stamps = [frame.stamp_ms for frame in frames]
    paces = sorted(gap.length_ms / gap.taps for gap in gaps)
    usual = paces[len(paces) // 2]
    # The usual interval is known to a part of a millisecond only: look around it as finely as the game is long.
    step = usual * usual / (4 * (stamps[-1] - stamps[0] + 1))
    found = [(_resultant(stamps, usual + n * step), usual + n * step) for n in range(-8, 9)] if usual > 36 else []
    found += [(_resultant(stamps, period), period) for period in _GRIDS_MS]
    strength, period = max(found)
    score = ramp(strength, 0.93, 0.985)
    if score > 0:
        yield Signal(
            "timer_grid",
            score,
            f"taps lie on a grid of {period:.1f} ms: {strength:.1%} of a perfect one; screens are finer",
        )


def _resultant(stamps: Sequence[int], period: float) -> float:
    turn = 2j * math.pi / period
    return abs(sum(cmath.exp(turn * stamp) for stamp in stamps)) / len(stamps)


def pinned(frames: Sequence[Frame]) -> Iterator[Signal]:
    """The rate stays at what the rules allow."""
    if len(frames) < FEWEST_FRAMES:
        return
    full = sum(taps >= WINDOW_TAPS for taps in windows(frames)) / len(frames)
    score = ramp(full, 0.6, 0.85)
    if score > 0:
        yield Signal(
            "pinned_rate",
            score,
            f"after {full:.0%} of {len(frames)} frames the last two seconds held all {WINDOW_TAPS} taps that the rules"
            " allow; the fastest hands get there for moments",
        )


def tireless(frames: Sequence[Frame]) -> Iterator[Signal]:
    """A high rate that does not get lower."""
    rates = windowed_rates(frames)
    if len(rates) < 9:
        return
    third = max(1, len(rates) // 3)
    first, last = sum(rates[:third]) / third, sum(rates[-third:]) / third
    mean = sum(rates) / len(rates)
    if mean >= 14 and last >= first * 0.995:
        yield Signal(
            "no_fatigue",
            0.3,
            f"{mean:.1f} taps a second and no slower at the end ({last:.1f}) than at the beginning ({first:.1f});"
            " people lose a sixth within half a minute",
        )


def windowed_rates(frames: Sequence[Frame]) -> list[float]:
    """Taps a second in windows of 5 s, one behind another, from the first tap on; taps inside a frame spread evenly."""
    points = [(frame.stamp_ms, total) for frame, total in zip(frames, _totals(frames), strict=True)]
    if len(points) < 2:
        return []
    rates, start, before, at = [], points[0][0], float(points[0][1]), 0
    while (edge := start + _RATE_WINDOW_MS) <= points[-1][0]:
        while points[at + 1][0] < edge:
            at += 1
        (low_ms, low), (high_ms, high) = points[at], points[at + 1]
        total = low + (high - low) * (edge - low_ms) / max(1, high_ms - low_ms)
        rates.append((total - before) * 1000 / _RATE_WINDOW_MS)
        start, before = edge, total
    return rates


def compact(frames: Sequence[Frame]) -> bytes:
    """A rhythm to compare later games with: the gaps of the first frames, three bytes each."""
    return b"".join(_KEPT.pack(*gap) for gap in gaps_of(frames))


def unpack(rhythm: bytes) -> list[Gap]:
    return [Gap(length, taps) for length, taps in _KEPT.iter_unpack(rhythm)]


def replayed(gaps: Sequence[Gap], others: Mapping[str, Sequence[Gap]]) -> Iterator[Signal]:
    """The same rhythm as in another game: two recordings of one person differ, a recording played twice does not."""
    best, common, whose = 0.0, 0, ""
    for name, other in others.items():
        share, compared = likeness(gaps, other)
        if share > best:
            best, common, whose = share, compared, name
    score = ramp(best, 0.6, 0.8)
    if score > 0:
        yield Signal(
            "replayed_rhythm", score, f"{best:.0%} of {common} stretches last as long, to 2 ms, as those of {whose}"
        )


def likeness(gaps: Sequence[Gap], other: Sequence[Gap]) -> tuple[float, int]:
    """Share of stretches between common tap numbers that are equally long, and how many there are.  Tried with the
    numbers of one shifted against the other's, since the first taps may have gone another way."""
    best = (0.0, 0)
    mine, theirs = _moments(gaps), _moments(other)
    for shift in range(-4, 5):
        points = sorted(number for number in mine if number + shift in theirs)
        if len(points) <= _FEWEST_COMMON:
            continue
        apart = [mine[number] - theirs[number + shift] for number in points]
        # Far apart in the long run: another rhythm, and not worth a closer look.
        if abs(apart[len(apart) // 2] - apart[0]) > 400 and abs(apart[-1] - apart[len(apart) // 2]) > 400:
            continue
        same = sum(abs(later - sooner) <= 2 for sooner, later in pairwise(apart))
        best = max(best, (same / (len(points) - 1), len(points) - 1))
    return best


def _moments(gaps: Sequence[Gap]) -> dict[int, int]:
    """Time of the taps that end a frame, by the tap's number."""
    moments, number, at = {0: 0}, 0, 0
    for gap in gaps:
        number += gap.taps
        at += gap.length_ms
        moments[number] = at
    return moments


def _totals(frames: Sequence[Frame]) -> Iterator[int]:
    total = 0
    for frame in frames:
        total += frame.taps
        yield total


def _gaps(frames: Sequence[Frame]) -> list[Gap]:
    return [
        Gap(later.stamp_ms - sooner.stamp_ms, later.taps)
        for sooner, later in pairwise(frames)
        if later.stamp_ms - sooner.stamp_ms < BETWEEN_GAMES_MS
    ]


def together(frames: Sequence[Frame], earlier: Iterable[Sequence[Gap]]) -> list[Frame]:
    """A game too short to judge behind the player's earlier ones, as one: those that were too short themselves, and the
    others where they do not suffice.  Long pauses stand between them."""
    games = sorted((gaps for gaps in earlier if gaps), key=len)
    short = [gaps for gaps in games if len(gaps) < FEWEST_FRAMES]
    if sum(map(len, short)) + len(frames) < FEWEST_FRAMES:
        short = games
    found: list[Frame] = []
    at = 0
    for gaps in short:
        found.append(Frame(len(found) + 1, at, at, 1))
        for gap in gaps:
            at += gap.length_ms
            found.append(Frame(len(found) + 1, at, at, gap.taps))
        at += BETWEEN_GAMES_MS
    return found + [Frame(len(found) + frame.n, at + frame.at_ms, at + frame.stamp_ms, frame.taps) for frame in frames]


def gaps_of(frames: Sequence[Frame]) -> list[Gap]:
    """The gaps that `compact` would keep."""
    latest = [Gap(later.stamp_ms - sooner.stamp_ms, later.taps) for sooner, later in pairwise(frames)]
    return [Gap(min(gap.length_ms, 0xFFFF), min(gap.taps, 0xFF)) for gap in latest[:_KEPT_FRAMES]]
