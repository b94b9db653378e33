"""An honest player in virtual time: fingers, a client that obeys the window rule itself, a network with outages.

One in eight is on a slow network, one in eight loads the page anew in the middle of the game.
"""

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from cli.simulate.rhythm import Moments
from gateway.live.absences import LATE_MS
from persistence.redis.codes import TapFrame, TapMark

FRAME_TAPS, FRAME_MS = 20, 200
WINDOW_MS, WINDOW_TAPS = 2000, 50
OUTAGE_MS = 5000
DELAY_MS, SLOW_MS = (45, 250), (300, 900)  # a way that is slow is so evenly, beside what varies
SHARE = 1 / 8


@dataclass(frozen=True)
class Trace:
    """What one player did: `arrivals` are (server ms, frame); `held` taps were never sent."""

    tapped: int
    held: int
    arrivals: list[tuple[int, TapFrame]]


def play(rng: random.Random, user_id: str, starts_ms: int, game_ms: int, hand: float | Moments) -> Trace:
    """A whole game.  Stamps are on the client's clock, which is off by what half a round trip can hide.

    `hand` is a rate in taps a second, or what makes the moments of taps.
    """
    offset = rng.randint(-40, 40)
    end = starts_ms + game_ms - 1 - abs(offset)
    taps = _fingers(rng, starts_ms, hand) if isinstance(hand, float | int) else hand(starts_ms, rng)
    loads = _reload(rng, starts_ms, end) if rng.random() < SHARE else range(0)
    moments = [int(at) for at in takewhile(lambda at: at < end, taps) if int(at) not in loads]
    frames: list[tuple[int, TapFrame]] = []
    sent: deque[tuple[int, int]] = deque()
    waiting: list[int] = []
    timer = 0
    moments_left = deque(moments)
    while moments_left or waiting:
        if waiting and (len(waiting) >= FRAME_TAPS or not moments_left or moments_left[0] > timer):
            at = waiting[-1] if len(waiting) >= FRAME_TAPS else max(timer, waiting[-1])
            stamp = waiting[-1] + offset
            while sent and sent[0][0] <= stamp - WINDOW_MS:
                sent.popleft()
            room = WINDOW_TAPS - sum(count for _, count in sent)
            count = min(len(waiting), room, FRAME_TAPS)
            if count > 0:
                sent.append((stamp, count))
                frames.append((at, TapFrame(user_id, count, stamp, len(frames) + 1)))
                del waiting[:count]
            if not moments_left and count <= 0:
                break  # what is still held back at the end is lost
            if waiting and moments_left:
                waiting.append(moments_left.popleft())
                timer = at + FRAME_MS
        else:
            moment = moments_left.popleft()
            if not waiting:
                timer = moment + FRAME_MS + rng.choice([0, 3, 9, 40, 120, 400])  # timers are late, never early
            waiting.append(moment)
    return Trace(len(moments), len(waiting), _travel(rng, frames, loads))


def _fingers(rng: random.Random, start: int, taps_a_second: float) -> Iterator[float]:
    at = float(start)
    while True:
        at += rng.uniform(0.4, 1.6) * 1000 / taps_a_second
        yield at


def _reload(rng: random.Random, starts_ms: int, end: int) -> range:
    """While a page loads nobody taps."""
    at = rng.randint(starts_ms + 1000, end - 6000)
    return range(at, at + rng.randint(800, 4000))


def _travel(
    rng: random.Random, frames: list[tuple[int, TapFrame]], loads: range = range(0)
) -> list[tuple[int, TapFrame]]:
    """Through a network that delays, and up to twice is away for five seconds; the order is kept.

    What was on its way when the page was left is sent again by the new one.
    """
    away = sorted(rng.uniform(frames[0][0], frames[-1][0]) for _ in range(rng.randint(0, 2))) if frames else []
    slow_ms = rng.randint(*SLOW_MS) if rng.random() < SHARE else 0
    arrivals: list[tuple[int, TapFrame]] = []
    last = 0
    for sent_ms, frame in frames:
        at = sent_ms + slow_ms + rng.randint(*DELAY_MS)
        if at in loads:
            at = loads.stop + rng.randint(0, 300)
        for begin in away:
            if begin <= at < begin + OUTAGE_MS:
                at = int(begin) + OUTAGE_MS + rng.randint(0, 300)
        last = max(last, at)
        # Answers wait behind frames, so a stall leaves the gateway's pings unanswered.
        mark = TapMark.AWAY if last - frame.timestamp > LATE_MS else TapMark.NONE
        arrivals.append((last, frame._replace(mark=mark)))
    return arrivals
