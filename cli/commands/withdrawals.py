"""`chance-tap withdrawals`: see the withdrawals, and decide about those that wait for an operator.

Who decided, and when, is kept with every step.  Must never pay by itself: the worker does.
"""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer

from chance_tap.settings import Settings, SettingsError
from cli.commands.options import By, Json, Limit, settings_of
from cli.commands.output import moment, print_json, print_list, refuse
from cli.commands.stores import open_database, open_stores
from persistence.payments.withdrawals import Withdrawals
from persistence.postgres import withdrawals
from persistence.postgres.withdrawals import Decision, State, Withdrawal
from persistence.ton.address import friendly
from persistence.ton.highload import HighloadWallet

REFUSALS = {
    "not_found": "there is no such withdrawal",
    "conflict": "it does not wait for this decision",
    "banned": "the account is banned; lift the ban first, or refuse",
    "taken": "that transaction counts for another withdrawal",
}
COLUMNS = ("WITHDRAWAL", "USER", "ASKED", "STATE", "STARS", "WHAT", "WAITS FOR", "ERROR", "REFERENCE", "REVIEW")


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise typer.BadParameter("not the id of a withdrawal") from None


WithdrawalId = Annotated[str, typer.Argument(metavar="ID", parser=_id, help="its id in the list")]

app = typer.Typer(add_completion=False)


@app.command("list")
def list_withdrawals(
    context: typer.Context,
    state: Annotated[
        State | None, typer.Option("--state", help="only those (approval: they wait for an operator)")
    ] = None,
    user: Annotated[int | None, typer.Option("--user", help="only those of this account")] = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """The latest withdrawals of everybody."""
    found = asyncio.run(_list(settings_of(context), state, user, max(1, limit)))
    if as_json:
        print_json({"withdrawals": [_facts(each) for each in found]})
    else:
        print_list(found, line=_line, columns=COLUMNS, cells=_cells, nothing="no withdrawals")


@app.command()
def show(context: typer.Context, withdrawal_id: WithdrawalId, as_json: Json = False) -> int:
    """One withdrawal, with every step of it."""
    found = asyncio.run(_report(settings_of(context), withdrawal_id))
    if found is None:
        return refuse("withdrawals", f"{withdrawal_id}: {REFUSALS['not_found']}.")
    withdrawal, steps = found
    if as_json:
        print_json({"withdrawal": _facts(withdrawal), "steps": steps})
        return 0
    print(_line(withdrawal))
    for step in steps:
        print(f"  {step['at']}  {step['state']}  attempt {step['attempt']}  {step['by']}  {step['what']}")
    return 0


@app.command()
def approve(context: typer.Context, withdrawal_id: WithdrawalId, by: By, as_json: Json = False) -> int:
    """Send it (one whose outcome is unknown: anew)."""
    return _review(settings_of(context), withdrawal_id, "approve", by, as_json=as_json)


@app.command("refuse")
def refuse_withdrawal(context: typer.Context, withdrawal_id: WithdrawalId, by: By, as_json: Json = False) -> int:
    """Give the Stars back."""
    return _review(settings_of(context), withdrawal_id, "refuse", by, as_json=as_json)


@app.command()
def paid(
    context: typer.Context,
    withdrawal_id: WithdrawalId,
    by: By,
    transaction: Annotated[
        str | None, typer.Option("--transaction", metavar="T", help="as this transaction of Telegram's or the chain's")
    ] = None,
    as_json: Json = False,
) -> int:
    """One whose outcome was unknown did leave."""
    return _review(settings_of(context), withdrawal_id, "paid", by, transaction, as_json=as_json)


@app.command()
def search(context: typer.Context, withdrawal_id: WithdrawalId, by: By, as_json: Json = False) -> int:
    """Look for the same attempt again, as after an upgrade."""
    return _review(settings_of(context), withdrawal_id, "search", by, as_json=as_json)


@app.command()
def name(
    context: typer.Context,
    withdrawal_id: WithdrawalId,
    transaction: Annotated[str, typer.Argument(metavar="TRANSACTION", help="Telegram's id, or the hash on the chain")],
    by: By,
    as_json: Json = False,
) -> int:
    """Say which transaction a withdrawal is that was sent without one."""
    status, named = asyncio.run(_name(settings_of(context), withdrawal_id, transaction, by))
    return _decided(withdrawal_id, status, named, as_json=as_json)


@app.command()
def wallet(context: typer.Context, as_json: Json = False) -> None:
    """The address that TON is paid from."""
    settings = settings_of(context)
    if not settings.ton_payout_key:
        raise SettingsError("TON_PAYOUT_KEY is not set: there is no wallet.")
    raw = HighloadWallet.from_settings(settings).address
    shown = friendly(raw, settings.ton_network)
    if as_json:
        print_json({"address": raw, "friendly": shown, "network": settings.ton_network})
    else:
        print(shown)


def _review(
    settings: Settings,
    withdrawal_id: str,
    decision: Decision,
    by: str,
    transaction: str | None = None,
    *,
    as_json: bool,
) -> int:
    status, decided = asyncio.run(_decide(settings, withdrawal_id, decision, by, transaction))
    return _decided(withdrawal_id, status, decided, as_json=as_json)


def _decided(withdrawal_id: str, status: str, decided: Withdrawal | None, *, as_json: bool) -> int:
    if as_json:
        print_json({"status": status, "withdrawal": None if decided is None else _facts(decided)})
    elif status == "ok" and decided is not None:
        print(_line(decided))
    return 0 if status == "ok" else refuse("withdrawals", f"{withdrawal_id}: {REFUSALS[status]}.")


def _facts(each: Withdrawal) -> dict[str, Any]:
    return {name: value for name, value in asdict(each).items() if name != "boc"}


def _line(each: Withdrawal) -> str:
    words = [f"{each.withdrawal_id}  user {each.user_id}  {moment(each.requested_ms)}  {each.state}"]
    words += [f"{each.stars} Stars", _what(each)]
    words += [word for word in (each.waits_for and f"waits: {each.waits_for}", each.error, each.reference) if word]
    words += [_reviewed(each)] if each.review else []
    return "  ".join(words)


def _cells(each: Withdrawal) -> tuple[object, ...]:
    asked = (each.withdrawal_id, each.user_id, moment(each.requested_ms), each.state, each.stars, _what(each))
    return *asked, each.waits_for, each.error, each.reference, _reviewed(each) if each.review else None


def _what(each: Withdrawal) -> str:
    if each.nanoton is not None:
        return f"{each.nanoton / 1e9:.9f} TON to {each.address}"
    return f"Premium, {each.months} months, to Telegram user {each.telegram_id}"


def _reviewed(each: Withdrawal) -> str:
    return f"{each.review} by {each.reviewed_by}"


async def _list(settings: Settings, state: State | None, user_id: int | None, limit: int) -> list[Withdrawal]:
    async with open_database(settings, "withdrawals") as db:
        return await withdrawals.listed(db, state=state, user_id=user_id, limit=limit)


async def _report(settings: Settings, withdrawal_id: str) -> tuple[Withdrawal, list[dict[str, Any]]] | None:
    async with open_database(settings, "withdrawals") as db:
        return await withdrawals.report(db, withdrawal_id)


async def _decide(
    settings: Settings, withdrawal_id: str, decision: Decision, by: str, transaction: str | None
) -> tuple[str, Withdrawal | None]:
    async with open_stores(settings, "withdrawals") as (live, db):
        flows = Withdrawals(live, db, None, settings)
        changed = await flows.review(withdrawal_id, decision, by=by, reference=transaction)
        return changed.status, changed.withdrawal


async def _name(settings: Settings, withdrawal_id: str, transaction: str, by: str) -> tuple[str, Withdrawal | None]:
    async with open_database(settings, "withdrawals") as db:
        changed = await withdrawals.name_transaction(db, withdrawal_id, transaction, by=by)
        return changed.status, changed.withdrawal
