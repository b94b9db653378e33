"""`chance-tap debts`: what players owe because Telegram took payments back whose Stars were gone, and forgiving it.

Who forgave, when and why is kept with the debt.  Must never collect: whatever comes to a debtor's accounts pays by
itself.  Forgiving moves no Star and lifts no ban (`chance-tap user unban` does).
"""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from chance_tap.settings import Settings
from cli.commands.options import By, Json, Limit, settings_of
from cli.commands.output import moment, print_json, print_list, refuse
from cli.commands.stores import open_database
from persistence.postgres import debts
from persistence.postgres.debts import Debt, DebtReport

REFUSALS = {"not_found": "there is no such debt", "conflict": "it is paid"}
COLUMNS = ("DEBT", "USER", "OPENED", "STARS", "PAID", "OWED", "CHARGE", "FORGIVEN")

app = typer.Typer(add_completion=False)


def _reason(text: str) -> str:
    clean = text.strip()
    if not 1 <= len(clean) <= debts.MAX_REASON:
        raise typer.BadParameter(f"1 to {debts.MAX_REASON} characters")
    return clean


DebtId = Annotated[int, typer.Argument(metavar="DEBT", help="its number in the list", min=1, max=2**63 - 1)]


@app.command("list")
def list_debts(
    context: typer.Context,
    include_closed: Annotated[bool, typer.Option("--all", help="paid and forgiven ones too")] = False,
    user: Annotated[
        int | None, typer.Option("--user", help="only those of whoever has this account", min=1, max=2**63 - 1)
    ] = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Open debts, the latest first."""
    found = asyncio.run(_list(settings_of(context), open_only=not include_closed, user_id=user, limit=max(1, limit)))
    if as_json:
        print_json({"debts": [_facts(each) for each in found]})
    else:
        print_list(found, line=_line, columns=COLUMNS, cells=_cells, nothing="no debts")


@app.command()
def show(context: typer.Context, debt_id: DebtId, as_json: Json = False) -> int:
    """One debt: what was paid of it and by what, and where the person's Stars are."""
    return _print(debt_id, asyncio.run(_report(settings_of(context), debt_id)), "ok", as_json=as_json)


@app.command()
def forgive(
    context: typer.Context,
    debt_id: DebtId,
    reason: Annotated[str, typer.Option("--reason", parser=_reason, help="why; it is kept with the debt")],
    by: By,
    as_json: Json = False,
) -> int:
    """Forgive what is left of one: it stays the house's loss, and the account as blocked as it is."""
    status, found = asyncio.run(_forgive(settings_of(context), debt_id, reason, by))
    return _print(debt_id, found, status, as_json=as_json)


def _print(debt_id: int, found: DebtReport | None, status: str, *, as_json: bool) -> int:
    """0 when it is so now, else 1."""
    status = "not_found" if found is None else status
    if as_json:
        told = {} if found is None else {"payments": found.payments, "accounts": found.accounts}
        print_json({"status": status, "debt": None if found is None else _facts(found.debt)} | told)
    elif found is not None:
        print(_line(found.debt))
        for each in found.payments:
            print(f"  {each['at']}  paid {each['stars']} by user {each['user_id']}, from {each['cause']}")
        for each in found.accounts:
            more = "  demonstration Stars, which pay nothing" if each["demo"] else ""
            stars = f"balance {each['balance']}  staked {each['staked']}  in withdrawals {each['held']}"
            print(f"  user {each['user_id']}  {stars}{more}")
    return refuse("debts", f"debt {debt_id}: {REFUSALS[status]}.") if status in REFUSALS else 0


def _facts(each: Debt) -> dict[str, object]:
    return asdict(each) | {"owed": each.owed}


def _line(each: Debt) -> str:
    words = [f"{each.debt_id}  user {each.user_id}  {moment(each.opened_ms)}  {each.stars} Stars"]
    words += [f"paid {each.paid}  owed {each.owed}  charge {each.charge_id}", *filter(None, [_forgiven(each)])]
    return "  ".join(words)


def _cells(each: Debt) -> tuple[object, ...]:
    opened = moment(each.opened_ms)
    return (
        *(each.debt_id, each.user_id, opened, each.stars, each.paid, each.owed),
        *(each.charge_id, _forgiven(each)),
    )


def _forgiven(each: Debt) -> str | None:
    if not each.forgiven:
        return None
    return f"{each.forgiven} forgiven by {each.forgiven_by}: {each.forgiven_reason}"


async def _list(settings: Settings, *, open_only: bool, user_id: int | None, limit: int) -> list[Debt]:
    async with open_database(settings, "debts") as db:
        return await debts.listed(db, open_only=open_only, user_id=user_id, limit=limit)


async def _report(settings: Settings, debt_id: int) -> DebtReport | None:
    async with open_database(settings, "debts") as db:
        return await debts.report(db, debt_id)


async def _forgive(settings: Settings, debt_id: int, reason: str, by: str) -> tuple[str, DebtReport | None]:
    async with open_database(settings, "debts") as db:
        status = await debts.forgive(db, debt_id, reason=reason, by=by)
        return status, await debts.report(db, debt_id)
