"""`chance-tap chain`: how far the house's TON address was read, and deposits that wait for an operator.

Who decided, and when, is kept with the receipt.  Must never credit by itself: the ledger's functions do.
"""

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from chance_tap.settings import Settings, SettingsError
from persistence.payments.chain_reconciliation import compare_deposits
from persistence.payments.ton_deposits import TonDeposits
from persistence.postgres import chain_transactions, payments, ton_deposits
from persistence.postgres.pool import Database
from persistence.postgres.ton_deposits import Receipt
from persistence.redis.store import RedisStore
from persistence.ton import exchange_rates
from persistence.ton.toncenter import Toncenter

REFUSALS = {
    "not_found": "there is no such receipt",
    "conflict": "it does not wait for an operator",
    "no_payment": "there is no such order for TON",
    "no_user": "say whose it is: --user or --payment",
    "no_rate": "there is no price of a Star now",
    "too_little": "it is worth less than one Star",
}
UNEXPLAINED = {
    "not_found": "no such transfer of the paying wallet was read",
    "conflict": "it paid a withdrawal",
}
OPERATOR_CHARACTERS = 100


@dataclass
class _Open:
    db: Database
    deposits: TonDeposits


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`status`, `unmatched`, `assign RECEIPT`, `dismiss RECEIPT`, `check`, `explain TRANSACTION`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    actions.add_parser("status", help="how far the chain was read, and how much came")
    unmatched = actions.add_parser("unmatched", help="deposits that wait for an operator")
    unmatched.add_argument("--all", action="store_true", help="every receipt, also credited and ignored ones")
    unmatched.add_argument("--limit", type=int, default=100, help="how many at most (default 100)")
    assign = actions.add_parser("assign", help="credit a deposit that waits: to its own order, or as you say")
    whose = assign.add_mutually_exclusive_group()
    whose.add_argument("--payment", metavar="ID", help="to this order, at its rate")
    whose.add_argument("--user", type=int, metavar="ID", help="to this user, at the rate of now")
    dismiss = actions.add_parser("dismiss", help="say that a deposit is nobody's here: sent back, or not meant for us")
    for action in (assign, dismiss):
        action.add_argument("receipt_id", type=int, metavar="RECEIPT", help="its number in the list")
        action.add_argument("--by", default=getpass.getuser(), help="who decides (default: the system's user)")
    explain = actions.add_parser("explain", help="say that a transfer of the paying wallet was the house's own")
    explain.add_argument("transaction", metavar="TRANSACTION", help="its hash, as `chance-tap money` tells it")
    explain.add_argument("--by", default=getpass.getuser(), help="who says so (default: the system's user)")
    check = actions.add_parser("check", help="hold the chain's book of deposits against ours")
    check.add_argument("--from-lt", type=int, default=0, metavar="LT", help="from this logical time on (default: all)")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The command: 0 when it is done, 1 when the receipt does not allow it or the books differ.

    Raises:
        SettingsError: no address is set, where one is needed.
    """
    return asyncio.run(_ACTIONS[arguments.action](arguments, settings))


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[_Open]:
    db = await Database.open(settings.database_url, name="chance-tap-chain")
    prices = exchange_rates.from_settings(settings)
    try:
        live = await RedisStore.open(settings.redis_url, heartbeat=False)
        try:
            yield _Open(db, TonDeposits(live, db, prices, settings))
        finally:
            await live.close()
    finally:
        await prices.close()
        await db.close()


async def _status(arguments: argparse.Namespace, settings: Settings) -> int:
    async with _open(settings) as open_:
        cursor = await open_.deposits.cursor() if settings.ton_deposits else None
        counts = await ton_deposits.counts(open_.db)
        account = open_.deposits.account
    if arguments.json:
        known = {
            "account": account or None,
            "network": settings.ton_network,
            "cursor": None if cursor is None else asdict(cursor),
        }
        print(json.dumps(known | asdict(counts)))
        return 0
    print(f"{settings.ton_network} {account or 'no address is set: deposits of TON are off'}")
    if cursor is not None:
        print(f"read up to {cursor.lt}, last {_when(cursor.read_ms)}")
        if cursor.gap_since_ms is not None:
            print(f"a transaction is missing since {_when(cursor.gap_since_ms)}: seen up to {cursor.seen_lt}")
    print(f"{counts.credited} credited with {counts.stars} Stars, {counts.review} wait, {counts.ignored} ignored")
    return 0


async def _unmatched(arguments: argparse.Namespace, settings: Settings) -> int:
    state = None if arguments.all else "review"
    async with _open(settings) as open_:
        found = await ton_deposits.listed(open_.db, state=state, limit=max(1, arguments.limit))  # type: ignore[arg-type]
    if arguments.json:
        print(json.dumps({"receipts": [asdict(each.receipt) | {"sender_id": each.sender_id} for each in found]}))
        return 0
    for each in found:
        hint = "" if each.sender_id is None else f"  sent from the wallet of user {each.sender_id}"
        print(_line(each.receipt) + hint)
    if not found:
        print("no deposits" if arguments.all else "no deposits wait")
    return 0


async def _assign(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.payment is not None and not payments.is_payment_id(arguments.payment):
        return _refused(arguments, "no_payment")
    async with _open(settings) as open_:
        status, recorded = await open_.deposits.assign(
            arguments.receipt_id,
            payment_id=arguments.payment,
            user_id=arguments.user,
            by=arguments.by[:OPERATOR_CHARACTERS],
        )
    return _decided(arguments, status, recorded.receipt if recorded else None)


async def _dismiss(arguments: argparse.Namespace, settings: Settings) -> int:
    async with _open(settings) as open_:
        status, recorded = await open_.deposits.dismiss(arguments.receipt_id, by=arguments.by[:OPERATOR_CHARACTERS])
    return _decided(arguments, status, recorded.receipt if recorded else None)


async def _explain(arguments: argparse.Namespace, settings: Settings) -> int:
    db = await Database.open(settings.database_url, name="chance-tap-chain")
    try:
        status = await chain_transactions.explain(db, arguments.transaction.lower(), by=arguments.by)
    finally:
        await db.close()
    if arguments.json:
        print(json.dumps({"status": status}))
    if status == "ok":
        return 0
    print(f"chance-tap chain: {arguments.transaction}: {UNEXPLAINED[status]}.", file=sys.stderr)
    return 1


async def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    if not settings.ton_deposits:
        raise SettingsError("TON_WALLET_ADDRESS is not set: there is nothing to check.")
    async with _open(settings) as open_, Toncenter.from_settings(settings) as toncenter:
        compared = await compare_deposits(
            open_.db, toncenter, open_.deposits.network, open_.deposits.account, from_lt=arguments.from_lt
        )
    if arguments.json:
        print(json.dumps(asdict(compared)))
    else:
        for each in compared.differences:
            print(f"{each.kind}  {each.lt}  {each.hash}  {_ton(each.nanoton)}")
        print(
            f"{compared.transactions} transactions, {_ton(compared.nanoton)}: {len(compared.differences)} differences"
        )
    return 1 if compared.differences else 0


def _decided(arguments: argparse.Namespace, status: str, receipt: Receipt | None) -> int:
    if status != "ok" or receipt is None:
        return _refused(arguments, status)
    print(json.dumps({"status": status, "receipt": asdict(receipt)}) if arguments.json else _line(receipt))
    return 0


def _refused(arguments: argparse.Namespace, status: str) -> int:
    if arguments.json:
        print(json.dumps({"status": status}))
    print(f"chance-tap chain: receipt {arguments.receipt_id}: {REFUSALS[status]}.", file=sys.stderr)
    return 1


def _line(receipt: Receipt) -> str:
    words: list[Any] = [receipt.receipt_id, _when(receipt.sent_ms), receipt.state, receipt.reason or ""]
    words += [_ton(receipt.nanoton), f"from {receipt.source}"]
    words += [f"{receipt.stars} Stars to user {receipt.user_id}"] if receipt.stars else []
    words += [f"comment {receipt.comment!r}"] if receipt.comment else []
    words += [f"order {receipt.payment_id}"] if receipt.payment_id else []
    words += [f"by {receipt.decided_by}"] if receipt.decided_by else []
    return "  ".join(str(word) for word in words if word != "")


def _ton(nanoton: int) -> str:
    return f"{nanoton // 10**9}.{nanoton % 10**9:09d} TON"


def _when(at_ms: int | None) -> str:
    return "never" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


_ACTIONS = {
    "status": _status,
    "unmatched": _unmatched,
    "assign": _assign,
    "dismiss": _dismiss,
    "check": _check,
    "explain": _explain,
}
