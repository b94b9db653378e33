"""The report on the anti-cheat: `make anticheat`, or `python -m tests.record.anticheat` with other numbers.

Games in virtual time.  Honest ones go through networks that delay and fail, the room's Python model and the signals;
so do cheats, each beside an honest player.  Some of the honest games are played by the real scripts on a real server
too and must end the same.  Nothing here decides what the rules or the signals are.
"""

import argparse
import asyncio
import json
import math
import os
import random
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from cli.embedded.valkey import EmbeddedValkey
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
from tests.record.stress import STRESS, Draw
from workers.signals.assess import REVIEW_FROM, assess
from workers.signals.evidence import Assessment, Observations, Tapper
from workers.signals.pairs import SmallGame, SmallGames
from workers.signals.rhythm import compact

PLAYERS_A_GAME = 2
CHUNK = 250
MOST_GAIN = 25
PROMISED = ("fixed_rhythm", "pinned_rate", "held_back", "sparse", "bursts", "last_mover", "last_mover_as_person")
PAIRS = ("one feeds the other", "friends")


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


# The report.


def report(count: int, cheats_of_a_kind: int, scripts: int, seed: int, workers: int) -> dict[str, Any]:
    """Everything, in parallel; the same for the same seed."""
    with tempfile.TemporaryDirectory(prefix="chance-tap-anticheat-") as folder:
        server = EmbeddedValkey(Path(folder) / "valkey")
        server.start()
        try:
            with ProcessPoolExecutor(workers) as pool:
                return _report(pool, server.url, count, cheats_of_a_kind, scripts, seed)
        finally:
            server.stop()


def _report(
    pool: ProcessPoolExecutor, url: str, count: int, cheats_of_a_kind: int, scripts: int, seed: int
) -> dict[str, Any]:
    first = seed * 1_000_000
    chunks = [range(first + at, first + min(at + CHUNK, count)) for at in range(0, count, CHUNK)]
    # One process plays by the scripts: the server's clock is one key.
    beside = pool.submit(run_honest, range(first, first + scripts), scripts=scripts, url=url)
    parts = list(pool.map(run_honest, chunks))
    stress_seeds = range(first + 500_000, first + 500_000 + max(50, count // 20))
    stress = {name: pool.submit(_run_stress, name, stress_seeds) for name in STRESS}
    cheat_seeds = range(first + 700_000, first + 700_000 + cheats_of_a_kind)
    caught = {name: pool.submit(run_cheats, name, cheat_seeds) for name in cheats.STYLES}
    shaken = {
        shake: pool.submit(run_shaken, shake, range(first + 800_000, first + 800_000 + max(20, cheats_of_a_kind // 5)))
        for shake in (0.01, 0.02, 0.03, 0.04, 0.05, 0.1)
    }
    compared = beside.result()
    players = sum(part.players for part in parts)
    by_signal: Counter[str] = Counter()
    for part in parts:
        by_signal.update(part.by_signal)
    scores = sorted(score for part in parts for score in part.scores)
    return {
        "seed": seed,
        "honest": {
            "games": sum(part.games for part in parts),
            "players": players,
            "blocked": sum(part.blocked for part in parts) + compared.blocked,
            "lost_taps": sum(part.lost for part in parts),
            "fastest_taps_a_s": round(max(part.fastest for part in parts), 1),
            "played_by_the_scripts": compared.scripts,
            "ended_differently": compared.differing,
            "flagged": sum(part.flagged for part in parts),
            "flagged_share": sum(part.flagged for part in parts) / players,
            "flagged_by": dict(by_signal),
            "score_99_9": scores[int(len(scores) * 0.999)],
            "highest_score": scores[-1],
        },
        "stress": {name: _share(future.result()) for name, future in stress.items()},
        "cheats": {name: _caught(future.result()) for name, future in caught.items()},
        "pairs": {name: _caught(run_pairs(cheat_seeds, feeding=name == "one feeds the other")) for name in PAIRS},
        "shaken_timers": {f"{shake:.0%}": _caught(future.result()) for shake, future in shaken.items()},
    }


def _run_stress(name: str, seeds: Sequence[int]) -> Honest:
    return run_honest(seeds, draw=STRESS[name])


def _share(found: Honest) -> dict[str, Any]:
    return {
        "players": found.players,
        "blocked": found.blocked,
        "flagged_share": round(found.flagged / found.players, 4),
        "flagged_by": dict(found.by_signal),
    }


def _caught(done: Sequence[Cheating]) -> dict[str, Any]:
    signals: Counter[str] = Counter()
    for cheating in done:
        signals.update(cheating.signals)
    return {
        "players": len(done),
        "blocked": sum(cheating.blocked for cheating in done),
        "flagged_share": round(sum(cheating.review for cheating in done) / len(done), 4),
        "caught_share": round(sum(cheating.review or cheating.refused for cheating in done) / len(done), 4),
        "signals": dict(signals.most_common()),
    }


def text(found: Mapping[str, Any]) -> str:
    """The report for people."""
    own = found["honest"]
    lines = [
        f"honest: {own['games']} games of {PLAYERS_A_GAME}, up to {own['fastest_taps_a_s']} taps/s over a game;"
        f" blocked {own['blocked']}, taps lost {own['lost_taps']}, flagged {own['flagged']} of {own['players']}"
        f" ({own['flagged_share']:.3%});"
        f" 99.9 % score up to {own['score_99_9']:.2f}, the highest {own['highest_score']:.2f} (flagged: {REVIEW_FROM})",
        f"  {own['played_by_the_scripts']} by the real scripts too: {own['ended_differently']} ended differently",
    ]
    for title, part in (
        ("honest, beyond what the signals were set up with", "stress"),
        ("cheats (caught: flagged, or refused)", "cheats"),
        ("two who play each other", "pairs"),
        ("timers shaken by", "shaken_timers"),
    ):
        lines.append(f"{title}:")
        for name, row in found[part].items():
            by = ", ".join(f"{signal} {count}" for signal, count in (row.get("signals") or row["flagged_by"]).items())
            head = f"  {name:32s} {row['players']:6d} players  flagged {row['flagged_share']:8.2%}"
            if "caught_share" in row:
                head += f"  caught {row['caught_share']:8.2%}"
            lines.append(f"{head}  blocked {row['blocked']}  {by}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="How many honest players and cheats the anti-cheat finds.")
    parser.add_argument("--games", type=int, default=10_000, help="honest games (default 10,000)")
    parser.add_argument("--cheats", type=int, default=1_000, help="cheats of each kind (default 1,000)")
    parser.add_argument("--scripts", type=int, default=300, help="honest games by the real scripts (default 300)")
    parser.add_argument("--seed", type=int, default=1, help="another run (default 1)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    found = report(arguments.games, arguments.cheats, arguments.scripts, arguments.seed, arguments.workers)
    print(json.dumps(found, indent=1) if arguments.json else text(found))
    own, caught = found["honest"], found["cheats"]
    promised = (
        own["blocked"] == 0
        and own["ended_differently"] == 0
        and own["flagged_share"] <= 0.001
        and own["lost_taps"] == 0
        and all(caught[name]["caught_share"] >= 0.99 for name in PROMISED)
        and found["pairs"]["one feeds the other"]["flagged_share"] >= 0.99
    )
    return 0 if promised else 1


if __name__ == "__main__":
    raise SystemExit(main())
