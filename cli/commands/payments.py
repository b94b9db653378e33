"""`chance-tap payments`: see payments and charges, give one to its player, send it back, and hold Telegram's
book of Stars against ours.

Who decided, and when, is kept with the charge.  Must never move a Star by itself: the ledger's functions do.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any, NamedTuple

import typer

from chance_tap.settings import Settings
from chance_tap.telemetry import log
from cli.commands.options import By, Json, Limit, settings_of
from cli.commands.output import moment, print_json, print_list, refuse
from cli.commands.stores import open_bot, open_database, open_stores
from cli.progress import progress_bar
from persistence.errors import TelegramRefused
from persistence.payments.star_reconciliation import StarReconciliation
from persistence.payments.stars import StarPayments
from persistence.postgres import payments, stars
from persistence.postgres.payments import Payment
from persistence.postgres.star_transactions import Reconciliation
from persistence.postgres.stars import ChargeResult, Receipt
from persistence.vocabulary import PaymentState

REFUSALS = {
    "not_found": "there is no such charge",
    "conflict": "Telegram has taken it back already, or never gave it",
    "insufficient_balance": "the player has spent these Stars",
    "no_user": "there is no such player",
}
ASSIGN_REFUSALS = REFUSALS | {"conflict": "it does not wait for anybody, or is another player's"}
CLOSE_REFUSALS = REFUSALS | {"conflict": "there is another way: `payments refund`, or `payments assign`"}
PAYMENT_COLUMNS = ("PAYMENT", "USER", "CREATED", "METHOD", "STATE", "STARS", "CREDITED")
CHARGE_COLUMNS = ("CHARGE", "PAYER", "PAID", "STATE", "AMOUNT", "CURRENCY", "REASON", "BY", "ERROR", "LOST")

ChargeId = Annotated[str, typer.Argument(metavar="CHARGE", help="Telegram's name of the charge, as `show` tells it")]

app = typer.Typer(add_completion=False)


@app.command("list")
def list_payments(
    context: typer.Context,
    state: Annotated[PaymentState | None, typer.Option("--state", help="only those in this state")] = None,
    only_open: Annotated[bool, typer.Option("--open", help="charges of Stars that wait for somebody, instead")] = False,
    user: Annotated[int | None, typer.Option("--user", metavar="USER", help="only this user's")] = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """The latest payments of everybody."""
    settings = _settings(context)
    if only_open:
        charges = asyncio.run(_charges(settings, user, max(1, limit)))
        if as_json:
            _print_rows("charges", charges)
        else:
            print_list(charges, line=_charge_line, columns=CHARGE_COLUMNS, cells=_charge_cells, nothing="nothing waits")
        return
    found = asyncio.run(_payments(settings, state, user, max(1, limit)))
    if as_json:
        _print_rows("payments", found)
    else:
        print_list(found, line=_payment_line, columns=PAYMENT_COLUMNS, cells=_payment_cells, nothing="no payments")


@app.command()
def show(
    context: typer.Context,
    payment_id: Annotated[str, typer.Argument(metavar="ID", help="the payment's id, or one of its charges")],
    as_json: Json = False,
) -> int:
    """Everything about one payment: charges, transfers, Telegram's word."""
    report = asyncio.run(_report(_settings(context), payment_id))
    if report is None:
        return refuse("payments", f"{payment_id}: there is no such payment or charge.")
    if as_json:
        print_json(report)
    else:
        print("\n".join(_report_lines(report)))
    return 0


@app.command()
def assign(
    context: typer.Context,
    charge_id: ChargeId,
    user: Annotated[int, typer.Option("--user", metavar="USER", help="the player's number")],
    by: By,
    as_json: Json = False,
) -> int:
    """Credit a charge of Stars that waits to the player whose it is."""
    result = asyncio.run(_assign(_settings(context), charge_id, user, by))
    return 0 if _print_result(charge_id, result, ASSIGN_REFUSALS, as_json=as_json) else 1


@app.command()
def refund(context: typer.Context, charge_id: ChargeId, by: By, as_json: Json = False) -> int:
    """Send a charge of Stars back to who paid it."""
    result = asyncio.run(_refund(_settings(context), charge_id, by))
    done = _print_result(charge_id, result, REFUSALS, as_json=as_json)
    return 0 if done and result.receipt and result.receipt.state in ("refunding", "refunded") else 1


@app.command()
def close(context: typer.Context, charge_id: ChargeId, by: By, as_json: Json = False) -> int:
    """Give up a refund that never ends, or close a charge that is in no ledger."""
    result = asyncio.run(_close(_settings(context), charge_id, by))
    return 0 if _print_result(charge_id, result, CLOSE_REFUSALS, as_json=as_json) else 1


@app.command()
def reconcile(
    context: typer.Context,
    whole: Annotated[bool, typer.Option("--all", help="read all of it, not only what is new")] = False,
    as_json: Json = False,
) -> int:
    """Hold Telegram's Star transactions against ours, and record what lacks."""
    settings = _settings(context)
    try:
        found = asyncio.run(_reconcile(settings, whole=whole))
    except TelegramRefused as error:
        return refuse("payments", f"Telegram refuses: {error.reason}")
    if as_json:
        print_json(asdict(found))
    else:
        print("\n".join(_reconciliation_lines(found)))
    return 1 if found.differences else 0


def _settings(context: typer.Context) -> Settings:
    settings = settings_of(context)
    log.configure("error", part="payments", stream=sys.stderr)  # what it does is its own output
    return settings


async def _charges(settings: Settings, user_id: int | None, limit: int) -> list[Receipt]:
    async with open_database(settings, "payments") as db:
        return await stars.receipts(db, open_only=True, user_id=user_id, limit=limit)


async def _payments(settings: Settings, state: PaymentState | None, user_id: int | None, limit: int) -> list[Payment]:
    async with open_database(settings, "payments") as db:
        return await payments.listed(db, state=state, user_id=user_id, limit=limit)


async def _report(settings: Settings, payment_id: str) -> dict[str, Any] | None:
    async with open_database(settings, "payments") as db:
        return await payments.report(db, payment_id)


async def _assign(settings: Settings, charge_id: str, user_id: int, by: str) -> ChargeResult:
    async with open_stores(settings, "payments") as (live, db):
        return await StarPayments(live, db, None, settings).assign(charge_id, user_id=user_id, by=by)


async def _refund(settings: Settings, charge_id: str, by: str) -> ChargeResult:
    async with _open(settings) as (_, flows):
        return await flows.refund(charge_id, by=by)


async def _close(settings: Settings, charge_id: str, by: str) -> ChargeResult:
    async with open_stores(settings, "payments") as (live, db):
        return await StarPayments(live, db, None, settings).close(charge_id, by=by)


async def _reconcile(settings: Settings, *, whole: bool) -> Reconciliation:
    async with _open(settings) as (reconciliation, _):
        with progress_bar("Reading Telegram's transactions") as progress:
            return await reconciliation.reconcile(whole=whole, progress=progress)


class _Open(NamedTuple):
    reconciliation: StarReconciliation
    flows: StarPayments


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[_Open]:
    async with open_bot(settings) as bot, open_stores(settings, "payments") as (live, db):
        flows = StarPayments(live, db, bot, settings)
        yield _Open(StarReconciliation(db, bot, flows, settings), flows)


def _print_rows(name: str, found: list[Payment] | list[Receipt]) -> None:
    hidden = {"invoice_payload"}
    rows = [{field: value for field, value in asdict(each).items() if field not in hidden} for each in found]
    print_json({name: rows})


def _print_result(charge_id: str, result: ChargeResult, refusals: dict[str, str], *, as_json: bool) -> bool:
    """What became of the charge, or why nothing did; whether it was done."""
    done = result.status == "ok"
    if as_json:
        charge = None if result.receipt is None else asdict(result.receipt)
        print_json({"status": result.status, "charge": charge})
    elif done and result.receipt is not None:
        print(_charge_line(result.receipt))
    if not done:
        refuse("payments", f"{charge_id}: {refusals[result.status]}.")
    return done


def _reconciliation_lines(found: Reconciliation) -> Iterator[str]:
    yield f"{found.new_transactions} new transactions; recorded {found.credited} payments, {found.reversed} refunds"
    sums = found.sums
    yield f"Telegram holds {found.telegram_stars}; its book says {sums.book}; our ledger says {sums.ledger}"
    yield f"not the ledger's: {sums.outside}"
    for each in found.differences:
        yield f"{each.rule}  {each.subject}  {each.detail}"
    yield f"{len(found.differences)} differences" if found.differences else "no differences"


def _payment_line(each: Payment) -> str:
    words = [each.payment_id, f"user {each.user_id}", moment(each.created_ms), each.method, each.state]
    words.append(f"{each.stars} Stars")
    words += [f"credited {each.credited}"] if each.credited else []
    return "  ".join(words)


def _payment_cells(each: Payment) -> tuple[object, ...]:
    asked = (each.payment_id, each.user_id, moment(each.created_ms), each.method, each.state)
    return *asked, each.stars, each.credited


def _charge_line(each: Receipt) -> str:
    words = [
        each.charge_id,
        f"payer {each.payer_id}",
        moment(each.paid_ms),
        each.state,
        f"{each.stars} {each.currency}",
    ]
    words += [word for word in (each.reason, each.asked_by and f"by {each.asked_by}", each.error) if word]
    words += [f"lost {each.lost}"] if each.lost else []
    return "  ".join(words)


def _charge_cells(each: Receipt) -> tuple[object, ...]:
    paid = (each.charge_id, each.payer_id, moment(each.paid_ms), each.state, each.stars, each.currency)
    return *paid, each.reason, each.asked_by, each.error, each.lost or None


def _report_lines(report: dict[str, Any]) -> Iterator[str]:
    order = report["payment"]
    if order is not None:
        yield f"payment {order['payment_id']}  user {order['user_id']}  {order['state']}  {order['stars']} Stars"
    for charge in report["charges"]:
        said = "  ".join(str(charge[name]) for name in ("state", "reason", "error") if charge[name])
        yield f"charge {charge['charge_id']}  payer {charge['payer_id']}  {charge['stars']} Stars  {said}"
    for each in report["assignments"]:
        yield f"given to user {each['user_id']} by {each['assigned_by']} at {each['assigned_at']}"
    for each in report["telegram"]:
        yield f"in Telegram's list: {each['transaction_id']}  {each['direction']}  {each['stars']} Stars"
    for transfer in report["transfers"]:
        legs = ", ".join(f"{leg['account']} {leg['amount']:+}" for leg in transfer["entries"])
        yield f"transfer {transfer['transfer_id']}  {transfer['kind']}  {transfer['key']}  {legs}"
