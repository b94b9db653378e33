"""`chance-tap withdrawals`: see the withdrawals, and decide about those that wait for an operator.

Who decided, and when, is kept with every step.  Must never pay by itself: the worker does.
"""

import argparse
import asyncio
import getpass
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chance_tap.settings import Settings, SettingsError
from persistence.payments.withdrawals import Withdrawals
from persistence.postgres import withdrawals
from persistence.postgres.pool import Database
from persistence.postgres.withdrawals import Withdrawal
from persistence.redis.store import RedisStore
from persistence.ton.address import friendly
from persistence.ton.highload import HighloadWallet

REFUSALS = {
    "not_found": "there is no such withdrawal",
    "conflict": "it does not wait for this decision",
    "banned": "the account is banned; lift the ban first, or refuse",
}
STATES = ("held", "approval", "sending", "sent", "returned")
DECISIONS = {
    "approve": "send it (one whose outcome is unknown: anew)",
    "refuse": "give the Stars back",
    "paid": "one whose outcome was unknown did leave",
}
OPERATOR_CHARACTERS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list [--state STATE]`, `show ID`, `approve ID`, `refuse ID`, `paid ID`, `wallet`."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    listing = actions.add_parser("list", help="the latest withdrawals of everybody")
    listing.add_argument("--state", choices=STATES, help="only those (approval: they wait for an operator)")
    listing.add_argument("--user", type=int, help="only those of this account")
    listing.add_argument("--limit", type=int, default=100, help="how many at most (default 100)")
    show = actions.add_parser("show", help="one withdrawal, with every step of it")
    show.add_argument("withdrawal_id", type=_withdrawal_id, metavar="ID")
    for name, meaning in DECISIONS.items():
        action = actions.add_parser(name, help=meaning)
        action.add_argument("withdrawal_id", type=_withdrawal_id, metavar="ID", help="its id in the list")
        action.add_argument("--by", default=getpass.getuser(), help="who decides (default: the system's user)")
    actions.add_parser("wallet", help="the address that TON is paid from")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The command: 0 when it is done, 1 when the withdrawal does not allow it."""
    match arguments.action:
        case "list":
            return _print_all(arguments, asyncio.run(_listed(settings, arguments)))
        case "wallet":
            return _wallet(arguments, settings)
        case "show":
            return _print_one(arguments, asyncio.run(_report(settings, arguments.withdrawal_id)))
    status, decided = asyncio.run(_review(settings, arguments))
    if arguments.json:
        print(json.dumps({"status": status, "withdrawal": None if decided is None else _facts(decided)}))
    elif status == "ok" and decided is not None:
        print(_line(decided))
    if status == "ok":
        return 0
    print(f"chance-tap withdrawals: {arguments.withdrawal_id}: {REFUSALS[status]}.", file=sys.stderr)
    return 1


def _withdrawal_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise argparse.ArgumentTypeError("not the id of a withdrawal") from None


def _facts(each: Withdrawal) -> dict[str, Any]:
    return {name: value for name, value in asdict(each).items() if name != "boc"}


def _line(each: Withdrawal) -> str:
    asked = datetime.fromtimestamp(each.requested_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    words = [f"{each.withdrawal_id}  user {each.user_id}  {asked}  {each.state}  {each.stars} Stars"]
    if each.nanoton is not None:
        words.append(f"{each.nanoton / 1e9:.9f} TON to {each.address}")
    else:
        words.append(f"Premium, {each.months} months, to Telegram user {each.telegram_id}")
    words += [word for word in (each.waits_for and f"waits: {each.waits_for}", each.error, each.reference) if word]
    words += [f"{each.review} by {each.reviewed_by}"] if each.review else []
    return "  ".join(words)


def _print_all(arguments: argparse.Namespace, found: list[Withdrawal]) -> int:
    if arguments.json:
        print(json.dumps({"withdrawals": [_facts(each) for each in found]}))
        return 0
    for each in found:
        print(_line(each))
    if not found:
        print("no withdrawals")
    return 0


def _print_one(arguments: argparse.Namespace, found: tuple[Withdrawal, list[dict[str, Any]]] | None) -> int:
    if found is None:
        print(f"chance-tap withdrawals: {arguments.withdrawal_id}: {REFUSALS['not_found']}.", file=sys.stderr)
        return 1
    withdrawal, steps = found
    if arguments.json:
        print(json.dumps({"withdrawal": _facts(withdrawal), "steps": steps}))
        return 0
    print(_line(withdrawal))
    for step in steps:
        print(f"  {step['at']}  {step['state']}  attempt {step['attempt']}  {step['by']}  {step['what']}")
    return 0


def _wallet(arguments: argparse.Namespace, settings: Settings) -> int:
    if not settings.ton_payout_key:
        raise SettingsError("TON_PAYOUT_KEY is not set: there is no wallet.")
    raw = HighloadWallet.from_settings(settings).address
    shown = friendly(raw, settings.ton_network)
    print(json.dumps({"address": raw, "friendly": shown, "network": settings.ton_network}) if arguments.json else shown)
    return 0


async def _listed(settings: Settings, arguments: argparse.Namespace) -> list[Withdrawal]:
    db = await Database.open(settings.database_url, name="chance-tap-withdrawals")
    try:
        return await withdrawals.listed(
            db, state=arguments.state, user_id=arguments.user, limit=max(1, arguments.limit)
        )
    finally:
        await db.close()


async def _report(settings: Settings, withdrawal_id: str) -> tuple[Withdrawal, list[dict[str, Any]]] | None:
    db = await Database.open(settings.database_url, name="chance-tap-withdrawals")
    try:
        return await withdrawals.report(db, withdrawal_id)
    finally:
        await db.close()


async def _review(settings: Settings, arguments: argparse.Namespace) -> tuple[str, Withdrawal | None]:
    db = await Database.open(settings.database_url, name="chance-tap-withdrawals")
    try:
        live = await RedisStore.open(settings.redis_url, heartbeat=False)
        try:
            changed = await Withdrawals(live, db, None, settings).review(
                arguments.withdrawal_id, arguments.action, by=arguments.by[:OPERATOR_CHARACTERS]
            )
            return changed.status, changed.withdrawal
        finally:
            await live.close()
    finally:
        await db.close()
