"""`chance-tap appeals`: what blocked players say against it, and an operator's answer.

An answer becomes a notice and lifts nothing by itself: `chance-tap user unban` does.
"""

import asyncio
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from chance_tap.settings import Settings
from cli.commands.options import By, Json, Limit, settings_of
from cli.commands.output import print_json, print_table, refuse
from cli.commands.stores import open_database
from persistence.postgres import notices
from persistence.postgres.notices import Appeal

REFUSALS = {"not_found": "there is no such appeal", "conflict": "it was answered before, with other words"}

app = typer.Typer(add_completion=False)


def _words(text: str) -> str:
    clean = text.strip()
    if not 1 <= len(clean) <= notices.MAX_WORDS:
        raise typer.BadParameter(f"1 to {notices.MAX_WORDS} characters")
    return clean


@app.command("list")
def list_appeals(
    context: typer.Context,
    include_answered: Annotated[bool, typer.Option("--all", help="those with an answer too")] = False,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Appeals without an answer, the longest waiting first."""
    found = asyncio.run(_list(settings_of(context), only_open=not include_answered, limit=max(1, limit)))
    if as_json:
        print_json({"appeals": [asdict(each) for each in found]})
    elif found and sys.stdout.isatty():
        print_table(("APPEAL", "CREATED", "USER", "NAME", "ABOUT", "WORDS", "ANSWER"), map(_cells, found))
    else:
        print("\n".join(map(_line, found)) if found else "no appeals wait")


@app.command()
def answer(
    context: typer.Context,
    appeal_id: Annotated[int, typer.Argument(metavar="APPEAL", help="its number in the list")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="the answer", parser=_words)],
    by: By,
    as_json: Json = False,
) -> int:
    """Answer one; the player gets the words as a notice."""
    status = asyncio.run(_answer(settings_of(context), appeal_id, text, by))
    if as_json:
        print_json({"status": status})
    return 0 if status == "ok" else refuse("appeals", f"appeal {appeal_id}: {REFUSALS[status]}.")


def _about(each: Appeal) -> str:
    return f"{each.kind} {each.room_id or ''} ({each.reason or 'no reason'})"


def _line(each: Appeal) -> str:
    words = [f"{each.appeal_id}  {each.created_at:%Y-%m-%d %H:%M}  user {each.user_id} {each.name}  {_about(each)}"]
    words.append(f"    {each.words}")
    if each.answer is not None:
        words.append(f"    answered by {each.answered_by}: {each.answer}")
    return "\n".join(words)


def _cells(each: Appeal) -> tuple[object, ...]:
    answered = None if each.answer is None else f"{each.answered_by}: {each.answer}"
    created = f"{each.created_at:%Y-%m-%d %H:%M}"
    return each.appeal_id, created, each.user_id, each.name, _about(each), each.words, answered


async def _list(settings: Settings, *, only_open: bool, limit: int) -> list[Appeal]:
    async with open_database(settings, "appeals") as db:
        return await notices.appeals(db, only_open=only_open, limit=limit)


async def _answer(settings: Settings, appeal_id: int, text: str, by: str) -> str:
    async with open_database(settings, "appeals") as db:
        return await notices.answer_appeal(db, appeal_id, text, by)
