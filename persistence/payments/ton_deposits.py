"""Deposits of TON across Postgres, the chain and the price of a Star.

Owns the order of the three: an order is committed with its rate before anybody can pay it; a final transaction is
committed, with its credit and with how far the chain was read, before anybody hears of it.  So the process may die
between any two steps, and who comes next reads on from what Postgres has; whatever is read twice is credited once.
Must never decide about a credit: the functions of schema `pay` do.
"""

import uuid
from collections.abc import Sequence

import structlog

from chance_tap.settings import Settings, SettingsError
from persistence.errors import ErrorCode, GameError
from persistence.postgres import ton_deposits
from persistence.postgres.acting import Actor
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.payments import Order, Ordered
from persistence.postgres.pool import Database
from persistence.postgres.ton_deposits import CreditRules, Cursor, Incoming, Quote, Reading, Recorded, Watched
from persistence.redis.store import RedisStore
from persistence.redis.user_events import BalanceChanged, PaymentChanged
from persistence.ton.address import normalise
from persistence.ton.deposits import is_incoming, memo_of, new_memo, refusal
from persistence.ton.exchange_rates import RateSource, RateUnavailable
from persistence.ton.messages import printable
from persistence.ton.transaction import Transaction

log = structlog.get_logger(__name__)


class TonDeposits:
    """Every method may raise StoreUnavailable and then be repeated.

    Raises:
        SettingsError: TON_WALLET_ADDRESS is no address of TON_NETWORK.
    """

    def __init__(self, live: RedisStore, db: Database, rates: RateSource, settings: Settings) -> None:
        self._live = live
        self._db = db
        self._rates = rates
        self._settings = settings
        self.network = settings.ton_network
        self.account = house_address(settings) or ""

    async def order(self, user_id: int, stars: int, key: IdempotencyKey) -> Ordered:
        """Order `stars` Stars for TON at the rate of now, once for a key.

        Raises:
            GameError: forbidden (switched off), banned, conflict (too many orders wait), rate_limited (too many were
                not paid), idempotency_*.
            RateUnavailable: there is no price that may be used now.
        """
        if not self.account:
            raise GameError(ErrorCode.FORBIDDEN)
        rate = await self._rates.nanoton_per_star()
        now_ms = self._live.now_ms()
        order = Order(str(uuid.uuid4()), stars, now_ms, now_ms + self._settings.ton_quote_s * 1000)
        quote = Quote(rate, self.network, self.account, new_memo())
        ordered = await ton_deposits.request(self._db, user_id, order, quote, key)
        if (refused := ordered.refusal()) is not None:
            raise refused
        return ordered

    async def cursor(self) -> Cursor | None:
        """How far the present address was read."""
        return await ton_deposits.cursor(self._db, self.network, self.account)

    async def watched(self) -> list[Watched]:
        """Every address that somebody may pay to: the present one, and all that were ever given to players."""
        known = await ton_deposits.watched(self._db, self.network)
        if self.account and all(each.account != self.account for each in known):
            known.append(Watched(self.account, 0, gap=False, expected_until_ms=None))
        return known

    async def record(self, account: str, seen: Sequence[Transaction], *, cursor: int, gap: bool) -> list[Recorded]:
        """Record final transactions of a house's address, and that everything up to `cursor` is recorded now.

        What was not known before; its owners are notified.
        """
        incoming = [_incoming(each) for each in seen if is_incoming(each)]
        reading = Reading(cursor, max((each.lt for each in seen), default=cursor), gap)
        rules = CreditRules(
            dust=self._settings.ton_dust_nanoton,
            rate=await self._rate_now() if incoming else None,
            most_stars=self._settings.ton_max_stars,
        )
        recorded = await ton_deposits.record(self._db, self.network, account, incoming, reading, rules)
        for each in recorded:
            if each.receipt.state == "review":
                log.warning("deposit waits for review", receipt_id=each.receipt.receipt_id, reason=each.receipt.reason)
            self._publish(each)
        return recorded

    async def assign(
        self, receipt_id: int, *, payment_id: str | None, user_id: int | None, by: Actor, rate: int | None = None
    ) -> tuple[str, Recorded | None]:
        """An operator's word whose a receipt is: at `rate` (nanoton a Star) if it is named, else at the rate of now, or
        the order's if that is worse for the player.  See `ton_deposits.assign` for the statuses."""
        status, recorded = await ton_deposits.assign(
            self._db,
            receipt_id,
            payment_id=payment_id,
            user_id=user_id,
            rate=await self._rate_now() if rate is None else rate,
            named=rate is not None,
            by=by,
        )
        if status == "ok" and recorded is not None:
            self._publish(recorded)
        return status, recorded

    async def dismiss(self, receipt_id: int, *, by: Actor) -> tuple[str, Recorded | None]:
        """An operator's word that a receipt is nobody's here.  See `chain.dismiss`."""
        status, recorded = await ton_deposits.dismiss(self._db, receipt_id, by=by)
        if status == "ok" and recorded is not None:
            self._publish(recorded)
        return status, recorded

    async def _rate_now(self) -> int | None:
        try:
            return await self._rates.nanoton_per_star()
        except RateUnavailable:
            return None

    def _publish(self, recorded: Recorded) -> None:
        payment, receipt = recorded.payment, recorded.receipt
        if payment is not None:
            self._live.user_events.publish(payment.user_id, PaymentChanged(payment.payment_id, payment.state))
        if receipt.user_id is not None and recorded.balance is not None:
            self._live.user_events.publish(receipt.user_id, BalanceChanged(recorded.balance))


def house_address(settings: Settings) -> str | None:
    """The address that deposits go to, raw; None: they are off.

    Raises:
        SettingsError: TON_WALLET_ADDRESS is no address of TON_NETWORK.
    """
    try:
        return normalise(settings.ton_wallet_address, settings.ton_network) if settings.ton_deposits else None
    except ValueError as error:
        raise SettingsError(f"TON_WALLET_ADDRESS is wrong: {error}.") from None


def _incoming(seen: Transaction) -> Incoming:
    assert seen.source is not None
    assert seen.mc_seqno is not None
    return Incoming(
        lt=seen.lt,
        hash=seen.hash,
        mc_seqno=seen.mc_seqno,
        source=seen.source,
        nanoton=seen.nanoton,
        comment=printable(seen.comment),
        memo=memo_of(seen.comment),
        refusal=refusal(seen),
        sent_s=seen.now_s,
    )
