"""`chance-tap chain`: how far the house's TON address was read, and deposits that wait for an operator.

Who decided, and when, is kept with the receipt.  Must never credit by itself: the ledger's functions do.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any, NamedTuple

import typer

from chance_tap.settings import Settings, SettingsError
from cli.commands.options import By, Json, Limit, refused_together, settings_of
from cli.commands.output import moment, print_json, print_list, refuse
from cli.commands.stores import open_database, open_stores
from cli.progress import progress_bar
from persistence.payments.chain_reconciliation import Comparison, compare_deposits
from persistence.payments.ton_deposits import TonDeposits
from persistence.postgres import chain_transactions, payments, set_aside, ton_deposits
from persistence.postgres.pool import Database
from persistence.postgres.set_aside import SetAside
from persistence.postgres.ton_deposits import Receipt
from persistence.ton import exchange_rates
from persistence.ton.toncenter import Toncenter

REFUSALS = {
    "not_found": "there is no such receipt",
    "conflict": "it does not wait for an operator",
    "no_payment": "there is no such order for TON",
    "no_user": "say whose it is: --user or --payment",
    "no_rate": "there is no price of a Star now: try later, or name one with --rate",
    "too_little": "it is worth less than one Star",
}
UNEXPLAINED = {
    "not_found": "no such transfer of the paying wallet was read",
    "conflict": "it paid a withdrawal",
}
COLUMNS = ("RECEIPT", "SENT", "STATE", "REASON", "TON", "STARS", "USER", "COMMENT", "ORDER", "BY", "WALLET OF")

ReceiptId = Annotated[int, typer.Argument(metavar="RECEIPT", help="its number in the list")]

app = typer.Typer(add_completion=False)


class _Open(NamedTuple):
    db: Database
    deposits: TonDeposits


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[_Open]:
    prices = exchange_rates.from_settings(settings)
    try:
        async with open_stores(settings, "chain") as (live, db):
            yield _Open(db, TonDeposits(live, db, prices, settings))
    finally:
        await prices.close()


@app.command("status")
def show_status(context: typer.Context, as_json: Json = False) -> None:
    """How far the chain was read, and how much came."""
    asyncio.run(_status(settings_of(context), as_json=as_json))


@app.command()
def unmatched(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="every receipt, also credited and ignored ones")] = False,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Deposits that wait for an operator."""
    asyncio.run(_unmatched(settings_of(context), every=every, limit=max(1, limit), as_json=as_json))


@app.command()
def assign(
    context: typer.Context,
    receipt_id: ReceiptId,
    by: By,
    payment: Annotated[
        str | None, typer.Option("--payment", metavar="ID", help="to this order, at the worse of its rate and now's")
    ] = None,
    user: Annotated[int | None, typer.Option("--user", metavar="ID", help="to this user, at the rate of now")] = None,
    rate: Annotated[
        int | None,
        typer.Option(
            "--rate", metavar="NANOTON", min=1, help="at this price of a Star, instead of now's or the order's"
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Credit a deposit that waits: to its own order, or as you say."""
    if payment is not None and user is not None:
        raise refused_together(context, "--user", "--payment")
    settings = settings_of(context)
    if payment is not None and not payments.is_payment_id(payment):
        return _refused(receipt_id, "no_payment", as_json=as_json)
    status, receipt = asyncio.run(_assign(settings, receipt_id, payment, user, by, rate))
    return _decided(receipt_id, status, receipt, as_json=as_json)


@app.command()
def dismiss(context: typer.Context, receipt_id: ReceiptId, by: By, as_json: Json = False) -> int:
    """Say that a deposit is nobody's here: sent back, or not meant for us."""
    status, receipt = asyncio.run(_dismiss(settings_of(context), receipt_id, by))
    return _decided(receipt_id, status, receipt, as_json=as_json)


@app.command()
def explain(
    context: typer.Context,
    transaction: Annotated[str, typer.Argument(metavar="TRANSACTION", help="its hash, as `chance-tap money` tells it")],
    by: By,
    as_json: Json = False,
) -> int:
    """Say that a transfer of the paying wallet was the house's own."""
    status = asyncio.run(_explain(settings_of(context), transaction.lower(), by))
    if as_json:
        print_json({"status": status})
    return 0 if status == "ok" else refuse("chain", f"{transaction}: {UNEXPLAINED[status]}.")


@app.command("set-aside")
def set_aside_list(
    context: typer.Context,
    by: By,
    close: Annotated[int | None, typer.Option("--close", metavar="ITEM", help="you have dealt with this one")] = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> int:
    """Elements of Telegram's and the chain's lists that could not be understood."""
    settings = settings_of(context)
    if close is not None:
        status = asyncio.run(_close_set_aside(settings, close, by))
        if as_json:
            print_json({"status": status})
        return 0 if status == "ok" else refuse("chain", f"{close}: nothing of that number was set aside.")
    found = asyncio.run(_set_aside(settings, max(1, limit)))
    if as_json:
        print_json({"items": [asdict(each) for each in found]})
    else:
        print_list(
            found,
            line=lambda each: f"{each.item_id}  {each.first_at}  {each.source}  {each.key}  {each.problem}",
            columns=("ITEM", "SINCE", "LIST", "NAME", "PROBLEM"),
            cells=lambda each: (each.item_id, each.first_at, each.source, each.key, each.problem),
            nothing="nothing is set aside",
        )
    return 1 if found else 0


@app.command()
def check(
    context: typer.Context,
    from_lt: Annotated[
        int,
        typer.Option("--from-lt", metavar="LT", help="from this logical time on (default: all)", show_default=False),
    ] = 0,
    as_json: Json = False,
) -> int:
    """Hold the chain's deposits against our ledger."""
    compared = asyncio.run(_check(settings_of(context), from_lt))
    if as_json:
        print_json(asdict(compared))
    else:
        for each in compared.differences:
            print(f"{each.kind}  {each.lt}  {each.hash}  {_ton(each.nanoton)}")
        differences = f"{len(compared.differences)} differences"
        print(f"{compared.transactions} transactions, {_ton(compared.nanoton)}: {differences}")
    return 1 if compared.differences else 0


async def _status(settings: Settings, *, as_json: bool) -> None:
    async with _open(settings) as (db, deposits):
        cursor = await deposits.cursor() if settings.ton_deposits else None
        counts = await ton_deposits.counts(db)
        account = deposits.account
    if as_json:
        known = {
            "account": account or None,
            "network": settings.ton_network,
            "cursor": None if cursor is None else asdict(cursor),
        }
        print_json(known | asdict(counts))
        return
    print(f"{settings.ton_network} {account or 'no address is set: deposits of TON are off'}")
    if cursor is not None:
        print(f"read up to {cursor.lt}, last {_when(cursor.read_ms)}")
        if cursor.gap_since_ms is not None:
            print(f"a transaction is missing since {_when(cursor.gap_since_ms)}: seen up to {cursor.seen_lt}")
    print(f"{counts.credited} credited with {counts.stars} Stars, {counts.review} wait, {counts.ignored} ignored")


async def _unmatched(settings: Settings, *, every: bool, limit: int, as_json: bool) -> None:
    async with _open(settings) as (db, _):
        found = await ton_deposits.listed(db, state=None if every else "review", limit=limit)
    if as_json:
        print_json({"receipts": [asdict(each.receipt) | {"sender_id": each.sender_id} for each in found]})
        return

    def line(each: ton_deposits.Listed) -> str:
        hint = "" if each.sender_id is None else f"  sent from the wallet of user {each.sender_id}"
        return _line(each.receipt) + hint

    nothing = "no deposits" if every else "no deposits wait"
    print_list(found, line=line, columns=COLUMNS, cells=_cells, nothing=nothing)


async def _assign(
    settings: Settings, receipt_id: int, payment: str | None, user: int | None, by: str, rate: int | None
) -> tuple[str, Receipt | None]:
    async with _open(settings) as (_, deposits):
        status, recorded = await deposits.assign(receipt_id, payment_id=payment, user_id=user, by=by, rate=rate)
        return status, recorded.receipt if recorded else None


async def _dismiss(settings: Settings, receipt_id: int, by: str) -> tuple[str, Receipt | None]:
    async with _open(settings) as (_, deposits):
        status, recorded = await deposits.dismiss(receipt_id, by=by)
        return status, recorded.receipt if recorded else None


async def _set_aside(settings: Settings, limit: int) -> list[SetAside]:
    async with open_database(settings, "chain") as db:
        return await set_aside.listed(db, source=None, limit=limit)


async def _close_set_aside(settings: Settings, item_id: int, by: str) -> str:
    async with open_database(settings, "chain") as db:
        return await set_aside.dismiss(db, item_id, by=by)


async def _explain(settings: Settings, transaction: str, by: str) -> str:
    async with open_database(settings, "chain") as db:
        return await chain_transactions.explain(db, transaction, by=by)


async def _check(settings: Settings, from_lt: int) -> Comparison:
    if not settings.ton_deposits:
        raise SettingsError("TON_WALLET_ADDRESS is not set: there is nothing to check.")
    async with _open(settings) as (db, deposits), Toncenter.from_settings(settings) as toncenter:
        with progress_bar("Reading the chain") as progress:
            return await compare_deposits(
                db, toncenter, deposits.network, deposits.account, from_lt=from_lt, progress=progress
            )


def _decided(receipt_id: int, status: str, receipt: Receipt | None, *, as_json: bool) -> int:
    if status != "ok" or receipt is None:
        return _refused(receipt_id, status, as_json=as_json)
    if as_json:
        print_json({"status": status, "receipt": asdict(receipt)})
    else:
        print(_line(receipt))
    return 0


def _refused(receipt_id: int, status: str, *, as_json: bool) -> int:
    if as_json:
        print_json({"status": status})
    return refuse("chain", f"receipt {receipt_id}: {REFUSALS[status]}.")


def _line(receipt: Receipt) -> str:
    words: list[Any] = [receipt.receipt_id, _when(receipt.sent_ms), receipt.state, receipt.reason or ""]
    words += [_ton(receipt.nanoton), f"from {receipt.source}"]
    words += [f"{receipt.stars} Stars to user {receipt.user_id}"] if receipt.stars else []
    words += [f"comment {receipt.comment!r}"] if receipt.comment else []
    words += [f"order {receipt.payment_id}"] if receipt.payment_id else []
    words += [f"by {receipt.decided_by}"] if receipt.decided_by else []
    return "  ".join(str(word) for word in words if word != "")


def _cells(each: ton_deposits.Listed) -> tuple[object, ...]:
    receipt = each.receipt
    came = (receipt.receipt_id, _when(receipt.sent_ms), receipt.state, receipt.reason, _ton(receipt.nanoton))
    whose = (receipt.stars, receipt.user_id, receipt.comment, receipt.payment_id, receipt.decided_by)
    return *came, *whose, each.sender_id


def _ton(nanoton: int) -> str:
    return f"{nanoton // 10**9}.{nanoton % 10**9:09d} TON"


def _when(at_ms: int | None) -> str:
    return "never" if at_ms is None else moment(at_ms)
