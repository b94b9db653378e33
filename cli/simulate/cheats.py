"""Cheats that the rules of the tap path do not stop: what the signals after a game are for.

Each makes a fresh style for one player.  Machines obey rule 4 as honest clients do, since tripping it ends their game.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from cli.simulate.people import anybody
from cli.simulate.rhythm import PERSON, WINDOW_TAPS, Moments, Style


def fixed_rhythm(rng: random.Random) -> Style:
    """A timer that taps: every so many milliseconds, late by what a page's timers are, or shaken by one per cent."""
    period_ms = 1000 / rng.uniform(5, 24)
    if rng.random() < 0.5:
        return Style(name="fixed_rhythm", moments=timer(period_ms, late_ms=rng.uniform(0, 4)))
    return Style(name="fixed_rhythm", moments=timer(period_ms, shake=rng.uniform(0, 0.01)))


def pinned_rate(rng: random.Random) -> Style:
    """More than the rules allow, held at the limit by the client's own window, and as uneven as a hand."""
    return Style(name="pinned_rate", rate=rng.uniform(25, 32), jitter=rng.uniform(0.05, 0.3))


def replayed(rng: random.Random) -> Style:
    """One recording of a person, played again in every game in which this style is used."""
    person, seed = anybody(rng), rng.random()
    return Style(name="replayed", moments=lambda start_ms, _: person.taps(start_ms, random.Random(seed)))  # noqa: S311


def wrong_clock(rng: random.Random) -> Style:
    """Stamps of a clock that goes slower than it should, so that taps are claimed for moments long past."""
    return replace(human(rng), name="wrong_clock", clock_rate=1 - rng.uniform(0.01, 0.1))


def held_back(rng: random.Random) -> Style:
    """Keeps frames for some seconds and sends them together, while the socket answers every ping."""
    return replace(human(rng), name="held_back", hold_s=rng.uniform(2.5, 4.5))


def two_devices(rng: random.Random) -> Style:
    """One account, played on two phones in turn."""
    return replace(human(rng), name="two_devices", devices=("one phone", "another phone"), change_device_s=3.0)


def two_accounts(rng: random.Random) -> Style:
    """Accounts of one person: the same phone behind the same address."""
    return replace(human(rng), name="two_accounts", household="one phone")


def sparse(rng: random.Random) -> Style:
    """Few large frames: nearly what time allows, or a person's own taps."""
    frame_ms = rng.uniform(700, 2_000)
    if rng.random() < 0.5:
        return Style(name="sparse", rate=rng.uniform(20, 25), jitter=rng.uniform(0.05, 0.3), frame_ms=frame_ms)
    return replace(human(rng), name="sparse", frame_ms=frame_ms)


def bursts(rng: random.Random) -> Style:
    """All that two seconds may hold, at once, again and again; in a hero room that is over in six seconds."""
    every_ms, within_ms = rng.uniform(2_001, 2_080), rng.uniform(0, 8)

    def moments(start_ms: float, rng: random.Random) -> Iterator[float]:
        at = start_ms + rng.uniform(5, 60)
        while True:
            yield from sorted(at + rng.uniform(0, within_ms) for _ in range(WINDOW_TAPS))
            at += every_ms + within_ms

    return Style(name="bursts", moments=moments, hero=rng.random() < 0.5)


def last_mover(rng: random.Random) -> Style:
    """Sends nothing in the last seconds, sees the others' counts, and claims what it needs when the game is over."""
    return replace(human(rng), name="last_mover", last_s=rng.uniform(2.5, 8))


def last_mover_as_person(rng: random.Random) -> Style:
    """The same behind an absence: pings stay unanswered, and what is claimed comes as a person taps."""
    return replace(human(rng), name="last_mover_as_person", last_s=rng.uniform(2.5, 8), silent=True)


def human(rng: random.Random) -> Style:
    """An honest player."""
    return replace(PERSON, moments=anybody(rng).taps)


STYLES: Final[dict[str, Callable[[random.Random], Style]]] = {
    "fixed_rhythm": fixed_rhythm,
    "pinned_rate": pinned_rate,
    "replayed": replayed,
    "wrong_clock": wrong_clock,
    "held_back": held_back,
    "two_devices": two_devices,
    "two_accounts": two_accounts,
    "sparse": sparse,
    "bursts": bursts,
    "last_mover": last_mover,
    "last_mover_as_person": last_mover_as_person,
}
_IN_A_ROOM: Final = (fixed_rhythm, pinned_rate, wrong_clock, held_back, two_devices, two_accounts)


def mixture(rng: random.Random) -> list[Style]:
    """A room of ten: one cheat of each kind, a second account and a second player of the recording, and a person."""
    recording = replayed(rng)
    kinds = [make(rng) for make in _IN_A_ROOM]
    return [*kinds, two_accounts(rng), recording, recording, human(rng)]


def timer(period_ms: float, *, late_ms: float = 0.0, shake: float = 0.0) -> Moments:
    """Ticks that are late by up to `late_ms`, or whose periods vary by `shake` and add up."""

    def moments(start_ms: float, rng: random.Random) -> Iterator[float]:
        tick = start_ms + rng.uniform(20, 400)
        last = tick
        while True:
            last = max(last, tick + rng.uniform(0, late_ms))
            yield last
            tick += period_ms * rng.gauss(1, shake)

    return moments
