"""`python -m benchmarks`: every figure of docs/performance.md in one run on this machine."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import machine, seeding
from benchmarks.build import BUILD
from benchmarks.money import MoneyBench, settlements
from benchmarks.report import markdown
from benchmarks.stack import Stack
from benchmarks.taps import TapBench
from cli.embedded.child import EmbeddedError

PARTS = ("idle", "taps", "most", "joins", "settle")
_FULL: dict[str, Any] = {
    "seated": 9000, "rounds": 5, "seconds": 4, "steps": (3000, 5000, 6000, 7000, 8000, 9000),
    "join_rounds": 5, "joiners": 30_000, "settled_rooms": 1000,
}  # fmt: skip
_QUICK: dict[str, Any] = {
    "seated": 5000, "rounds": 2, "seconds": 2, "steps": (5000,),
    "join_rounds": 2, "joiners": 12_000, "settled_rooms": 300,
}  # fmt: skip
COMPARED_PLAYERS = 3000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short series: for a look, not for the record")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part only (can be repeated)")
    parser.add_argument("--output", type=Path, default=BUILD, help="folder for figures.json and performance.md")
    arguments = parser.parse_args()
    if lacking := machine.missing():
        print("bench: this machine lacks", *lacking, sep="\n  ", file=sys.stderr)
        return 2
    size = _QUICK if arguments.quick else _FULL
    stack = Stack()
    try:
        figures = measure(stack, size, tuple(arguments.only or PARTS), quick=arguments.quick)
    except (machine.BenchError, EmbeddedError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        stack.close()
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "figures.json").write_text(json.dumps(figures, indent=1))
    (arguments.output / "performance.md").write_text(markdown(figures))
    print(markdown(figures))
    say(f"written to {arguments.output}: figures.json, performance.md")
    return 1 if figures["failed"] else 0


def measure(stack: Stack, size: dict[str, Any], parts: tuple[str, ...], *, quick: bool) -> dict[str, Any]:
    """Run the chosen parts in the order in which they leave each other alone; one that fails does not stop the next."""
    began = time.monotonic()
    figures: dict[str, Any] = {"machine": machine.description(), "quick": quick, "failed": {}}

    def part(name: str, run: Callable[[], dict[str, Any]]) -> None:
        try:
            figures[name] = run()
        except machine.BenchError as error:
            say(f"{name} failed: {error}")
            figures["failed"][name] = str(error)

    say("starting Postgres and Valkey")
    stack.start_stores()
    stack.start_worker(stack.other_core)
    say("making users and rooms")
    taps = TapBench(stack, say)
    taps.start(seeding.make_users(stack.admin_url, size["seated"]))
    if "idle" in parts:
        part("idle", lambda: taps.idle(min(5000, size["seated"])))
    if set(parts) & {"taps", "most", "joins"}:
        stack.start_gateway()
    if "taps" in parts:
        part("taps", lambda: taps.alternate(COMPARED_PLAYERS, size["rounds"], size["seconds"]))
    if "most" in parts:
        part("most_players", lambda: taps.most_players(size["steps"], size["seconds"]))
    if "joins" in parts:
        money = MoneyBench(stack, say, seeding.make_users(stack.admin_url, size["joiners"]))
        part("joins", lambda: money.joins(size["join_rounds"], size["seconds"]))
        part("joins_while_tapping", lambda: money.joins_while_tapping(taps, COMPARED_PLAYERS, size["seconds"] + 2))
    if "settle" in parts:
        stack.stop("gateway")
        stack.stop("worker")
        users = seeding.make_users(stack.admin_url, size["settled_rooms"] * seeding.SEATS)
        part("settlements", lambda: settlements(stack, users, say))
    figures["bench_s"] = round(time.monotonic() - began)
    return figures


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
