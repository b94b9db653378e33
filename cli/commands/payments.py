"""`chance-tap payments`: see payments and charges, give one to its player, send it back, and hold Telegram's
book of Stars against ours.

Who decided, and when, is kept with the charge.  Must never move a Star by itself: the ledger's functions do.
"""

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, get_args

from chance_tap.settings import Settings, SettingsError
from persistence.errors import TelegramRefused
from persistence.payments.star_reconciliation import StarReconciliation
from persistence.payments.stars import StarPayments
from persistence.postgres import payments, stars
from persistence.postgres.payments import Payment
from persistence.postgres.pool import Database
from persistence.postgres.star_transactions import Reconciliation
from persistence.postgres.stars import ChargeResult, Receipt
from persistence.redis.store import RedisStore
from persistence.telegram import make_bot
from persistence.vocabulary import PaymentState

REFUSALS = {
    "not_found": "there is no such charge",
    "conflict": "Telegram has taken it back already, or never gave it",
    "insufficient_balance": "the player has spent these Stars",
    "no_user": "there is no such player",
}
ASSIGN_REFUSALS = REFUSALS | {"conflict": "it does not wait for anybody, or is another player's"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list`, `show ID`, `assign CHARGE --user USER`, `refund CHARGE`, `reconcile`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    listing = actions.add_parser("list", help="the latest payments of everybody")
    listing.add_argument("--state", choices=get_args(PaymentState), help="only those in this state")
    listing.add_argument("--open", action="store_true", help="charges of Stars that wait for somebody, instead")
    listing.add_argument("--user", type=int, metavar="USER", help="only this user's")
    listing.add_argument("--limit", type=int, default=100, help="how many at most (default 100)")
    show = actions.add_parser("show", help="everything about one payment: charges, transfers, Telegram's word")
    show.add_argument("id", metavar="ID", help="the payment's id, or one of its charges")
    assign = actions.add_parser("assign", help="credit a charge of Stars that waits to the player whose it is")
    assign.add_argument("--user", type=int, metavar="USER", required=True, help="the player's number")
    refund = actions.add_parser("refund", help="send a charge of Stars back to who paid it")
    for action in (assign, refund):
        action.add_argument("id", metavar="CHARGE", help="Telegram's name of the charge, as `show` tells it")
        action.add_argument("--by", default=getpass.getuser(), help="who decides (default: the system's user)")
    reconcile = actions.add_parser(
        "reconcile", help="hold Telegram's book of Stars against ours, and record what lacks"
    )
    reconcile.add_argument("--all", action="store_true", help="read all of it, not only what is new")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The command: 0 when it is done, 1 when it is refused or something differs."""
    match arguments.action:
        case "list":
            return asyncio.run(_list(settings, arguments))
        case "show":
            return asyncio.run(_show(settings, arguments))
        case "assign":
            return _assigned(arguments, asyncio.run(_assign(settings, arguments)))
        case "refund":
            return _refunded(arguments, asyncio.run(_refund(settings, arguments)))
    try:
        return _reconciled(arguments, asyncio.run(_reconcile(settings, arguments)))
    except TelegramRefused as error:
        print(f"chance-tap payments: Telegram refuses: {error.reason}", file=sys.stderr)
        return 1


async def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    limit = max(1, arguments.limit)
    async with _database(settings) as db:
        found: list[Payment] | list[Receipt]
        if arguments.open:
            found = await stars.receipts(db, open_only=True, user_id=arguments.user, limit=limit)
        else:
            found = await payments.listed(db, state=arguments.state, user_id=arguments.user, limit=limit)
    if arguments.json:
        hidden = {"invoice_payload"}
        rows = [{name: value for name, value in asdict(each).items() if name not in hidden} for each in found]
        print(json.dumps({"charges" if arguments.open else "payments": rows}))
        return 0
    for each in found:
        print(_receipt_line(each) if isinstance(each, Receipt) else _payment_line(each))
    if not found:
        print("nothing waits" if arguments.open else "no payments")
    return 0


async def _show(settings: Settings, arguments: argparse.Namespace) -> int:
    async with _database(settings) as db:
        report = await payments.report(db, arguments.id)
    if report is None:
        print(f"chance-tap payments: {arguments.id}: there is no such payment or charge.", file=sys.stderr)
        return 1
    print(json.dumps(report) if arguments.json else "\n".join(_report_lines(report)))
    return 0


async def _assign(settings: Settings, arguments: argparse.Namespace) -> ChargeResult:
    async with _database(settings) as db:
        live = await RedisStore.open(settings.redis_url, heartbeat=False)
        try:
            flows = StarPayments(live, db, None, settings)
            return await flows.assign(arguments.id, user_id=arguments.user, by=arguments.by)
        finally:
            await live.close()


async def _refund(settings: Settings, arguments: argparse.Namespace) -> ChargeResult:
    async with _flows(settings) as (_, flows):
        return await flows.refund(arguments.id, by=arguments.by)


async def _reconcile(settings: Settings, arguments: argparse.Namespace) -> Reconciliation:
    async with _flows(settings) as (book, _):
        return await book.reconcile(whole=arguments.all)


def _assigned(arguments: argparse.Namespace, standing: ChargeResult) -> int:
    return 0 if _print_standing(arguments, standing, ASSIGN_REFUSALS) else 1


def _refunded(arguments: argparse.Namespace, standing: ChargeResult) -> int:
    done = _print_standing(arguments, standing, REFUSALS)
    return 0 if done and standing.receipt and standing.receipt.state in ("refunding", "refunded") else 1


def _print_standing(arguments: argparse.Namespace, standing: ChargeResult, refusals: dict[str, str]) -> bool:
    """What became of the charge, or why nothing did; whether it was done."""
    done = standing.status == "ok"
    if arguments.json:
        charge = None if standing.receipt is None else asdict(standing.receipt)
        print(json.dumps({"status": standing.status, "charge": charge}))
    elif done and standing.receipt is not None:
        print(_receipt_line(standing.receipt))
    if not done:
        print(f"chance-tap payments: {arguments.id}: {refusals[standing.status]}.", file=sys.stderr)
    return done


def _reconciled(arguments: argparse.Namespace, found: Reconciliation) -> int:
    if arguments.json:
        print(json.dumps(asdict(found)))
    else:
        print(
            f"{found.new_transactions} new transactions; recorded {found.credited} payments, {found.reversed} refunds"
        )
        sums = found.sums
        print(f"Telegram holds {found.telegram_stars}; its book says {sums.book}; our ledger says {sums.ledger}")
        print(f"not the ledger's: {sums.outside}")
        for each in found.differences:
            print(f"{each.rule}  {each.subject}  {each.detail}")
        print("no differences" if not found.differences else f"{len(found.differences)} differences")
    return 1 if found.differences else 0


def _payment_line(each: Payment) -> str:
    words = [each.payment_id, f"user {each.user_id}", _moment(each.created_ms), each.method, each.state]
    words.append(f"{each.stars} Stars")
    words += [f"credited {each.credited}"] if each.credited else []
    return "  ".join(words)


def _receipt_line(each: Receipt) -> str:
    words = [
        each.charge_id,
        f"payer {each.payer_id}",
        _moment(each.paid_ms),
        each.state,
        f"{each.stars} {each.currency}",
    ]
    words += [word for word in (each.reason, each.asked_by and f"by {each.asked_by}", each.error) if word]
    words += [f"lost {each.lost}"] if each.lost else []
    return "  ".join(words)


def _report_lines(report: dict[str, Any]) -> Iterator[str]:
    order = report["payment"]
    if order is not None:
        yield f"payment {order['payment_id']}  user {order['user_id']}  {order['state']}  {order['stars']} Stars"
    for charge in report["charges"]:
        said = "  ".join(str(charge[name]) for name in ("state", "reason", "error") if charge[name])
        yield f"charge {charge['charge_id']}  payer {charge['payer_id']}  {charge['stars']} Stars  {said}"
    for each in report["assignments"]:
        yield f"given to user {each['user_id']} by {each['assigned_by']} ({each['login']}) at {each['assigned_at']}"
    for each in report["telegram"]:
        yield f"Telegram's book: {each['transaction_id']}  {each['direction']}  {each['stars']} Stars"
    for transfer in report["transfers"]:
        legs = ", ".join(f"{leg['account']} {leg['amount']:+}" for leg in transfer["entries"])
        yield f"transfer {transfer['transfer_id']}  {transfer['kind']}  {transfer['key']}  {legs}"


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    db = await Database.open(settings.database_url, name="chance-tap-payments")
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def _flows(settings: Settings) -> AsyncIterator[tuple[StarReconciliation, StarPayments]]:
    if not settings.has_bot:
        raise SettingsError("BOT_TOKEN is the development token: there is no bot that holds Stars.")
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(_database(settings))
        live = await RedisStore.open(settings.redis_url, heartbeat=False)
        stack.push_async_callback(live.close)
        bot = make_bot(settings)
        stack.push_async_callback(bot.session.close)
        flows = StarPayments(live, db, bot, settings)
        yield StarReconciliation(db, bot, flows, settings), flows
