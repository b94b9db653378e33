"""The report on the anti-cheat: `make anticheat`, or `python -m tests.record.anticheat` with other numbers."""

import argparse
import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from cli.embedded.valkey import EmbeddedValkey
from cli.simulate import cheats
from tests.record.population import (
    PLAYERS_A_GAME,
    Cheating,
    Honest,
    run_cheats,
    run_honest,
    run_pairs,
    run_shaken,
)
from tests.record.stress import STRESS
from workers.signals.assess import REVIEW_FROM

CHUNK = 250
PROMISED = ("fixed_rhythm", "pinned_rate", "held_back", "sparse", "bursts", "last_mover", "last_mover_as_person")
PAIRS = ("one feeds the other", "friends")


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
