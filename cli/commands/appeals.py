"""`chance-tap appeals`: what blocked players say against it, and an operator's answer.

An answer becomes a notice and lifts nothing by itself: `chance-tap user unban` does.
"""

import argparse
import asyncio
import getpass
import json
import sys
from dataclasses import asdict

from chance_tap.settings import Settings
from persistence.postgres import notices, operators
from persistence.postgres.notices import Appeal
from persistence.postgres.pool import Database

REFUSALS = {"not_found": "there is no such appeal", "conflict": "it was answered before, with other words"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list [--all]`, `answer APPEAL TEXT`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    listing = actions.add_parser("list", help="appeals without an answer, the longest waiting first")
    listing.add_argument("--all", action="store_true", help="those with an answer too")
    listing.add_argument("--limit", type=int, default=100, help="how many at most (default 100)")
    answering = actions.add_parser("answer", help="answer one; the player gets the words as a notice")
    answering.add_argument("appeal_id", type=int, metavar="APPEAL", help="its number in the list")
    answering.add_argument("text", type=_words, metavar="TEXT", help="the answer")
    answering.add_argument("--by", default=getpass.getuser(), help="who answers (default: the system's user)")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The command: 0 when it is done, 1 when the appeal does not allow it."""
    if arguments.action == "list":
        found = asyncio.run(_listed(settings, arguments))
        if arguments.json:
            print(json.dumps({"appeals": [asdict(each) for each in found]}, default=str))
        else:
            print("\n".join(map(_line, found)) if found else "no appeals wait")
        return 0
    status = asyncio.run(_answered(settings, arguments))
    if arguments.json:
        print(json.dumps({"status": status}))
    if status == "ok":
        return 0
    print(f"chance-tap appeals: appeal {arguments.appeal_id}: {REFUSALS[status]}.", file=sys.stderr)
    return 1


def _words(text: str) -> str:
    clean = text.strip()
    if not 1 <= len(clean) <= notices.MAX_WORDS:
        raise argparse.ArgumentTypeError(f"1 to {notices.MAX_WORDS} characters")
    return clean


def _line(each: Appeal) -> str:
    about = f"{each.kind} {each.room_id or ''} ({each.reason or 'no reason'})"
    words = [f"{each.appeal_id}  {each.created_at:%Y-%m-%d %H:%M}  user {each.user_id} {each.name}  {about}"]
    words.append(f"    {each.words}")
    if each.answer is not None:
        words.append(f"    answered by {each.answered_by}: {each.answer}")
    return "\n".join(words)


async def _listed(settings: Settings, arguments: argparse.Namespace) -> list[Appeal]:
    db = await Database.open(settings.database_url, name="chance-tap-appeals")
    try:
        return await notices.appeals(db, only_open=not arguments.all, limit=max(1, arguments.limit))
    finally:
        await db.close()


async def _answered(settings: Settings, arguments: argparse.Namespace) -> str:
    db = await Database.open(settings.database_url, name="chance-tap-appeals")
    try:
        by = arguments.by[: operators.MAX_OPERATOR]
        return await notices.answer_appeal(db, arguments.appeal_id, arguments.text, by)
    finally:
        await db.close()
