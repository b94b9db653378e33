"""Payments in Stars: the check before Telegram takes them, the charge, and what was given back.

Hands on and answers, no more: `persistence.payments.stars` decides.  A handler returns when the effect is committed;
whatever goes wrong before that is raised, so that Telegram delivers again.
"""

import contextlib
from collections.abc import Mapping
from typing import Final

import structlog
from aiogram import F, Router
from aiogram.types import Message, PreCheckoutQuery, RefundedPayment, SuccessfulPayment, User

from bot import texts
from bot.language import Language, language_for
from bot.people import person_of
from bot.replies import reply, say
from bot.services import Services
from persistence.errors import StoreUnavailable
from persistence.postgres.stars import Charge

log = structlog.get_logger(__name__)

_REFUSALS: Final[Mapping[str, texts.Text]] = {
    "paid": texts.ORDER_PAID,
    "cancelled": texts.ORDER_OVER,
    "expired": texts.ORDER_OVER,
    "refunded": texts.ORDER_OVER,
    "foreign": texts.ORDER_FOREIGN,
    "banned": texts.ORDER_BANNED,
    "unavailable": texts.ORDER_LATER,
}
_RECEIVED: Final[Mapping[str, texts.Text]] = {
    "credited": texts.PAYMENT_CREDITED,
    "refunding": texts.PAYMENT_REFUNDING,
    "review": texts.PAYMENT_REVIEW,
}


async def check(query: PreCheckoutQuery, services: Services) -> None:
    """Telegram takes the payment only after a yes within 10 s."""
    verdict = await services.stars.check(
        payload=query.invoice_payload,
        payer_id=query.from_user.id,
        amount=query.total_amount,
        currency=query.currency,
    )
    if verdict == "ok":
        await reply(query.answer(ok=True))  # answered before, or too late: it would be no better next time
        return
    log.info("payment refused", verdict=verdict)
    language = await _language(services, query.from_user)
    await reply(query.answer(ok=False, error_message=_REFUSALS.get(verdict, texts.ORDER_UNFIT)[language]))


async def paid(message: Message, services: Services) -> None:
    payment = message.successful_payment
    assert payment is not None
    result = await services.stars.paid(_charge(message, payment))
    words = _RECEIVED.get(result.status)
    if words is not None:  # a repetition was answered before
        language = await _language(services, message.from_user)
        await say(message, words[language].format(stars=payment.total_amount, balance=result.balance))


async def given_back(message: Message, services: Services) -> None:
    payment = message.refunded_payment
    assert payment is not None
    await services.stars.reversed(_charge(message, payment))


def _charge(message: Message, payment: SuccessfulPayment | RefundedPayment) -> Charge:
    return Charge(
        charge_id=payment.telegram_payment_charge_id,
        payload=payment.invoice_payload,
        payer_id=_payer(message),
        stars=payment.total_amount,
        currency=payment.currency,
        at_ms=int(message.date.timestamp() * 1000),
    )


def _payer(message: Message) -> int:
    """Service messages of a private chat: whose chat it is, whoever Telegram names as the sender."""
    sender = message.from_user
    return message.chat.id if sender is None or sender.is_bot else sender.id


async def _language(services: Services, user: User | None) -> Language:
    reported = user.language_code if user else None
    if user is not None:
        with contextlib.suppress(StoreUnavailable):
            person = await person_of(services, user.id, reported)
            if person is not None:
                return person.language
    return language_for(reported)


def build() -> Router:
    router = Router(name="payments")
    router.pre_checkout_query.register(check)
    router.message.register(paid, F.successful_payment)
    router.message.register(given_back, F.refunded_payment)
    return router
