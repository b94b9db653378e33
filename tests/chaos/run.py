"""One run: start the product, let players play and faults happen, heal, wait, judge, report.

Owns the course and its bounds in time.
"""

import asyncio
import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from persistence.progress import Progress, untold
from tests.chaos import report
from tests.chaos.checks import Verdict, close_the_books, judge, pardon, settle_down
from tests.chaos.faults import KINDS, Happened, inflict, schedule
from tests.chaos.operators import Operators
from tests.chaos.outside import Outside
from tests.chaos.players import STAKES, Crowd
from tests.chaos.product import Product, Sizes
from tests.chaos.scene import Scene
from tests.fixtures.fork_server import ForkServer

ENVIRONMENT = {
    "DEMO_STARS": "0",
    "DEMO_OPPONENTS": "0",
    "STAKES": ",".join(map(str, STAKES)),
    "CAPACITY": "4",
    "WAIT_S": "2",
    "COUNTDOWN_S": "1",
    "GAME_S": "5",
    "HOUSE_FEE_BPS": "250",
    "HERO_WAIT_S": "8",
    "HERO_TARGET": "30",
    "STARS_DEPOSITS": "on",
    "STARS_RECONCILE_S": "5",
    "WITHDRAWALS_PREMIUM": "on",
    "WITHDRAWAL_HOLD_S": "2",
    "WITHDRAWAL_ACCOUNT_DAY_STARS": "1000000",
    "WITHDRAWAL_HOUSE_DAY_STARS": "1000000",
}
FINISH_S = 150.0
"""For the games under way at the end; a room that Redis has lost takes 60 s to be void."""
SETTLE_S = 150.0
"""For what only patience decides: a malformed entry dies at its fifth delivery, 10 s apart and more."""


@dataclass(frozen=True)
class Plan:
    """What to do.  The run ends with `games` games and, unless `kinds` are chosen, one whole round of faults."""

    seed: int
    games: int
    kinds: list[str] = field(default_factory=lambda: list(KINDS))
    players: int = 72
    gateways: int = 3
    workers: int = 2
    quiet_s: float = 8.0
    pauses_s: tuple[float, float] = (2.0, 6.0)
    limit_s: float = 780.0
    rounds: int = 1
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Result:
    """What came of it."""

    plan: Plan
    figures: dict[str, Any]
    differs: list[str]
    schedule: list[str]
    table: list[dict[str, Any]]


async def run(
    plan: Plan, output: Path, forks: ForkServer, say: Callable[[str], None], progress: Progress = untold
) -> Result:
    """Run it, with parts that `forks` starts; the report and the logs of all parts go to `output`, and `progress`
    counts games."""
    folder = await asyncio.to_thread(_folder)
    try:
        result = await _course(plan, folder, forks, say, progress)
        await asyncio.to_thread(_write, result, output)
        return result
    finally:
        await asyncio.to_thread(_put_away, folder, output)


def _folder() -> Path:
    """Of our own, but open: Postgres may run as another user."""
    folder = Path(tempfile.mkdtemp(prefix="chance-tap-chaos-"))
    folder.chmod(0o755)
    return folder


def _put_away(folder: Path, output: Path) -> None:
    shutil.rmtree(output / "logs", ignore_errors=True)
    shutil.copytree(folder / "logs", output / "logs")
    shutil.rmtree(folder, ignore_errors=True)


async def _course(
    plan: Plan, folder: Path, forks: ForkServer, say: Callable[[str], None], progress: Progress
) -> Result:
    outside = Outside()
    crowd: Crowd | None = None
    sizes: Sizes | None = None
    product: Product | None = None
    try:
        await outside.open()
        mails = folder / "mails"
        environment = ENVIRONMENT | {"SMTP_URL": f"folder:{mails}"} | plan.environment | outside.environment()
        balancing = random.Random(f"balancer {plan.seed}")
        product = Product(folder, balancing, environment, plan.gateways, plan.workers, forks)
        await product.start()
        outside.deliver_to(product.url)
        sizes = Sizes(product)
        operators = Operators(product, outside)
        crowd = Crowd(product.url, outside, mails, plan.players, plan.seed, operators.days_pass)
        scene = Scene(product, sizes, outside, operators, crowd)
        await crowd.start()
        began, clock = time.time(), asyncio.get_running_loop().time
        start = clock()
        happened = await _storm(plan, scene, crowd, say, progress)
        calm = clock()
        say(f"{len(crowd.games)} games, {len(happened)} faults in {calm - start:.0f} s; everything heals")
        await product.healthy()
        await pardon(scene)
        await crowd.finish(FINISH_S)
        await pardon(scene)
        await crowd.fill_purses(STAKES[0])
        differs = await _last_game(crowd)
        differs += await settle_down(scene, SETTLE_S)
        differs += await close_the_books(scene, random.Random(f"operators {plan.seed}"), SETTLE_S)
        verdict = await judge(scene, crowd)
        figures = _figures(crowd, scene, verdict, happened) | {
            "began": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(began)),
            "storm_s": round(calm - start),
            "all_s": round(clock() - start),
        }
        rows = report.table(happened, crowd.waits, plan.players)
        if len(crowd.games) < plan.games:
            differs.append(f"only {len(crowd.games)} games in {plan.limit_s:.0f} s")
        return Result(plan, figures, differs + verdict.differs, report.course(happened, start), rows)
    finally:
        if crowd is not None:
            await crowd.close()
        if sizes is not None:
            await sizes.close()
        if product is not None:
            await product.close()
        await outside.close()


async def _storm(
    plan: Plan, scene: Scene, crowd: Crowd, say: Callable[[str], None], progress: Progress
) -> list[Happened]:
    """Faults, one after another, until there were enough of them and enough games."""
    clock = asyncio.get_running_loop().time
    until = clock() + plan.limit_s
    happened: list[Happened] = []
    await asyncio.sleep(plan.quiet_s)
    for fault in schedule(plan.seed, plan.kinds, plan.pauses_s):
        enough = len(crowd.games) >= plan.games and len(happened) >= plan.rounds * len(plan.kinds)
        if enough or clock() > until:
            break
        await asyncio.sleep(fault.pause_s)
        happened.append(await inflict(scene, fault))
        progress(min(len(crowd.games), plan.games), plan.games)
        say(f"{len(crowd.games):4d} games  {fault.number:3d}  {fault.kind}: {happened[-1].detail}")
    return happened


async def _last_game(crowd: Crowd) -> list[str]:
    """One more game for everybody, with nothing in the way: each is settled, and every tap counts."""
    found = []
    for outcome in await crowd.last_game():
        who = f"after all faults, player {outcome.user_id} in room {outcome.room_id}"
        if outcome.state == "settled" and outcome.taps_counted != outcome.taps_sent:
            found.append(f"{who}: {outcome.taps_sent} taps sent, {outcome.taps_counted} counted")
        elif outcome.state not in ("settled", "cancelled"):
            found.append(f"{who}: ended as {outcome.state}")
    return found


def _figures(crowd: Crowd, scene: Scene, verdict: Verdict, happened: list[Happened]) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for fault in happened:
        kinds[fault.fault.kind] = kinds.get(fault.fault.kind, 0) + 1
    outcomes = [outcome for told in crowd.told for outcome in told.outcomes]
    return {
        "games": len(crowd.games),
        "hero_games": len(crowd.hero_games),
        "games_by_end": report.games(crowd),
        "rooms_by_decision": verdict.rooms,
        "players": len(crowd.told),
        "joins": crowd.joins,
        "joins_with_lost_answers": crowd.repeated_joins,
        "leaves": crowd.leaves,
        "reconnects": crowd.reconnects,
        "settled_frames": sum(len(told.settled) for told in crowd.told),
        "ends_looked_up": verdict.unseen_ends,
        "lost_sight": [line for told in crowd.told for line in told.lost_sight],
        "taps_sent": sum(outcome.taps_sent for outcome in outcomes if outcome.state == "settled"),
        "taps_counted": sum(outcome.taps_counted for outcome in outcomes if outcome.state == "settled"),
        "faults": len(happened),
        "faults_by_kind": kinds,
        "ended_by_themselves": {
            part.name: part.ended_by_itself for part in scene.product.parts if part.ended_by_itself
        },
        "poisoned": len(scene.poisoned),
        "dead_letters": verdict.dead_letters,
        "payments": sum(told.purse.paid for told in crowd.told),
        "charged_back": scene.charged_back,
        "withdrawals_asked": crowd.withdrawals_asked,
        "bans_met": crowd.bans_met,
        "accounts_changed": crowd.accounts_changed,
        "operators": scene.operators.decided,
        **verdict.money,
        "results_repeated": scene.repeated,
        "results_stolen": scene.stolen,
    }


def _write(result: Result, output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    (output / "report.json").write_text(
        json.dumps(
            {
                "plan": asdict(result.plan), "figures": result.figures, "differs": result.differs,
                "schedule": result.schedule, "table": result.table,
            },
            indent=1,
        )
    )  # fmt: skip
    (output / "table.md").write_text(report.markdown(result.table))
