"""Workers that are killed with SIGKILL at every step of paying a withdrawal out, as TON and as Premium: before and
after an attempt is committed, after it has left, after it is seen, before and after the books have it.  Each is paid
exactly once, by the chain's own account and by Telegram's.
"""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from chance_tap.environment import load_settings
from persistence.chain import ProvenWallet
from persistence.payments.chain_reconciliation import ChainReconciliation
from persistence.postgres import wallets, withdrawals
from persistence.postgres.audit import audit
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database
from persistence.postgres.withdrawals import NewWithdrawal, Rules
from persistence.ton.toncenter import Toncenter
from tests.end_to_end.doomed import DoomedWorker
from tests.fixtures.accounts import earn, new_player
from tests.fixtures.fork_server import ForkServer
from tests.fixtures.outside import NANOTON_PER_STAR, PAYOUT_KEY, bot_environment, ton_environment
from tests.fixtures.postgres import login_url
from tests.fixtures.stack import stack_environment
from tests.fixtures.waiting import eventually
from tests.stand_ins.telegram import TelegramApi
from tests.stand_ins.ton import TonNetwork

PATIENCE_S = 90.0  # of a machine that does much else
STARS = 1000  # what three months of Premium cost
# The hold ended, taken up, the chain's time, a number, committed, looked for, sent, its end; then taken up again,
# time, seen, booked.  A gift: the hold ended, taken up, committed, given, found in Telegram's transactions, not
# another's, booked.
STEPS = {"ton": 12, "premium": 8}


@dataclass(frozen=True)
class Payee:
    withdrawal_id: str
    telegram_id: int
    address: str


@pytest.fixture
def worker(
    database_url: str,
    redis_url: str,
    queue_url: str,
    telegram_api: TelegramApi,
    ton: TonNetwork,
    tmp_path: Path,
    fork_server: ForkServer,
) -> Iterator[DoomedWorker]:
    switches = {"WITHDRAWALS_PREMIUM": "on", "WITHDRAWAL_HOLD_S": "0", "QUEUE_REDIS_URL": queue_url}
    world = switches | bot_environment(telegram_api) | ton_environment(ton)
    environment = stack_environment(tmp_path, login_url(database_url, "worker"), redis_url, **world)
    with DoomedWorker(fork_server, environment, tmp_path / "log") as doomed:
        yield doomed


@pytest.mark.parametrize("method", ["ton", "premium"])
async def test_killed_at_every_step_each_is_paid_once(
    worker: DoomedWorker,
    telegram_api: TelegramApi,
    ton: TonNetwork,
    db: Database,
    database_url: str,
    method: withdrawals.Method,
) -> None:
    telegram_api.book.balance = 1_000_000
    payees: list[Payee] = []
    for at in range(1, STEPS[method] + 1):
        payees.append(await _asks(db, telegram_api, method))
        worker.start(at)

        def died(payee: Payee = payees[-1]) -> bool:
            if worker.alive():
                _execute(database_url, DUE, payee.withdrawal_id)
            return not worker.alive()

        await eventually(f"step {at} is reached", died, within_s=PATIENCE_S)
        assert worker.dies()
        _execute(database_url, NOT_NOW, payees[-1].withdrawal_id)  # whoever died had it: the next has its own

    assert [_state(database_url, payee) == "sent" for payee in payees].index(True) == len(payees) - 1
    _execute(database_url, LONG_AGO)
    worker.start()

    def all_are_sent() -> bool:
        _execute(database_url, ALL_DUE)
        return {_state(database_url, payee) for payee in payees} == {"sent"}

    await eventually("all are sent", all_are_sent, within_s=PATIENCE_S)
    worker.kill()

    gifts = telegram_api.book.transactions
    for payee in payees:
        given = sum("receiver" in each and each["receiver"]["user"]["id"] == payee.telegram_id for each in gifts)
        paid = [each.nanoton for each in ton.wallet.paid if each.destination == payee.address]
        assert (paid, given) == (([STARS * NANOTON_PER_STAR], 0) if method == "ton" else ([], 1))
    assert await audit(db) == []
    if method == "ton":
        settings = load_settings({"TONCENTER_URL": ton.url, "TON_PAYOUT_KEY": PAYOUT_KEY})
        async with Toncenter(ton.url, per_s=1e6) as client:
            found = await ChainReconciliation(db, client, settings).reconcile(grace_s=0)
        assert (found.outgoing, found.differences) in ((len(payees), []), (0, []))  # the worker may have read it


# What time does: a lease ends, the next look is due, an answer is not to be expected any more.
ALL_DUE: LiteralString = "UPDATE pay.withdrawals SET next_try_at = now() WHERE state = 'sending'"
DUE: LiteralString = ALL_DUE + " AND withdrawal_id = %s::uuid"
NOT_NOW: LiteralString = DUE.replace("now()", "now() + interval '1 hour'")
LONG_AGO: LiteralString = (
    "UPDATE pay.withdrawals SET begun_at = begun_at - interval '20 minutes'"
    " WHERE state = 'sending' AND method = 'premium'"
)


async def _asks(db: Database, telegram_api: TelegramApi, method: withdrawals.Method) -> Payee:
    """Somebody with Stars and a wallet, and the request."""
    telegram_id = secrets.randbelow(2**40) + 1
    telegram_api.person("Winner", user_id=telegram_id)
    user_id = await new_player(db, telegram_id=telegram_id, name="Winner")
    await earn(db, user_id, STARS)
    address = f"0:{secrets.token_hex(32)}"
    assert await wallets.link(db, user_id, ProvenWallet(address, "mainnet", "ab" * 32)) == "ok"
    asked = await withdrawals.request(
        db,
        user_id,
        NewWithdrawal(
            withdrawal_id=str(secrets.token_hex(16)),
            method=method,
            stars=STARS,
            months=3 if method == "premium" else None,
            network="mainnet",
            rate=NANOTON_PER_STAR if method == "ton" else None,
            requested_ms=int(time.time() * 1000) - 1000,
        ),
        Rules(hold_s=0, approval_stars=STARS, account_day=STARS, house_day=10**9),
        IdempotencyKey("/api/v1/withdrawals", "k", b"x" * 32),
    )
    assert asked.withdrawal is not None, asked
    return Payee(asked.withdrawal.withdrawal_id, telegram_id, address)


def _execute(database_url: str, statement: LiteralString, *values: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(statement, values)


def _state(database_url: str, payee: Payee) -> str:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT state::text FROM pay.withdrawals WHERE withdrawal_id = %s::uuid", [payee.withdrawal_id]
        ).fetchone()
    assert row is not None
    return str(row[0])
