"""`chance-tap money`: what came in, what moved and what went out in a period, where the Stars are now, and what
Telegram and the chain say to it.

Both outside books are read anew, as the worker does every few minutes: payments that were lost are recorded by that.
How old a reading is that could not be made is said.
"""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from chance_tap.settings import Settings
from cli.commands.options import Json, refused_together, settings_of
from cli.commands.output import print_json, print_table, refuse
from cli.commands.stores import open_bot, open_database, open_redis
from cli.progress import progress_bar
from persistence.errors import TelegramRefused, TelegramUnavailable
from persistence.payments.chain_reconciliation import ChainReconciliation
from persistence.postgres import money_report
from persistence.postgres.pool import Database
from persistence.ton.toncenter import ChainRefused, ChainUnavailable, Toncenter

# What is printed: the kind of transfer, the kind of account whose sum tells it, and that sum's sign.
_LINES: Final = {
    "deposits_stars": ("deposit", "telegram", -1),
    "deposits_ton": ("deposit", "chain", -1),
    "deposit_refunds": ("deposit_refund", "telegram", 1),
    "chargebacks": ("chargeback", "telegram", 1),
    "chargeback_losses": ("chargeback", "loss", -1),
    "debts_paid": ("debt", "loss", 1),
    "stakes": ("stake", "escrow", 1),
    "stake_refunds": ("refund", "escrow", -1),
    "prizes": ("settle", "player", 1),
    "fees": ("settle", "house", 1),
    "bonus": ("bonus", "bonus", -1),
    "demo_grants": ("grant", "demo", -1),
    "withdrawals_asked": ("withdrawal", "held", 1),
    "withdrawals_returned": ("withdrawal_return", "held", -1),
    "paid_out_premium": ("payout", "telegram", 1),
    "paid_out_ton": ("payout", "chain", 1),
}

_TOLD_APART: Final = ("finished_at", "age_s", "differences", "run_id")


app = typer.Typer(add_completion=False)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("must be a day like 2026-11-22, or a moment") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


@app.command()
def money(
    context: typer.Context,
    begins: Annotated[
        datetime | None,
        typer.Option("--from", metavar="DAY", parser=_moment, help="from this UTC day or moment on"),
    ] = None,
    ends: Annotated[
        datetime | None, typer.Option("--to", metavar="DAY", parser=_moment, help="before this UTC day or moment")
    ] = None,
    as_read: Annotated[
        bool, typer.Option("--as-read", help="the outside books as they were read last, ask nobody")
    ] = False,
    whole: Annotated[bool, typer.Option("--whole", help="read all of the outside books, not only what is new")] = False,
    as_json: Json = False,
) -> int:
    """Exit code 0, 1 when the books differ, or 2 when one of them could not be read."""
    if as_read and whole:
        raise refused_together(context, "--whole", "--as-read")
    found = asyncio.run(_report(settings_of(context), begins, ends, as_read=as_read, whole=whole))
    if as_json:
        print_json(found)
    else:
        _print(found)
    for problem in found["not_read"]:
        refuse("money", problem)
    return 1 if found["differences"] else 2 if found["not_read"] else 0


def _print(found: dict[str, Any]) -> None:
    for part in ("flows", "balances"):
        if sys.stdout.isatty():
            rows = ((name.replace("_", " "), stars) for name, stars in found[part].items())
            print_table((part.upper(), "STARS"), rows)
            continue
        print(f"{part}, in Stars:")
        for name, stars in found[part].items():
            print(f"  {name.replace('_', ' '):<24}{stars:>16}")
    print("outside books:")
    for name, book in found["books"].items():
        age_s = book.get("age_s") if book else None
        print(f"  {name}: " + ("never read" if age_s is None else f"read {age_s} s ago"))
        for word, value in (book or {}).items():
            if word not in _TOLD_APART:
                print(f"    {word.replace('_', ' '):<22}{value!s:>16}")
    for difference in found["differences"]:
        print(f"DIFFERS: {difference}")


async def _report(
    settings: Settings, begins: datetime | None, ends: datetime | None, *, as_read: bool, whole: bool
) -> dict[str, Any]:
    async with open_database(settings, "money") as db:
        not_read = [] if as_read else await _read_books(db, settings, whole=whole)
        moved = await money_report.flows(db, begins, ends)
        ever = await money_report.flows(db, None, ends)
        books = await money_report.reconciliations(db)
    return {
        "from": begins and begins.isoformat(),
        "to": ends and ends.isoformat(),
        "flows": {name: sign * moved.get((kind, account), 0) for name, (kind, account, sign) in _LINES.items()},
        "balances": _balances(ever),
        "books": _with_ages(books),
        "differences": _differences(books),
        "not_read": not_read,
    }


def _balances(ever: dict[tuple[str, str], int]) -> dict[str, int]:
    """What each kind of account holds."""
    balances: dict[str, int] = {}
    for (_, account), stars in ever.items():
        balances[account] = balances.get(account, 0) + stars
    return dict(sorted(balances.items()))


def _with_ages(books: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        name: book | {"age_s": round((now - datetime.fromisoformat(book["finished_at"])).total_seconds())}
        if book and book["finished_at"] is not None
        else book
        for name, book in books.items()
    }


def _differences(books: dict[str, Any]) -> list[str]:
    found = [
        f"{name}: {each['rule']}  {each['subject']}  {each['detail']}"
        for name, book in books.items()
        for each in (book or {}).get("differences", [])
    ]
    chain = books["chain"]
    if chain["credited_stars"] != chain["ledger_stars"]:
        found.append(f"chain: receipts {chain['credited_stars']} Stars, ledger {chain['ledger_stars']}")
    return found


async def _read_books(db: Database, settings: Settings, *, whole: bool) -> list[str]:
    """Hold Telegram's transactions and the chain's against our ledger now; what of it could not be done."""
    not_read = []
    if settings.has_bot:
        try:
            await _read_telegrams(db, settings, whole=whole)
        except (TelegramUnavailable, TelegramRefused) as error:
            problem = error.problem if isinstance(error, TelegramUnavailable) else error.reason
            not_read.append(f"Telegram's transactions could not be read: {problem}")
    if settings.ton_deposits or settings.ton_payout_key:
        try:
            async with Toncenter.from_settings(settings) as toncenter:
                with progress_bar("Reading the chain's transactions") as progress:
                    await ChainReconciliation(db, toncenter, settings).reconcile(whole=whole, progress=progress)
        except (ChainUnavailable, ChainRefused) as error:
            problem = error.problem if isinstance(error, ChainUnavailable) else str(error)
            not_read.append(f"the chain's transactions could not be read: {problem}")
    return not_read


async def _read_telegrams(db: Database, settings: Settings, *, whole: bool) -> None:
    from persistence.payments.star_reconciliation import StarReconciliation  # see persistence.telegram
    from persistence.payments.stars import StarPayments

    async with open_bot(settings) as bot, open_redis(settings) as live:
        book = StarReconciliation(db, bot, StarPayments(live, db, bot, settings), settings)
        with progress_bar("Reading Telegram's transactions") as progress:
            await book.reconcile(whole=whole, progress=progress)
