"""`chance-tap bonus`: see the bonus runs, and decide about rewards that wait for an operator.

Who decided, and when, is kept with the run.  Must never pay by itself: the ledger's functions do, within the budget.
"""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from chance_tap.settings import Settings
from cli.commands.options import By, Json, Limit, settings_of
from cli.commands.output import moment, print_json, print_list, refuse
from cli.commands.stores import open_database, open_stores
from persistence.bonus_runs import BonusRuns
from persistence.postgres import bonus
from persistence.postgres.bonus import Run

REFUSALS = {
    "not_found": "there is no such run",
    "conflict": "its reward does not wait for an operator",
    "banned": "the account is banned; lift the ban first, or refuse",
    "over_budget": "the reward does not fit into what is left of BONUS_BUDGET_STARS",
}
COLUMNS = ("RUN", "USER", "STARTED", "STATE", "TAPS", "GOAL", "STARS", "HELD", "REASON", "REVIEW")

RunId = Annotated[int, typer.Argument(metavar="RUN", help="its number in the list")]

app = typer.Typer(add_completion=False)


@app.command("list")
def list_runs(
    context: typer.Context,
    held: Annotated[bool, typer.Option("--held", help="only those whose reward waits for an operator")] = False,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """The latest runs of everybody."""
    found = asyncio.run(_list(settings_of(context), held=held, limit=max(1, limit)))
    if as_json:
        print_json({"runs": [asdict(each) for each in found]})
    else:
        nothing = "no rewards wait" if held else "no runs"
        print_list(found, line=_line, columns=COLUMNS, cells=_cells, nothing=nothing)


@app.command()
def approve(context: typer.Context, run_id: RunId, by: By, as_json: Json = False) -> int:
    """Pay a held reward."""
    return _review(settings_of(context), run_id, approve=True, by=by, as_json=as_json)


@app.command("refuse")
def refuse_reward(context: typer.Context, run_id: RunId, by: By, as_json: Json = False) -> int:
    """Never pay a held reward."""
    return _review(settings_of(context), run_id, approve=False, by=by, as_json=as_json)


def _review(settings: Settings, run_id: int, *, approve: bool, by: str, as_json: bool) -> int:
    status, decided = asyncio.run(_decide(settings, run_id, approve=approve, by=by))
    if as_json:
        print_json({"status": status, "run": None if decided is None else asdict(decided)})
    elif status == "ok" and decided is not None:
        print(_line(decided))
    return 0 if status == "ok" else refuse("bonus", f"run {run_id}: {REFUSALS[status]}.")


def _line(each: Run) -> str:
    words = [f"{each.run_id}  user {each.user_id}  {moment(each.started_ms)}  {each.state}  {each.taps}/{each.goal}"]
    words.append(f"{each.reward} Stars")
    words += [word for word in (each.held and f"held: {each.held}", each.reason) if word]
    words += [_reviewed(each)] if each.review else []
    return "  ".join(words)


def _cells(each: Run) -> tuple[object, ...]:
    begun = (each.run_id, each.user_id, moment(each.started_ms), each.state, each.taps, each.goal, each.reward)
    return *begun, each.held, each.reason, _reviewed(each) if each.review else None


def _reviewed(each: Run) -> str:
    return f"{each.review} by {each.reviewed_by}"


async def _list(settings: Settings, *, held: bool, limit: int) -> list[Run]:
    async with open_database(settings, "bonus") as db:
        return await bonus.listed(db, held=held, limit=limit)


async def _decide(settings: Settings, run_id: int, *, approve: bool, by: str) -> tuple[str, Run | None]:
    async with open_stores(settings, "bonus") as (live, db):
        status, recorded = await BonusRuns(live, db, settings).review(run_id, approve=approve, by=by)
        return status, None if recorded is None else recorded.run
