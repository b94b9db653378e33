"""`chance-tap money`: what came in, what moved and what went out in a period, where the Stars are now, and what
Telegram and the chain say to it.

Both outside books are read anew, as the worker does every few minutes: payments that were lost are recorded by that.
How old a reading is that could not be made is said.
"""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Any, Final

from chance_tap.settings import Settings
from persistence.errors import TelegramRefused, TelegramUnavailable
from persistence.payments.chain_reconciliation import ChainReconciliation
from persistence.postgres.pool import Database, Role
from persistence.ton.toncenter import ChainRefused, ChainUnavailable, Toncenter

# What is printed: the kind of transfer, the kind of account whose sum tells it, and that sum's sign.
_LINES: Final = {
    "deposits_stars": ("deposit", "telegram", -1),
    "deposits_ton": ("deposit", "chain", -1),
    "deposit_refunds": ("deposit_refund", "telegram", 1),
    "chargebacks": ("chargeback", "telegram", 1),
    "chargeback_losses": ("chargeback", "loss", -1),
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--from`, `--to`: days or moments, UTC.  `--as-read`, `--whole`: how much of the outside books to read."""
    parser.add_argument("--from", dest="begins", type=_moment, metavar="DAY", help="from this UTC day or moment on")
    parser.add_argument("--to", dest="ends", type=_moment, metavar="DAY", help="before this UTC day or moment")
    reading = parser.add_mutually_exclusive_group()
    reading.add_argument("--as-read", action="store_true", help="the outside books as they were read last, ask nobody")
    reading.add_argument("--whole", action="store_true", help="read all of the outside books, not only what is new")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The command: 0, 1 when the books differ, or 2 when one of them could not be read."""
    found = asyncio.run(_report(settings, arguments))
    if arguments.json:
        print(json.dumps(found))
    else:
        for part in ("flows", "balances"):
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
    for problem in found["not_read"]:
        print(f"chance-tap money: {problem}", file=sys.stderr)
    return 1 if found["differences"] else 2 if found["not_read"] else 0


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a day like 2026-11-22, or a moment") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


async def _report(settings: Settings, arguments: argparse.Namespace) -> dict[str, Any]:
    begins, ends = arguments.begins, arguments.ends
    not_read: list[str] = []
    db = await Database.open(settings.database_url, name="chance-tap-money")
    try:
        if not arguments.as_read:
            not_read = await _read_books(db, settings, whole=arguments.whole)
        moved = await _flows(db, begins, ends)
        ever = await _flows(db, None, ends)
        row = await db.call(Role.SETTLER, None, "SELECT pay.reconciliation_report()")
    finally:
        await db.close()
    assert row is not None
    books: dict[str, Any] = row[0]
    balances: dict[str, int] = {}
    for (_, account), stars in ever.items():
        balances[account] = balances.get(account, 0) + stars
    differences = [
        f"{name}: {each['rule']}  {each['subject']}  {each['detail']}"
        for name, book in books.items()
        for each in (book or {}).get("differences", [])
    ]
    for book in books.values():
        if book and book["finished_at"] is not None:
            book["age_s"] = round((datetime.now(UTC) - datetime.fromisoformat(book["finished_at"])).total_seconds())
    chain = books["chain"]
    if chain["credited_stars"] != chain["ledger_stars"]:
        differences.append(f"chain: receipts {chain['credited_stars']} Stars, ledger {chain['ledger_stars']}")
    return {
        "from": begins and begins.isoformat(),
        "to": ends and ends.isoformat(),
        "flows": {name: sign * moved.get((kind, account), 0) for name, (kind, account, sign) in _LINES.items()},
        "balances": dict(sorted(balances.items())),
        "books": books,
        "differences": differences,
        "not_read": not_read,
    }


async def _read_books(db: Database, settings: Settings, *, whole: bool) -> list[str]:
    """Hold Telegram's book and the chain's against ours now; what of it could not be done."""
    not_read = []
    if settings.has_bot:
        try:
            await _read_telegrams(db, settings, whole=whole)
        except (TelegramUnavailable, TelegramRefused) as error:
            problem = error.problem if isinstance(error, TelegramUnavailable) else error.reason
            not_read.append(f"Telegram's book could not be read: {problem}")
    if settings.ton_deposits or settings.ton_payout_key:
        try:
            async with Toncenter.from_settings(settings) as toncenter:
                await ChainReconciliation(db, toncenter, settings).reconcile(whole=whole)
        except (ChainUnavailable, ChainRefused) as error:
            problem = error.problem if isinstance(error, ChainUnavailable) else str(error)
            not_read.append(f"the chain's book could not be read: {problem}")
    return not_read


async def _read_telegrams(db: Database, settings: Settings, *, whole: bool) -> None:
    from persistence.payments.star_reconciliation import StarReconciliation  # see persistence.telegram
    from persistence.payments.stars import StarPayments
    from persistence.redis.store import RedisStore
    from persistence.telegram import make_bot

    live = await RedisStore.open(settings.redis_url, heartbeat=False)
    bot = make_bot(settings)
    try:
        await StarReconciliation(db, bot, StarPayments(live, db, bot, settings), settings).reconcile(whole=whole)
    finally:
        await bot.session.close()
        await live.close()


async def _flows(db: Database, begins: datetime | None, ends: datetime | None) -> dict[tuple[str, str], int]:
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT kind, account, stars FROM pay.money_flows(%(begins)s::timestamptz, %(ends)s::timestamptz)",
        {"begins": begins, "ends": ends},
    )
    return {(kind, account): int(stars) for kind, account, stars in rows}
