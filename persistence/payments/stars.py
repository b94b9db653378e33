"""Payments in Telegram Stars across Postgres and the Bot API.

Owns the order of the two.  An order is committed before its invoice is made; a charge is committed before anybody
hears of it; a refund is set aside in the ledger before Telegram is asked, and what Telegram said is recorded after.  So
the process may die between any two steps: who comes next goes on from what Postgres has, and each step may be repeated.
Must never decide about a credit or a refund: the functions of schema `pay` do.
"""

import asyncio
import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import Counter

from chance_tap.settings import Settings
from persistence.errors import ErrorCode, GameError, StoreUnavailable, TelegramRefused, TelegramUnavailable
from persistence.postgres import idempotency, payments, stars, users
from persistence.postgres.acting import Actor
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.payments import Order, Ordered, Payment
from persistence.postgres.pool import Database
from persistence.postgres.stars import Charge, ChargeResult, FoundBy
from persistence.redis.store import RedisStore
from persistence.redis.user_events import BalanceChanged, Banned, PaymentChanged

if TYPE_CHECKING:
    import aiogram

log = structlog.get_logger(__name__)

charges = Counter("chance_tap_star_charges_total", "Charges of Stars that Telegram reported, by outcome.", ("outcome",))
returns = Counter("chance_tap_star_returns_total", "Charges that Telegram gave back, by outcome.", ("outcome",))
refunds = Counter("chance_tap_star_refunds_total", "What Telegram said to refunds, by outcome.", ("outcome",))

CURRENCY: Final = "XTR"
CHECK_S: Final = 6.0
"""Telegram waits 10 s for the answer to a pre-checkout, and the journey there and back comes on top."""
REFUND_LEASE_S: Final = 60.0
REFUND_RETRY_S: Final = 60.0
REFUND_PUZZLED_RETRY_S: Final = 900.0
"""Telegram said something that is neither a yes nor surely a no: somebody should look, and it may pass by itself."""
EXPIRIES_A_ROUND: Final = 1000
REFUNDS_A_ROUND: Final = 20

ALREADY_REFUNDED: Final = "CHARGE_ALREADY_REFUNDED"
# After these the Stars are surely still with the bot.
_SURELY_NOT: Final = ("CHARGE_ID_EMPTY", "CHARGE_ID_INVALID", "CHARGE_NOT_FOUND", "USER_ID_INVALID")


@dataclass(frozen=True, slots=True)
class Invoice:
    """What the payer reads, in the payer's language: title of 1 to 32 characters, description of 1 to 255."""

    title: str
    description: str


class StarPayments:
    """`bot` is None where there is none: then nothing is ordered or sent back, and everything else works.

    Every method may raise StoreUnavailable and then be repeated.
    """

    def __init__(self, live: RedisStore, db: Database, bot: "aiogram.Bot | None", settings: Settings) -> None:
        self._live = live
        self._db = db
        self._bot = bot
        self._settings = settings

    async def order(self, user_id: int, amount: int, invoice: Invoice, key: IdempotencyKey) -> Ordered:
        """Order `amount` Stars, once for a key, with a link to pay them.

        Raises:
            GameError: forbidden (switched off), banned, conflict (too many orders wait), rate_limited (too many were
                not paid), idempotency_*.
            TelegramUnavailable: the order is made, its link is not; the same request again goes on with it.
        """
        if self._settings.stars_deposits != "on" or self._bot is None:
            raise GameError(ErrorCode.FORBIDDEN)
        payment_id = str(uuid.uuid4())
        now_ms = self._live.now_ms()
        order = Order(payment_id, amount, now_ms, now_ms + self._settings.stars_invoice_s * 1000)
        # The second part is what binds it: a payload that was not handed out by us is none of an order's.
        payload = f"stars:{payment_id}:{secrets.token_hex(16)}"
        ordered = await payments.request_stars(self._db, user_id, order, payload, key)
        if ordered.status == "stored":
            return ordered
        if (refusal := ordered.refusal()) is not None:
            raise refusal
        assert ordered.payment is not None
        try:
            payment = await self._linked(ordered.payment, invoice)
        except BaseException:
            # Whoever comes next need not wait for the lease.  Where this fails too, the lease ends by itself.
            await asyncio.shield(self._release(user_id, key))
            raise
        return Ordered(ordered.status, None, payment)

    async def check(self, *, payload: str, payer_id: int, amount: int, currency: str) -> str:
        """Whether Telegram may take this payment, well within the time that a pre-checkout has: `ok`, or one of
        unknown, foreign (another's order), currency, amount, paid, cancelled, expired, refunded, review, banned,
        limit_reached, unavailable (we cannot look: better no payment than one without a look)."""
        try:
            async with asyncio.timeout(CHECK_S):
                return await stars.check(
                    self._db,
                    payload=payload,
                    payer_id=payer_id,
                    stars=amount,
                    currency=currency,
                    now_ms=self._live.now_ms(),
                )
        except (StoreUnavailable, TimeoutError):
            return "unavailable"

    async def paid(self, charge: Charge, *, found_by: FoundBy = "update") -> ChargeResult:
        """A payment that Telegram took: committed when this returns, and then its update may be answered.  See
        `stars.credit` for the statuses.  A refund by rule is sent by the worker."""
        result = await stars.credit(self._db, charge, late_s=float(self._settings.stars_late_s), found_by=found_by)
        charges.labels(result.status).inc()
        if result.status == "review":
            assert result.receipt is not None
            log.warning("payment waits for review", charge_id=charge.charge_id, reason=result.receipt.reason)
        self._publish(result)
        return result

    async def reversed(self, charge: Charge) -> ChargeResult:
        """A payment that Telegram gave back, by our wish or not; see `stars.reverse` for the statuses."""
        result = await stars.reverse(self._db, charge)
        returns.labels(result.status).inc()
        if result.status == "charged_back":
            assert result.receipt is not None
            log.warning(
                "payment charged back",
                charge_id=charge.charge_id,
                user_id=result.receipt.user_id,
                lost=result.receipt.lost,
            )
        self._publish(result)
        if result.blocked and result.receipt is not None and result.receipt.user_id is not None:
            for account in await users.accounts_of_same_person(self._db, result.receipt.user_id):
                self._live.user_events.publish(account, Banned())
        return result

    async def refund(self, charge_id: str, *, by: Actor) -> ChargeResult:
        """An operator's refund: set aside, and Telegram is asked at once; the worker goes on where that fails.

        Statuses: ok (`receipt.state` says how far it is), not_found, conflict, insufficient_balance.
        """
        result = await stars.refund(self._db, charge_id, by=by)
        if result.status != "ok":
            return result
        self._publish(result)
        if self._bot is not None:
            due = await stars.due_refunds(self._db, lease_s=REFUND_LEASE_S, limit=1, charge_id=charge_id)
            for each, payer_id in due:
                settled = await self._send_back(self._bot, each, payer_id)
                result = ChargeResult("ok", settled.receipt, settled.payment, settled.balance, blocked=False)
        return result

    async def assign(self, charge_id: str, *, user_id: int, by: Actor) -> ChargeResult:
        """An operator's word whose a charge in review is; see `stars.assign` for the statuses."""
        result = await stars.assign(self._db, charge_id, user_id=user_id, by=by)
        if result.status == "ok":
            self._publish(result)
        return result

    async def close(self, charge_id: str, *, by: Actor) -> ChargeResult:
        """An operator gives up a refund that does not come to an end, or closes a charge that the ledger does not have;
        see `stars.close` for the statuses."""
        result = await stars.close(self._db, charge_id, by=by)
        if result.status == "ok":
            self._publish(result)
        return result

    async def send_refunds(self) -> int:
        """Ask Telegram for the refunds that are due, one after another; how many were asked for."""
        if self._bot is None:
            return 0
        asked = 0
        for charge_id, payer_id in await stars.due_refunds(self._db, lease_s=REFUND_LEASE_S, limit=REFUNDS_A_ROUND):
            asked += 1
            if (await self._send_back(self._bot, charge_id, payer_id)).status == "later":
                break  # Telegram is away or wants rest: the others come when their lease ends
        return asked

    async def expire(self) -> int:
        """End the wait for orders whose time is over, of every method; how many ended."""
        ended = await payments.expire(self._db, self._live.now_ms(), EXPIRIES_A_ROUND)
        for payment in ended:
            self.publish_payment(payment)
        return len(ended)

    def publish_payment(self, payment: Payment) -> None:
        """Publish the state of a payment."""
        self._live.user_events.publish(payment.user_id, PaymentChanged(payment.payment_id, payment.state))

    async def _linked(self, payment: Payment, invoice: Invoice) -> Payment:
        """The payment with a link.  Two that make one at once both give the one that was kept; the other link pays the
        same order, and is refused at the pre-checkout once that is paid."""
        if payment.invoice_link is not None or payment.state != "pending":
            return payment
        assert self._bot is not None
        assert payment.invoice_payload is not None
        from aiogram.methods import CreateInvoiceLink  # see persistence.telegram
        from aiogram.types import LabeledPrice

        from persistence.telegram import ask

        link = await ask(
            self._bot,
            CreateInvoiceLink(
                title=invoice.title,
                description=invoice.description,
                payload=payment.invoice_payload,
                provider_token="",
                currency=CURRENCY,
                prices=[LabeledPrice(label=invoice.title, amount=payment.stars)],
            ),
        )
        linked = await payments.set_invoice_link(self._db, payment.user_id, payment.payment_id, link)
        assert linked is not None
        return linked

    async def _release(self, user_id: int, key: IdempotencyKey) -> None:
        try:
            await idempotency.release(self._db, user_id, key)
        except StoreUnavailable:
            return

    async def _send_back(self, bot: "aiogram.Bot", charge_id: str, payer_id: int) -> ChargeResult:
        """One request to Telegram, and its outcome recorded.  Who dies in between leaves the lease to end: then it is
        asked again, and Telegram says that it had already been refunded."""
        from aiogram.methods import RefundStarPayment  # see persistence.telegram

        from persistence.telegram import ask

        method = RefundStarPayment(user_id=payer_id, telegram_payment_charge_id=charge_id)
        try:
            await ask(bot, method)
        except TelegramUnavailable as error:
            retry_s = max(REFUND_RETRY_S, error.retry_after_s or 0)
            return await self._refunded(charge_id, "later", error=error.problem, retry_s=retry_s)
        except TelegramRefused as error:
            if ALREADY_REFUNDED in error.reason:
                return await self._refunded(charge_id, "done", error=None)
            log.warning("refund refused", charge_id=charge_id, reason=error.reason)
            if any(word in error.reason for word in _SURELY_NOT):
                return await self._refunded(charge_id, "refused", error=error.reason)
            return await self._refunded(charge_id, "later", error=error.reason, retry_s=REFUND_PUZZLED_RETRY_S)
        return await self._refunded(charge_id, "done", error=None)

    async def _refunded(
        self, charge_id: str, outcome: stars.RefundOutcome, *, error: str | None, retry_s: float = 0
    ) -> ChargeResult:
        result = await stars.settle_refund(self._db, charge_id, outcome, error=error, retry_s=retry_s)
        refunds.labels(result.status).inc()
        self._publish(result)
        return result

    def _publish(self, result: ChargeResult) -> None:
        payment = result.payment
        if payment is not None:
            self.publish_payment(payment)
            # A charge that was paid by another says nothing of the balance of the order's owner.
            if result.balance is not None and result.receipt and result.receipt.user_id == payment.user_id:
                self._live.user_events.publish(payment.user_id, BalanceChanged(result.balance))
