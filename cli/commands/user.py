"""`chance-tap user`: look at an account, ban it, lift a ban.

Who did it, when and why is written down with the account.  Must never move Stars: a ban refunds nothing by itself.
"""

import asyncio
import re
from typing import Annotated, Any, NamedTuple

import typer

from chance_tap.settings import Settings
from cli.commands.options import By, Json, settings_of
from cli.commands.output import print_json, refuse
from cli.commands.stores import open_stores
from persistence.accounts.bans import Bans
from persistence.postgres import operators
from persistence.postgres.pool import Database


def _reason(text: str) -> str:
    clean = text.strip()
    if not 1 <= len(clean) <= operators.MAX_REASON:
        raise typer.BadParameter(f"1 to {operators.MAX_REASON} characters")
    return clean


Reason = Annotated[str | None, typer.Option("--reason", parser=_reason, help="why; of a ban the player reads it")]
User = Annotated[str, typer.Argument(metavar="USER", help="the user's number, telegram:NUMBER or @username")]

app = typer.Typer(add_completion=False)


@app.command()
def show(context: typer.Context, user: User, as_json: Json = False) -> int:
    """An account, its money and what operators did to it."""
    return _print(user, asyncio.run(_show(settings_of(context), user)), as_json=as_json)


@app.command()
def ban(context: typer.Context, user: User, by: By, reason: Reason = None, as_json: Json = False) -> int:
    """Refuse it everywhere, and tell its player why."""
    return _print(user, asyncio.run(_ban(settings_of(context), user, reason, by)), as_json=as_json)


@app.command()
def unban(context: typer.Context, user: User, by: By, reason: Reason = None, as_json: Json = False) -> int:
    """Lift a ban."""
    return _print(user, asyncio.run(_ban(settings_of(context), user, reason, by, lift=True)), as_json=as_json)


class _Found(NamedTuple):
    status: str
    account: dict[str, Any] | None


def _print(user: str, found: _Found, *, as_json: bool) -> int:
    """0 when it is so now, 1 when there is no such account."""
    if as_json:
        print_json({"status": found.status, "user": found.account})
    elif found.account is not None:
        print("\n".join(_lines(found.account)))
    return refuse("user", f"{user}: there is no such account.") if found.account is None else 0


async def _show(settings: Settings, user: str) -> _Found:
    async with open_stores(settings, "user") as (_, db):
        user_id = await _find(db, user)
        return _Found("not_found", None) if user_id is None else await _account(db, user_id, "ok")


async def _ban(settings: Settings, user: str, reason: str | None, by: str, *, lift: bool = False) -> _Found:
    async with open_stores(settings, "user") as (live, db):
        user_id = await _find(db, user)
        if user_id is None:
            return _Found("not_found", None)
        bans = Bans(live, db, settings)
        status = await (bans.unban if lift else bans.ban)(user_id, reason, by)
        return await _account(db, user_id, status)


async def _account(db: Database, user_id: int, status: str) -> _Found:
    account = await operators.report(db, user_id)
    return _Found("not_found" if account is None else status, account)


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
    lines += [
        f"  the same person's: {other['user_id']}  {other['balance']} Stars  room {other['room_id'] or '-'}"
        for other in account["others"]
    ]
    if account["demo"]:
        lines.append("  demonstration Stars: it cannot withdraw, and plays with its like")
    if account["owes"]:
        lines.append(f"  owes {account['owes']} Stars: chance-tap debts list --user {account['user_id']}")
    if account["banned_at"]:
        lines.append(f"  banned since {account['banned_at']}: {account['ban_reason'] or 'no reason given'}")
    lines += [
        f"  {entry['at']}  {entry['action']} by {_who(entry)}: {entry['reason'] or '-'}"
        for entry in account["operators"]
    ]
    return lines


def _who(entry: dict[str, Any]) -> str:
    """The actor, and the login where that is another, as the worker's on an admin's errand."""
    operator, login = str(entry["operator"]), str(entry["login"])
    return operator if operator.split(" ")[0] == login else f"{operator} ({login})"
