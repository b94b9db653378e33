"""The tap path: CPU a frame beside the peers, the most players, memory of idle connections."""

import asyncio
import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import build, seeding
from benchmarks.machine import BenchError, on_core
from benchmarks.stack import Stack

P99_LIMIT_MS = 200.0
ACKNOWLEDGED_SHARE = 0.97
_PEERS = ("floor", "node")
Say = Callable[[str], None]


class TapBench:
    """Seeds rooms once and measures on them again and again; `start` is to be called first."""

    def __init__(self, stack: Stack, say: Say) -> None:
        self._stack = stack
        self._say = say
        self._load = build.c_program("tapload")
        self._floor = build.c_program("floor")
        self._node = build.node_peer()
        self._players = stack.path / "players.txt"
        self._peer_players = stack.path / "peer-players.txt"

    def start(self, users: Sequence[int]) -> None:
        """Full rooms in play for all `users`, and a fresh worker."""
        rooms = asyncio.run(seeding.make_rooms(self._stack.valkey.url, users, countdown_ms=500, game_ms=1000 * 7200))
        seeding.write_players(self._players, self._stack.jwt_secret, users, rooms)
        seeding.write_peer_players(self._peer_players, len(users))

    def idle(self, players: int) -> dict[str, Any]:
        """KiB a connection, each on a fresh gateway: after hello, and after hello and enter."""
        figures = {}
        self._say("idle connections")
        for mode in ("idle", "seated"):
            gateway = self._stack.start_gateway()
            figures[mode] = self._measure("gateway", gateway.pid, self._stack.port, players, 0, 2, mode)
            self._stack.stop("gateway")
        return figures

    def alternate(self, players: int, rounds: int, seconds: float) -> dict[str, Any]:
        """CPU a frame of the gateway and its peers, in turn; ratios are medians over the rounds."""
        gateway = self._stack.parts["gateway"]
        runs: dict[str, list[dict[str, Any]]] = {"gateway": [], "floor": [], "node": []}
        for number in range(rounds):
            self._say(f"taps: round {number + 1} of {rounds}, {players} players")
            runs["gateway"].append(self._measure("gateway", gateway.pid, self._stack.port, players, 2, seconds, "taps"))
            for name in _PEERS:
                runs[name].append(self._peer(name, players, seconds))
        return {
            "players": players,
            "rounds": rounds,
            "medians": {
                name: {key: median(run[key] for run in series) for key in series[0]} for name, series in runs.items()
            },
            "ratios": {name: _ratio(runs["gateway"], runs[name]) for name in _PEERS},
            "runs": runs,
        }

    def most_players(self, steps: Sequence[int], seconds: float) -> dict[str, Any]:
        """Raise the number of players until p99 or the acknowledged share breaks its limit."""
        gateway = self._stack.parts["gateway"]
        best: dict[str, Any] | None = None
        tried = []
        for players in steps:
            self._say(f"taps: {players} players on one core")
            run = self._measure("gateway", gateway.pid, self._stack.port, players, 2, seconds, "taps")
            run["holds"] = _holds(run)
            tried.append(run)
            if not run["holds"]:
                break
            best = run
        return {"best": best, "tried": tried}

    def background(self, players: int, seconds: float) -> "subprocess.Popen[str]":
        """Players who tap while something else is measured."""
        gateway = self._stack.parts["gateway"]
        return self._spawn(gateway.pid, self._stack.port, self._players, players, 2, seconds, "taps")

    def _peer(self, name: str, players: int, seconds: float) -> dict[str, Any]:
        redis_port = str(self._stack.valkey.port)
        command = [str(self._floor), "{port}"] if name == "floor" else [*self._node, "{port}", redis_port]
        peer, port = self._stack.start_peer(name, command)
        try:
            return self._measure(name, peer.pid, port, players, 2, seconds, "taps")
        finally:
            self._stack.stop(name)

    def _measure(
        self, name: str, pid: int, port: int, players: int, warm_s: float, seconds: float, mode: str
    ) -> dict[str, Any]:
        file = self._players if name == "gateway" else self._peer_players
        process = self._spawn(pid, port, file, players, warm_s, seconds, mode)
        return finished(process, f"{mode} with {players} players on {name}")

    def _spawn(
        self, pid: int, port: int, file: Path, players: int, warm_s: float, seconds: float, mode: str
    ) -> "subprocess.Popen[str]":
        words = [port, file, players, warm_s, seconds, pid, self._stack.valkey.child.pid, mode]
        with on_core(self._stack.other_core):
            return subprocess.Popen(
                [str(self._load), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )


def finished(process: "subprocess.Popen[str]", what: str, timeout_s: float = 90) -> dict[str, Any]:
    """The JSON that a load generator prints at its end.

    Raises:
        BenchError: it failed, or met what it must not meet: refusals, lost connections.
    """
    try:
        out, errors = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        raise BenchError(f"{what} took over {timeout_s} s") from None
    if process.returncode != 0:
        raise BenchError(f"{what} failed: {errors.strip()[-400:]}")
    run: dict[str, Any] = json.loads(out)
    if run.get("refused") or run.get("closed") or run.get("ready", 0) != run.get("players", 0):
        raise BenchError(f"{what}: {out.strip()} {errors.strip()[-400:]}")
    return run


def _ratio(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> float:
    """Median over the rounds: neighbours in time compare, for machines drift."""
    each: list[float] = [a["server_us"] / b["server_us"] for a, b in zip(ours, theirs, strict=True)]
    return round(median(each), 3)


def _holds(run: dict[str, Any]) -> bool:
    enough = run["acknowledged_per_s"] >= ACKNOWLEDGED_SHARE * run["frames_per_s"]
    wanted = run["frames_per_s"] >= ACKNOWLEDGED_SHARE * run["players"] * 5
    return bool(0 < run["p99_ms"] < P99_LIMIT_MS and enough and wanted)
