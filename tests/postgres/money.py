"""Moves of real money that tests make in Postgres alone: deposits, charge-backs, withdrawals, games that are lost."""

import secrets
import uuid
from dataclasses import dataclass

import psycopg

from persistence.chain import ProvenWallet
from persistence.postgres import games, ledger, stars, wallets, withdrawals
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import Database
from persistence.postgres.stars import Charge, ChargeResult
from persistence.postgres.withdrawals import NewWithdrawal, Requested, Rules
from tests.fixtures.accounts import new_player
from tests.postgres.play import Finisher, finished, new_room, pay

RATE = 3_000_000
NOW_MS = 1_790_000_000_000
FREE = Rules(hold_s=0, approval_stars=10**9, account_day=10**9, house_day=10**9)


@dataclass(frozen=True)
class Payer:
    user_id: int
    telegram_id: int


async def payer(db: Database, stars: int = 0) -> Payer:
    """A player with a wallet; `stars` are demonstration Stars."""
    telegram_id = secrets.randbelow(2**40) + 1
    user_id = await new_player(db, stars, telegram_id=telegram_id, name="Payer")
    assert await wallets.link(db, user_id, ProvenWallet(f"0:{secrets.token_hex(32)}", "mainnet", "ab" * 32)) == "ok"
    return Payer(user_id, telegram_id)


async def deposit(db: Database, url: str, player: Payer, amount: int) -> Charge:
    """Stars that were ordered, paid and credited."""
    charge = order(url, player, amount)
    assert (await stars.credit(db, charge, late_s=60, found_by="update")).status == "credited"
    return charge


def order(url: str, player: Payer, amount: int) -> Charge:
    """An order that Telegram took the Stars for; we have not heard of it."""
    payload = secrets.token_hex(8)
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO pay.payments (payment_id, user_id, method, stars, created_at, expires_at, invoice_payload)"
            " VALUES (%s, %s, 'stars', %s, now(), now() + interval '1 hour', %s)",
            [uuid.uuid4(), player.user_id, amount, payload],
        )
    return Charge(
        charge_id=secrets.token_hex(8),
        payload=payload,
        payer_id=player.telegram_id,
        stars=amount,
        currency="XTR",
        at_ms=NOW_MS,
    )


async def charge_back(db: Database, charge: Charge) -> ChargeResult:
    return await stars.reverse(db, charge)


async def withdraw(db: Database, player: Payer, amount: int, rules: Rules = FREE, *, at_ms: int = NOW_MS) -> Requested:
    wanted = NewWithdrawal(
        withdrawal_id=str(uuid.uuid4()),
        method="ton",
        stars=amount,
        months=None,
        network="mainnet",
        rate=RATE,
        requested_ms=at_ms,
    )
    key = IdempotencyKey("/api/v1/withdrawals", secrets.token_hex(8), b"\x01")
    return await withdrawals.request(db, player.user_id, wanted, rules, key)


async def withdrawn(db: Database, player: Payer, amount: int) -> str:
    """The id of a withdrawal that was asked for."""
    reply = await withdraw(db, player, amount)
    assert reply.withdrawal is not None, reply.status
    return reply.withdrawal.withdrawal_id


async def lose(db: Database, player: Payer, amount: int) -> None:
    """Stars that went to the house, as a fee of all that was staked."""
    room = new_room()
    seat = (await pay(db, player.user_id, room, amount=amount, fee_bps=10_000)).seat_id
    assert seat is not None
    await games.settle(db, room, finished(room, [Finisher(seat, player.user_id, 9)]))


async def balance(db: Database, player: Payer) -> int:
    return await ledger.balance(db, player.user_id)
