"""`python -m tests.chaos` (`make chaos`): games while everything dies, then the books; exit code 1 when they differ."""

import argparse
import secrets
import sys
from pathlib import Path

import uvloop

from cli.progress import progress_bar
from tests.chaos import report
from tests.chaos.faults import KINDS
from tests.chaos.run import Plan, run
from tests.fixtures.fork_server import ForkServer


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--games", type=int, default=300, help="at least so many games (default 300)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the schedule of an earlier run")
    parser.add_argument("--only", default="", metavar="FAULT,...", help=f"only these faults: {', '.join(KINDS)}")
    parser.add_argument("--players", type=int, default=72, help="virtual players (default 72)")
    parser.add_argument("--output", type=Path, default=None, help="for the report and the logs (build/chaos/SEED)")
    arguments = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if arguments.seed is None else arguments.seed
    kinds = arguments.only.split(",") if arguments.only else list(KINDS)
    if unknown := set(kinds) - set(KINDS):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    output = arguments.output or Path("build") / "chaos" / str(seed)
    print(f"seed {seed}, report and logs in {output}", flush=True)
    plan = Plan(seed=seed, games=arguments.games, kinds=kinds, players=arguments.players)
    with progress_bar("games") as progress, ForkServer() as forks:
        result = uvloop.run(run(plan, output, forks, lambda line: print(line, flush=True), progress))
    print(report.markdown(result.table))
    for name, value in result.figures.items():
        print(f"{name:26s} {value}")
    if not result.differs:
        print(f"\nclean: the books are right, and every player was told what they say (seed {seed})")
        return 0
    print(f"\nseed {seed}, the schedule was:\n" + "\n".join(result.schedule), file=sys.stderr)
    print(f"\n{len(result.differs)} differences:\n" + "\n".join(result.differs), file=sys.stderr)
    print(f"\nlogs: {output / 'logs'}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
