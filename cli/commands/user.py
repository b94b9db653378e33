"""`chance-tap user`: look at an account, ban it, lift a ban.

Who did it, when and why is written down with the account.  Must never move Stars: a ban refunds nothing by itself.
"""

import argparse
import asyncio
import getpass
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from chance_tap.settings import Settings
from persistence.accounts.bans import Bans
from persistence.postgres import operators
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`show USER`, `ban USER [--reason R]`, `unban USER [--reason R]`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    actions.add_parser("show", help="an account, its money and what operators did to it")
    for name, meaning in (("ban", "refuse it everywhere, and tell its player why"), ("unban", "lift a ban")):
        action = actions.add_parser(name, help=meaning)
        action.add_argument("--reason", type=_reason, help="why; of a ban the player reads it")
        action.add_argument("--by", default=getpass.getuser(), help="who decides (default: the system's user)")
    for action in actions.choices.values():
        action.add_argument("user", metavar="USER", help="the user's number, telegram:NUMBER or @username")
        action.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The command: 0 when it is so now, 1 when there is no such account."""
    status, account = asyncio.run(_act(arguments, settings))
    if arguments.json:
        print(json.dumps({"status": status, "user": account}))
    elif account is not None:
        print("\n".join(_lines(account)))
    if account is None:
        print(f"chance-tap user: {arguments.user}: there is no such account.", file=sys.stderr)
        return 1
    return 0


def _reason(text: str) -> str:
    clean = text.strip()
    if not 1 <= len(clean) <= operators.MAX_REASON:
        raise argparse.ArgumentTypeError(f"1 to {operators.MAX_REASON} characters")
    return clean


async def _act(arguments: argparse.Namespace, settings: Settings) -> tuple[str, dict[str, Any] | None]:
    async with _opened(settings) as (live, db):
        user_id = await _find(db, arguments.user)
        if user_id is None:
            return "not_found", None
        status = "ok"
        if arguments.action != "show":
            bans = Bans(live, db, settings)
            act = bans.ban if arguments.action == "ban" else bans.unban
            status = await act(user_id, arguments.reason, arguments.by[: operators.MAX_OPERATOR])
        account = await operators.report(db, user_id)
        return ("not_found" if account is None else status), account


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[RedisStore, Database]]:
    db = await Database.open(settings.database_url, name="chance-tap-user")
    try:
        live = await RedisStore.open(settings.redis_url, heartbeat=False)
        try:
            yield live, db
        finally:
            await live.close()
    finally:
        await db.close()


async def _find(db: Database, word: str) -> int | None:
    if re.fullmatch(r"[0-9]{1,18}", word):
        return int(word)
    if found := re.fullmatch(r"telegram:([0-9]{1,16})", word):
        return await operators.find(db, telegram_id=int(found[1]))
    return await operators.find(db, username=word.removeprefix("@"))


def _lines(account: dict[str, Any]) -> list[str]:
    name = f"{account['name']} (@{account['username']})" if account["username"] else account["name"]
    lines = [f"{account['user_id']}  {name}  {account['role']}  telegram {account['telegram_id'] or '-'}"]
    games = f"{account['games']} games, {account['wins']} won"
    lines.append(f"  {account['balance']} Stars  {games}  room {account['room_id'] or '-'}")
    if account["banned_at"]:
        lines.append(f"  banned since {account['banned_at']}: {account['ban_reason'] or 'no reason given'}")
    lines += [
        f"  {entry['at']}  {entry['action']} by {entry['operator']} ({entry['login']}): {entry['reason'] or '-'}"
        for entry in account["operators"]
    ]
    return lines
