"""`chance-tap reviews`: games and winnings that wait for an operator before money is paid out.

Who decided, why and when is kept with each.  A decision bans nobody (`chance-tap user ban`) and moves no Star:
withdrawals that wait go on by themselves once nothing stands against them.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from chance_tap.settings import Settings
from cli.commands.options import By, Json, Limit, settings_of
from cli.commands.output import print_json, refuse
from cli.commands.stores import open_database
from persistence.postgres import operators, reviews
from persistence.postgres.reviews import Review, ReviewDecision

REFUSALS = {"not_found": "there is no such review", "conflict": "it was cleared before"}


def _words(text: str) -> str:
    clean = text.strip()
    if not 1 <= len(clean) <= operators.MAX_REASON:
        raise typer.BadParameter(f"1 to {operators.MAX_REASON} characters")
    return clean


ReviewIds = Annotated[list[int], typer.Argument(metavar="REVIEW...", help="their numbers in the list")]
Reason = Annotated[str, typer.Option("--reason", help="what was seen", parser=_words)]

app = typer.Typer(add_completion=False)


@app.command("list")
def list_reviews(
    context: typer.Context,
    user: Annotated[int | None, typer.Option("--user", help="only those of this account")] = None,
    include_decided: Annotated[bool, typer.Option("--all", help="those that are decided too")] = False,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """What nobody has decided yet: first where a player waits for money."""
    found = asyncio.run(_list(settings_of(context), user, include_decided, max(1, limit)))
    if as_json:
        print_json({"reviews": [asdict(each) for each in found]})
    else:
        print("\n".join(line for each in found for line in _lines(each)) or "no reviews wait")


@app.command()
def clear(context: typer.Context, review_ids: ReviewIds, reason: Reason, by: By, as_json: Json = False) -> int:
    """Nothing is wrong with it: what waits for it goes on."""
    return _decide_all(settings_of(context), review_ids, "cleared", reason, by, as_json=as_json)


@app.command()
def confirm(context: typer.Context, review_ids: ReviewIds, reason: Reason, by: By, as_json: Json = False) -> int:
    """It was cheating: the player's withdrawals wait on, each for an operator's decision."""
    return _decide_all(settings_of(context), review_ids, "confirmed", reason, by, as_json=as_json)


def _decide_all(
    settings: Settings, review_ids: list[int], decision: ReviewDecision, reason: str, by: str, *, as_json: bool
) -> int:
    statuses = asyncio.run(_decide(settings, review_ids, decision, reason, by))
    if as_json:
        print_json({"reviews": [{"review_id": number, "status": status} for number, status in statuses.items()]})
    refused = {number: status for number, status in statuses.items() if status != "ok"}
    for number in statuses.keys() - refused.keys() if not as_json else ():
        print(f"review {number}: {decision}")
    for number, status in refused.items():
        refuse("reviews", f"review {number}: {REFUSALS[status]}.")
    return 1 if refused else 0


def _lines(each: Review) -> Iterator[str]:
    about = {
        "signals": f"game {each.room_id}, score {each.score or 0:.2f}, prize {each.stars} Stars",
        "block": f"blocked in game {each.room_id}",
        "passed": f"{each.stars} Stars won from user {each.source_id} since game {each.room_id}",
    }[each.kind]
    waits = f"  {each.waiting} Stars wait" if each.waiting else ""
    yield f"{each.review_id}  {each.opened_at:%Y-%m-%d %H:%M}  user {each.user_id} {each.name}  {about}{waits}"
    for signal in each.signals or () if each.kind == "signals" else ():
        yield f"    {signal['name']} {signal['score']:.2f}: {signal['why']}"
    if each.decision is not None:
        yield f"    {each.decision} by {each.decided_by}: {each.reason}"


async def _list(settings: Settings, user_id: int | None, include_decided: bool, limit: int) -> list[Review]:
    async with open_database(settings, "reviews") as db:
        return await reviews.listed(db, user_id=user_id, include_decided=include_decided, limit=limit)


async def _decide(
    settings: Settings, review_ids: list[int], decision: ReviewDecision, reason: str, by: str
) -> dict[int, str]:
    async with open_database(settings, "reviews") as db:
        return {number: await reviews.decide(db, number, decision, reason=reason, by=by) for number in review_ids}
