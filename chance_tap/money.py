"""`chance-tap money`: what came in, what moved and what went out in a period, and where the Stars are now.

Looks only.  Telegram's book and the chain's are shown as the worker read them last; `payments reconcile` and
`chain check` read them anew.
"""

import argparse
import asyncio
import json
from datetime import UTC, datetime
from typing import Any, Final

from chance_tap.settings import Settings
from persistence.postgres.pool import Database, Role

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--from`, `--to`: days or moments, UTC."""
    parser.add_argument("--from", dest="begins", type=_moment, metavar="DAY", help="from this UTC day or moment on")
    parser.add_argument("--to", dest="ends", type=_moment, metavar="DAY", help="before this UTC day or moment")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The command: 0, or 1 when the books differ."""
    found = asyncio.run(_read(settings, arguments.begins, arguments.ends))
    if arguments.json:
        print(json.dumps(found))
    else:
        for part in ("flows", "balances"):
            print(f"{part}, in Stars:")
            for name, stars in found[part].items():
                print(f"  {name.replace('_', ' '):<24}{stars:>16}")
        print("outside books:")
        for name, book in found["books"].items():
            for word, value in (book or {"never read": ""}).items():
                print(f"  {name} {word.replace('_', ' '):<24}{value!s:>16}")
        for difference in found["differences"]:
            print(f"DIFFERS: {difference}")
    return 1 if found["differences"] else 0


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a day like 2026-11-22, or a moment") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


async def _read(settings: Settings, begins: datetime | None, ends: datetime | None) -> dict[str, Any]:
    db = await Database.open(settings.database_url, name="chance-tap-money")
    try:
        moved = await _flows(db, begins, ends)
        ever = await _flows(db, None, ends)
        row = await db.call(Role.SETTLER, None, "SELECT pay.outside_books()")
    finally:
        await db.close()
    assert row is not None
    books: dict[str, Any] = row[0]
    balances: dict[str, int] = {}
    for (_, account), stars in ever.items():
        balances[account] = balances.get(account, 0) + stars
    differences = [f"telegram: {each}" for each in (books["telegram"] or {}).get("differences", [])]
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
    }


async def _flows(db: Database, begins: datetime | None, ends: datetime | None) -> dict[tuple[str, str], int]:
    rows = await db.rows(
        Role.SETTLER,
        None,
        "SELECT kind, account, stars FROM pay.money_flows(%(begins)s::timestamptz, %(ends)s::timestamptz)",
        {"begins": begins, "ends": ends},
    )
    return {(kind, account): int(stars) for kind, account, stars in rows}
