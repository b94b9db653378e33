"""Honest players and cheats in virtual time, and what became of them.

Honest ones go through networks that delay and fail, the room's Python model and the signals; so do cheats, each beside
an honest player.  Some of the honest games are played by the real scripts on a real server too and must end the same.
Nothing here decides what the rules or the signals are.
"""

import asyncio
import json
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from cli.simulate import cheats, people
from cli.simulate.rhythm import Packer, Style
from gateway.live.absences import LATE_MS
from persistence.records.build import read_log
from persistence.redis import keys
from persistence.redis.codes import TapFrame, TapMark
from persistence.redis.store import RedisStore
from tests.lua import honest, model
from tests.lua.clocked import NOON_MS, open_clocked, set_clock
from tests.record import games
from tests.record.stress import Draw
from workers.signals.assess import REVIEW_FROM, assess
from workers.signals.evidence import Assessment, Observations, Tapper
from workers.signals.pairs import SmallGame, SmallGames
from workers.signals.rhythm import compact

PLAYERS_A_GAME = 2
MOST_GAIN: Final = 25
"""Taps in 60 s: what the rules promise of a strategy over all hands.  Luck is no strategy's: one hand that would have
slipped just then gains more, another less."""


@dataclass
class Honest:
    """What became of honest games."""

    games: int = 0
    players: int = 0
    blocked: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    fastest: float = 0.0
    lost: int = 0
    flagged: int = 0
    by_signal: Counter[str] = field(default_factory=Counter)
    scores: list[float] = field(default_factory=list)
    scripts: int = 0
    differing: int = 0


def honest_batches(seed: int, users: Sequence[str], draw: Draw = people.anybody) -> list[tuple[int, list[TapFrame]]]:
    """What gateways hand to the script in one honest game: every hundredth millisecond everything that came."""
    rng = random.Random(seed)
    arrivals = [
        item
        for user in users
        for item in honest.play(rng, user, games.STARTS_MS, games.GAME_MS, draw(rng).taps).arrivals
    ]
    return [(min(at, games.ENDS_MS + 999), frames) for at, frames in games.batches(arrivals)]


def play_in_model(users: Sequence[str], batches: Sequence[tuple[int, list[TapFrame]]]) -> model.Room:
    room = games.open_room(users)
    for at, frames in batches:
        room.tap(at, frames)
    games.finish(room)
    return room


async def play_in_scripts(
    store: RedisStore, users: Sequence[str], batches: Sequence[tuple[int, list[TapFrame]]]
) -> tuple[dict[str, Any], bytes]:
    """The same game by the real scripts: result and log."""
    room_id = keys.new_room_id(0)
    terms = msgspec.structs.replace(games.STANDARD, capacity=len(users))
    await set_clock(store, NOON_MS)
    for user_id in users:
        await store.rooms.reserve(room_id, games.seat_id(user_id), user_id, "a", terms)
        await store.rooms.confirm(room_id, games.seat_id(user_id), user_id, b"{}")
    for at, frames in batches:
        await set_clock(store, at)
        done: asyncio.Future[list[int] | Exception] = asyncio.get_running_loop().create_future()
        store.rooms.tap_batch(room_id, frames, done.set_result)
        assert isinstance(await done, list)
    await set_clock(store, games.ENDS_MS + 1_000)
    await store.rooms.tick(room_id)
    raw = await store.rooms.result(room_id)
    assert raw is not None
    return json.loads(raw), await store.rooms.log(room_id)


def assess_room(room: model.Room, observations: Observations | None = None) -> list[Assessment]:
    """The signals of a game of the model."""
    frames = read_log(games.log_of(room))
    return assess(
        [Tapper(seat.user_id, frames.get(seat.record.index, []), {}) for seat in room.paid], observations or {}
    )


def run_honest(seeds: Sequence[int], *, draw: Draw = people.anybody, scripts: int = 0, url: str = "") -> Honest:
    """One honest game a seed; the first `scripts` of them by the real scripts too, which must end the same."""
    found = Honest()
    users = [str(number) for number in range(1, PLAYERS_A_GAME + 1)]
    played = []
    for number, seed in enumerate(seeds):
        batches = honest_batches(seed, users, draw)
        room = play_in_model(users, batches)
        if number < scripts:
            played.append((batches, room))
        found.games += 1
        found.players += len(users)
        sent = sum(frame.taps for _, frames in batches for frame in frames)
        found.lost += sent - sum(seat.record.taps for seat in room.paid)
        found.blocked += sum(seat.record.blocked for seat in room.paid)
        found.fastest = max(found.fastest, *(seat.record.taps * 1000 / games.GAME_MS for seat in room.paid))
        # One in twenty goes on at another device.
        devices = [1 + (random.Random(seed + place).random() < 0.05) for place in range(len(users))]
        observed = {
            (user, "from", f"network {user}.device {each}"): 1
            for user, count in zip(users, devices, strict=True)
            for each in range(count)
        }
        for assessment in assess_room(room, observed):
            found.flagged += assessment.review
            found.scores.append(assessment.score)
            found.by_signal.update(signal.name for signal in assessment.signals if signal.score >= REVIEW_FROM)
    if played:
        found.scripts, found.differing = asyncio.run(_compare(url, users, played))
    return found


async def _compare(url: str, users: Sequence[str], played: Sequence[tuple[Any, model.Room]]) -> tuple[int, int]:
    """How many games were played by the scripts, and how many of them did not end as in the model."""
    differing = 0
    store = await open_clocked(url)
    try:
        for batches, room in played:
            result, log = await play_in_scripts(store, users, batches)
            same = {name: value for name, value in result.items() if name != "room_id"}
            due = {name: value for name, value in (room.result or {}).items() if name != "room_id"}
            differing += same != due or log != games.log_of(room)
    finally:
        await store.close()
    return len(played), differing


# Cheats: one plays against one honest player.


@dataclass(frozen=True)
class Cheating:
    """What one cheat's game came to."""

    review: bool
    blocked: bool
    signals: tuple[str, ...]
    refused: bool = False  # what it claimed when it knew the others' counts came to no more than fingers may miss


def cheat_arrivals(style: Style, rng: random.Random, user: str) -> tuple[list[tuple[int, TapFrame]], int, int]:
    """What arrives of a cheat, how many frames its gateway observes as held back, and what the app would have sent."""
    start, end = games.STARTS_MS, games.ENDS_MS
    packer = Packer(style.taps(start, rng), start, end, rng, style.timer_jitter_ms, style.obeys, style.frame_ms)
    arrivals: list[tuple[int, TapFrame]] = []
    last, held, own = 0, 0, 0
    quiet = end - style.last_s * 1000
    for number, planned in enumerate(packer.frames(), 1):
        own += planned.count
        if style.last_s and planned.send_ms >= quiet:
            continue
        sent = planned.send_ms
        if style.hold_s:
            hold_ms = style.hold_s * 1000
            sent = min(start + math.ceil((sent - start) / hold_ms) * hold_ms, end + 300)
        last = max(last, int(sent) + rng.randint(45, 250))
        stamp = style.stamp(planned.stamp_ms, start)
        mark = TapMark.HELD if last - stamp > LATE_MS else TapMark.NONE
        held += mark is TapMark.HELD
        arrivals.append((last, TapFrame(user, planned.count, stamp, number, mark)))
    if style.last_s:
        claims, late = _claims(style, rng, user, len(arrivals), int(quiet))
        return arrivals + claims, held + late, own
    return arrivals, held, own


def _claims(
    style: Style, rng: random.Random, user: str, number: int, since_ms: int
) -> tuple[list[tuple[int, TapFrame]], int]:
    """What a last mover sends for its silence, when the others' counts are final: 25 taps a second, in large frames or
    as the app would."""
    taps, every_ms = (rng.randint(3, 6), 240) if style.silent else (20, 805)
    claims: list[tuple[int, TapFrame]] = []
    for stamp in range(since_ms + 300, games.ENDS_MS - 10, every_ms):
        number += 1
        mark = TapMark.AWAY if style.silent else TapMark.HELD
        arrives = games.ENDS_MS + rng.randint(150, 265)
        late = arrives - stamp > LATE_MS
        claims.append((arrives, TapFrame(user, taps, stamp, number, mark if late else TapMark.NONE)))
    claims.sort(key=lambda claim: claim[1].seq)
    return claims, sum(frame.mark is TapMark.HELD for _, frame in claims)


def cheat_game(style: Style, seed: int, earlier: Mapping[str, bytes], origins: bool) -> tuple[Cheating, bytes]:
    """One game of a cheat (player 1); also its rhythm, for later games."""
    rng = random.Random(seed)
    users = ["1", "2"]
    arrivals, held, own = cheat_arrivals(style, rng, "1")
    arrivals += honest.play(rng, "2", games.STARTS_MS, games.GAME_MS, people.anybody(rng).taps).arrivals
    observations = {("1", "from", "a.a"): 1, ("2", "from", "a.a" if origins else "b.b"): 1}
    if held:
        observations["1", "held", "1"] = held
    observations |= {("1", "from", f"a.{device}"): 1 for device in style.devices}
    room = games.open_room(users, games.HERO if style.hero else games.STANDARD)
    for at, frames in games.batches(arrivals):
        room.tap(min(at, games.ENDS_MS + 999), frames)
    if room.state == "playing":
        games.finish(room)
    frames_of = read_log(games.log_of(room))
    found = assess([Tapper("1", frames_of.get(1, []), earlier), Tapper("2", frames_of.get(2, []), {})], observations)[0]
    record = room.paid[0].record
    names = tuple(s.name for s in found.signals if s.score > 0)
    refused = bool(style.last_s) and record.taps - own <= MOST_GAIN
    cheating = Cheating(found.review, record.blocked, names, refused)
    return cheating, compact(frames_of.get(1, []))


def run_pairs(seeds: Sequence[int], *, feeding: bool) -> list[Cheating]:
    """The latest days of two who play each other: one who always loses at high stakes, or friends as they come."""
    done = []
    for seed in seeds:
        rng = random.Random(seed)
        count = rng.randint(5, 12) if feeding else rng.randint(3, 20)
        stakes = (300, 500) if feeding else rng.choices((20, 50, 100, 200, 300, 500), (35, 30, 20, 8, 4, 3), k=1)
        hands = [rng.triangular(200, 900, 400) for _ in range(2)]
        device = rng.random() < (0.7 if feeding else 0.1)
        few = []
        for number in range(count):
            taps = {user: int(hand * rng.uniform(0.85, 1.15)) for user, hand in zip("12", hands, strict=True)}
            if feeding:
                taps["2"] = int(taps["1"] * rng.uniform(0.3, 0.98))
            winner = max(taps, key=lambda user: taps[user])
            near = ["1", "2"]
            few.append(SmallGame(f"{number}", rng.choice(stakes), winner, number, taps, near if device else [], near))
        others = 0 if feeding else rng.randint(0, 60)
        latest = {user: SmallGames(count + others, few) for user in "12"}
        tappers = [Tapper(user, [], {}) for user in "12"]
        found = assess(tappers, {}, (few[-1].winner, latest, 500))
        names = tuple(signal.name for each in found for signal in each.signals if signal.score > 0)
        done.append(Cheating(all(each.review for each in found), False, names[:1]))
    return done


def run_cheats(name: str, seeds: Sequence[int]) -> list[Cheating]:
    """One cheat a seed.  A recording was played once before; two accounts share a device by their observations."""
    done = []
    for seed in seeds:
        rng = random.Random(seed)
        style = cheats.STYLES[name](rng)
        earlier: dict[str, bytes] = {}
        if name == "replayed":
            earlier["an earlier room"] = cheat_game(style, seed + 1, {}, origins=False)[1]
        done.append(cheat_game(style, seed, earlier, origins=bool(style.household))[0])
    return done


def run_shaken(shake: float, seeds: Sequence[int]) -> list[Cheating]:
    """Timers whose periods vary by `shake`: how far the detector reaches beyond its cheats."""
    rates = (random.Random(seed).uniform(5, 24) for seed in seeds)
    styles = (Style(moments=cheats.timer(1000 / rate, shake=shake)) for rate in rates)
    return [cheat_game(style, seed, {}, origins=False)[0] for style, seed in zip(styles, seeds, strict=True)]
