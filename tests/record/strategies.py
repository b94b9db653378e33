"""What a modified client can gain with the same fingers: `make strategies`, or `python -m tests.record.strategies`.

A search over when and how to send: how large frames are and how late, stamps forward and back, taps held until a
moment, absences that were none and what is claimed for them.  The client may send again and leave numbers out, but
claims no tap of the present that its fingers did not make: that would be other fingers, which the signals are for.
Strategies are drawn, and the search climbs from the best; one is as good as its mean gain over some hands that it does
not know, and the best is then played with all.  Every answer of the rules is the model's; the games that gained most
are played by the real scripts too and must count the same.  Nothing here decides what the rules are.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from cli.embedded.valkey import EmbeddedValkey
from cli.simulate.people import anybody
from persistence.redis.codes import TapFrame, TapMark
from tests.lua import honest
from tests.lua.clocked import open_clocked
from tests.lua.rules import Taps
from tests.record import games
from tests.record.population import MOST_GAIN, play_in_scripts

GAMES: Final = 200
SEARCHES: Final = 4
DRAWN: Final = 40
CLIMBED: Final = 80
HANDS: Final = 6
DELAY_MS: Final = 60
LATEST_MS: Final = 12_000
PROMPT_MS: Final = 1_500
_USERS: Final = ("1", "2")


@dataclass(frozen=True, slots=True)
class Absence:
    """Silence from `at_ms` on for `for_ms`, in which pings stay unanswered.  Then `rate` taps a second are claimed for
    it in frames of `size`, whatever the fingers did; with `rate` 0 it is what they did."""

    at_ms: int
    for_ms: int
    rate: float
    size: int


@dataclass(frozen=True, slots=True)
class Strategy:
    """`size` and `wait_ms` make frames of taps, `late_ms` is how long each is kept, `shift_ms` moves stamps forward or
    back; `silent`: no ping is answered at all; `twice`: everything is sent again; `gaps`: numbers are left out."""

    size: int = 20
    wait_ms: int = 200
    late_ms: int = 0
    shift_ms: int = 0
    silent: bool = False
    twice: bool = False
    gaps: int = 1
    absences: tuple[Absence, ...] = ()


HONEST: Final = Strategy()


def drawn(rng: random.Random) -> Strategy:
    """Any strategy."""
    absences = tuple(_absence(rng) for _ in range(rng.choice((0, 1, 1, 2, 3, 5, 12))))
    return Strategy(
        size=rng.randint(1, 20),
        wait_ms=rng.choice((20, 100, 200, 500, 1_000)),
        late_ms=rng.choice((0, 0, 0, 700, 1_300, 3_000)),
        shift_ms=rng.choice((0, 0, -1_400, -500, 500, 1_900)),
        silent=rng.random() < 0.3,
        twice=rng.random() < 0.2,
        gaps=rng.choice((1, 1, 7)),
        absences=tuple(sorted(absences, key=lambda each: each.at_ms)),
    )


def changed(strategy: Strategy, rng: random.Random) -> Strategy:
    """One near it."""
    other = drawn(rng)
    match rng.randrange(4):
        case 0:
            name = rng.choice(("size", "wait_ms", "late_ms", "shift_ms", "silent", "twice", "gaps"))
            return replace(strategy, **{name: getattr(other, name)})
        case 1:
            return replace(strategy, absences=other.absences)
        case 2 if len(strategy.absences) < 8:
            more = (*strategy.absences, _absence(rng))
            return replace(strategy, absences=tuple(sorted(more, key=lambda each: each.at_ms)))
        case _:
            moved = [_moved(each, rng) if rng.random() < 0.6 else each for each in strategy.absences]
            if moved and rng.random() < 0.2:
                moved.pop(rng.randrange(len(moved)))
            return replace(strategy, absences=tuple(sorted(moved, key=lambda each: each.at_ms)))


def _absence(rng: random.Random) -> Absence:
    length = rng.choice((rng.randint(1_600, 3_000), rng.randint(1_600, LATEST_MS)))
    # Often at the end: then the others' counts are known.
    at = games.GAME_MS - length - 50 if rng.random() < 0.4 else rng.randint(0, games.GAME_MS - length)
    return Absence(at, length, rng.choice((0.0, 10.0, 24.9, rng.uniform(1, 40))), rng.randint(1, 20))


def _moved(absence: Absence, rng: random.Random) -> Absence:
    length = min(max(absence.for_ms + rng.randint(-2_000, 2_000), 200), LATEST_MS)
    at = min(max(absence.at_ms + rng.randint(-3_000, 3_000), 0), games.GAME_MS - length - 1)
    rate = max(0.0, absence.rate + rng.choice((0.0, rng.gauss(0, 4))))
    return Absence(at, length, rate, min(max(absence.size + rng.randint(-3, 3), 1), 20))


def fingers(seed: int) -> list[int]:
    """The moments at which a player really taps, in milliseconds since the start."""
    rng = random.Random(seed)
    hand = anybody(rng).taps(games.STARTS_MS, rng)
    return [int(at) - games.STARTS_MS for at in takewhile(lambda at: at < games.ENDS_MS - 1, hand)]


def sent(moments: Sequence[int], strategy: Strategy) -> list[tuple[int, TapFrame]]:
    """What arrives of it, in order, with what a gateway says of each frame."""
    made: list[tuple[int, int, int, bool]] = []  # when it is sent, stamp, taps, for an absence
    away: list[Absence] = []
    for each in strategy.absences:  # one begins when the last is over
        if not away or each.at_ms >= away[-1].at_ms + away[-1].for_ms:
            away.append(each)
    present = [at for at in moments if not any(each.at_ms <= at < each.at_ms + each.for_ms for each in away)]
    made += [(at + strategy.late_ms, at + strategy.shift_ms, taps, False) for at, taps in _framed(present, strategy)]
    for each in away:
        end = each.at_ms + each.for_ms
        # What is so young on arrival that it counts as of the present was made, and shares no frame with claims.
        young = max(end + DELAY_MS - PROMPT_MS, each.at_ms)
        claims = [at for at in moments if each.at_ms <= at < young]
        if each.rate > 0:
            number = int(each.rate * (young - each.at_ms) / 1000)
            claims = [int(each.at_ms + n * 1000 / each.rate) for n in range(number)]
        for inside in (claims, [at for at in moments if young <= at < end]):
            made += [(end, at, taps, True) for at, taps in _framed(inside, replace(strategy, size=each.size))]
    made.sort(key=lambda frame: frame[:2])
    frames: list[tuple[int, TapFrame]] = []
    window: list[tuple[int, int]] = []
    stamped = 0
    for number, (send, stamp, taps, absent) in enumerate(made, 1):
        stamp = max(stamp, stamped, 0)
        arrives = send + DELAY_MS
        # Nobody plays on who was blocked: what would trip the window is left out.
        counted = min(stamp, arrives)
        window = [(at, count) for at, count in window if at > counted - honest.WINDOW_MS]
        taps = min(taps, honest.WINDOW_TAPS - sum(count for _, count in window))
        if taps < 1 or not 0 <= stamp < games.GAME_MS:
            continue
        window.append((counted, taps))
        stamped = counted
        mark = TapMark.NONE
        if arrives - stamp > PROMPT_MS:
            mark = TapMark.AWAY if absent or strategy.silent else TapMark.HELD
        frame = TapFrame("1", taps, games.STARTS_MS + stamp, number * strategy.gaps, mark)
        frames += [(games.STARTS_MS + arrives, frame)] * (2 if strategy.twice else 1)
    return frames


def _framed(moments: Sequence[int], strategy: Strategy) -> list[tuple[int, int]]:
    """Taps bundled: the moment of each frame's last, and how many."""
    found: list[tuple[int, int]] = []
    first = -1
    for at in moments:
        if found and at - first < strategy.wait_ms and found[-1][1] < strategy.size:
            found[-1] = (at, found[-1][1] + 1)
        else:
            first = at
            found.append((at, 1))
    return found


def counted(frames: Sequence[tuple[int, TapFrame]], rules: Callable[[], Taps] = Taps) -> int:
    """Taps that count of these frames, by the model of the room; 0 where the player is blocked."""
    room = games.open_room(_USERS)
    index, room.paid[0].record = room.paid[0].record.index, rules()
    room.paid[0].record.index = index
    for at, batch in games.batches(frames):
        room.tap(min(at, games.ENDS_MS + 999), batch)
    record = room.paid[0].record
    return 0 if record.blocked else record.taps


@dataclass(frozen=True)
class Found:
    """The best strategy, and how many taps more it makes than the app, on average over the hands it was tried with."""

    strategy: Strategy
    mean_gain: float


def gains(strategy: Strategy, seeds: Sequence[int], rules: Callable[[], Taps] = Taps) -> list[int]:
    """Taps more than the app's with the same fingers, for each of these hands."""
    found = []
    for seed in seeds:
        moments = fingers(seed)
        found.append(counted(sent(moments, strategy), rules) - counted(sent(moments, HONEST), rules))
    return found


def search(seed: int, *, drawn_count: int, climbed: int, hands: int, rules: Callable[[], Taps] = Taps) -> Found:
    """Draw strategies, then climb from the best of them."""
    rng = random.Random(seed)
    seeds = range(seed, seed + hands)
    best = Found(HONEST, 0.0)
    for number in range(drawn_count + climbed):
        strategy = drawn(rng) if number < drawn_count else changed(best.strategy, rng)
        mean = sum(gains(strategy, seeds, rules)) / hands
        if mean >= best.mean_gain:
            best = Found(strategy, mean)
    return best


async def _by_scripts(url: str, strategy: Strategy, seeds: Sequence[int]) -> list[int]:
    """With which of these hands the real scripts count something else than the model."""
    store = await open_clocked(url)
    differing = []
    try:
        for seed in seeds:
            frames = sent(fingers(seed), strategy)
            batches = [(min(at, games.ENDS_MS + 999), batch) for at, batch in games.batches(frames)]
            result, _ = await play_in_scripts(store, _USERS, batches)
            taps = next(seat["taps"] for seat in result["seats"] if seat["user_id"] == "1")
            if taps != counted(frames):
                differing.append(seed)
    finally:
        await store.close()
    return differing


def report(count: int, seed: int, workers: int, drawn_count: int, climbed: int, hands: int) -> dict[str, Any]:
    """Some searches side by side, and the best strategy over so many games; the same for the same seed."""
    first = seed * 1_000_000
    look = partial(search, drawn_count=drawn_count, climbed=climbed, hands=hands)
    with ProcessPoolExecutor(workers) as pool:
        found = max(pool.map(look, [first + 1_000 * n for n in range(SEARCHES)]), key=lambda each: each.mean_gain)
        chunks = [range(first + at, first + min(at + 10, count)) for at in range(0, count, 10)]
        every = [gain for part in pool.map(partial(gains, found.strategy), chunks) for gain in part]
    most = sorted(range(count), key=lambda number: -every[number])[:20]
    with tempfile.TemporaryDirectory(prefix="chance-tap-strategies-") as folder:
        server = EmbeddedValkey(Path(folder) / "valkey")
        server.start()
        try:
            differing = asyncio.run(_by_scripts(server.url, found.strategy, [first + number for number in most]))
        finally:
            server.stop()
    return {
        "games": count,
        "strategies": SEARCHES * (drawn_count + climbed),
        "mean_gain": round(sum(every) / count, 2),
        "most_gain": max(every),
        "strategy": asdict(found.strategy),
        "counted_differently_by_the_scripts": differing,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="How much a modified client gains with the same fingers.")
    parser.add_argument("--games", type=int, default=GAMES, help=f"pairs of hands (default {GAMES})")
    parser.add_argument("--drawn", type=int, default=DRAWN, help=f"strategies drawn a search (default {DRAWN})")
    parser.add_argument("--climbed", type=int, default=CLIMBED, help=f"steps from the best (default {CLIMBED})")
    parser.add_argument("--hands", type=int, default=HANDS, help=f"hands a strategy is tried with (default {HANDS})")
    parser.add_argument("--seed", type=int, default=1, help="another run (default 1)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    arguments = parser.parse_args()
    found = report(
        arguments.games, arguments.seed, arguments.workers, arguments.drawn, arguments.climbed, arguments.hands
    )
    print(json.dumps(found, indent=1))
    return 0 if found["mean_gain"] <= MOST_GAIN and not found["counted_differently_by_the_scripts"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
