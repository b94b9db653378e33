"""`chance-tap bonus`: see the bonus runs, and decide about rewards that wait for an operator.

Who decided, and when, is kept with the run.  Must never pay by itself: the ledger's functions do, within the budget.
"""

import argparse
import asyncio
import getpass
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime

from chance_tap.settings import Settings
from persistence.bonus_runs import BonusRuns
from persistence.postgres import bonus
from persistence.postgres.bonus import Run
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore

REFUSALS = {
    "not_found": "there is no such run",
    "conflict": "its reward does not wait for an operator",
    "banned": "the account is banned; lift the ban first, or refuse",
    "over_budget": "the reward does not fit into what is left of BONUS_BUDGET_STARS",
}
OPERATOR_CHARACTERS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list [--held]`, `approve RUN`, `refuse RUN`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    listing = actions.add_parser("list", help="the latest runs of everybody")
    listing.add_argument("--held", action="store_true", help="only those whose reward waits for an operator")
    listing.add_argument("--limit", type=int, default=100, help="how many at most (default 100)")
    for name, meaning in (("approve", "pay a held reward"), ("refuse", "never pay a held reward")):
        action = actions.add_parser(name, help=meaning)
        action.add_argument("run_id", type=int, metavar="RUN", help="its number in the list")
        action.add_argument("--by", default=getpass.getuser(), help="who decides (default: the system's user)")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The command: 0 when it is done, 1 when the run does not allow it."""
    if arguments.action == "list":
        return _show(arguments, asyncio.run(_listed(settings, arguments)))
    status, decided = asyncio.run(_review(settings, arguments))
    if arguments.json:
        print(json.dumps({"status": status, "run": None if decided is None else asdict(decided)}))
    elif status == "ok" and decided is not None:
        print(_line(decided))
    if status == "ok":
        return 0
    print(f"chance-tap bonus: run {arguments.run_id}: {REFUSALS[status]}.", file=sys.stderr)
    return 1


def _show(arguments: argparse.Namespace, runs: list[Run]) -> int:
    if arguments.json:
        print(json.dumps({"runs": [asdict(each) for each in runs]}))
    else:
        for each in runs:
            print(_line(each))
        if not runs:
            print("no rewards wait" if arguments.held else "no runs")
    return 0


def _line(each: Run) -> str:
    started = datetime.fromtimestamp(each.started_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    words = [f"{each.run_id}  user {each.user_id}  {started}  {each.state}  {each.taps}/{each.goal}"]
    words.append(f"{each.reward} Stars")
    words += [word for word in (each.held and f"held: {each.held}", each.reason) if word]
    words += [f"{each.review} by {each.reviewed_by}"] if each.review else []
    return "  ".join(words)


async def _listed(settings: Settings, arguments: argparse.Namespace) -> list[Run]:
    db = await Database.open(settings.database_url, name="chance-tap-bonus")
    try:
        return await bonus.listed(db, held=arguments.held, limit=max(1, arguments.limit))
    finally:
        await db.close()


async def _review(settings: Settings, arguments: argparse.Namespace) -> tuple[str, Run | None]:
    db = await Database.open(settings.database_url, name="chance-tap-bonus")
    try:
        live = await RedisStore.open(settings.redis_url, heartbeat=False)
        try:
            status, recorded = await BonusRuns(live, db, settings).review(
                arguments.run_id, approve=arguments.action == "approve", by=arguments.by[:OPERATOR_CHARACTERS]
            )
            return status, None if recorded is None else recorded.run
        finally:
            await live.close()
    finally:
        await db.close()
