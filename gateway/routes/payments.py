"""/payments: ordering Stars, looking at payments of every method, giving one up.

A payment is the same from every device; whether it was paid is decided only by what Telegram or the chain reported to
the server.
"""

from functools import partial
from typing import Final

from gateway.errors import invalid
from gateway.rate_limits import ORDERS
from gateway.rest import paging
from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.payments import PaymentAnswer, Payments, PayStars, PayTon, payment_view
from gateway.schemas.rest import Nothing
from gateway.texts import DEFAULT_LANGUAGE, stars_invoice
from persistence.errors import ErrorCode, GameError
from persistence.payments.stars import Invoice
from persistence.postgres import payments
from persistence.postgres.payments import Ordered, Payment

PATH: Final = "/api/v1/payments"
_PAGING: Final[paging.Paging[Payment, int]] = paging.numbered(lambda payment: payment.number)


async def pay_stars(call: Call) -> PaymentAnswer | bytes:
    """Order Stars; the link in the answer opens Telegram's own window."""
    body: PayStars = call.body
    services = call.services
    settings = services.settings
    if not settings.stars_min <= body.stars <= settings.stars_max:
        raise invalid("stars", f"must be from {settings.stars_min} to {settings.stars_max}")
    services.rates.payment.take(call.claims.user_id)
    language = await services.accounts.language(call.claims.user_id, ask=True) or DEFAULT_LANGUAGE
    invoice = Invoice(*stars_invoice(body.stars, language))
    return _ordered(await services.stars.order(call.user_id, body.stars, invoice, call.idempotency_key))


async def pay_ton(call: Call) -> PaymentAnswer | bytes:
    """Order Stars for TON: where to send how much, with which comment, at a rate that holds until the order expires."""
    body: PayTon = call.body
    services = call.services
    settings = services.settings
    if not settings.ton_min_stars <= body.stars <= settings.ton_max_stars:
        raise invalid("stars", f"must be from {settings.ton_min_stars} to {settings.ton_max_stars}")
    services.rates.payment.take(call.claims.user_id)
    return _ordered(await services.ton.order(call.user_id, body.stars, call.idempotency_key))


async def list_payments(call: Call) -> Payments:
    page = await _PAGING.read(call.query, partial(payments.page, call.services.db, call.user_id))
    return Payments(payments=[payment_view(payment) for payment in page.rows], next_cursor=page.next_cursor)


async def payment(call: Call) -> PaymentAnswer:
    found = await payments.one(call.services.db, call.user_id, call.path("payment_id"))
    if found is None:
        raise GameError(ErrorCode.NOT_FOUND)
    return PaymentAnswer(payment_view(found))


async def cancel_payment(call: Call) -> PaymentAnswer:
    """Give a pending payment up; repeated: the same answer.  Paid all the same, it is credited."""
    status, found = await payments.cancel(call.services.db, call.user_id, call.path("payment_id"))
    if status != "ok" or found is None:
        raise GameError(ErrorCode(status))
    call.services.stars.publish_payment(found)
    return PaymentAnswer(payment_view(found))


def _ordered(ordered: Ordered) -> PaymentAnswer | bytes:
    """The payment, or the stored response to an earlier send."""
    if ordered.response is not None:
        return ordered.response
    assert ordered.payment is not None
    return PaymentAnswer(payment_view(ordered.payment))


ENDPOINTS = [
    Endpoint(
        method="POST",
        path=f"{PATH}/stars",
        handler=pay_stars,
        lasting=ORDERS,
        summary="Order Telegram Stars; the answer has the link to pay them",
        body=PayStars,
        answer=PaymentAnswer,
        idempotent=True,
        codes=(ErrorCode.CONFLICT, ErrorCode.LIMIT_REACHED, ErrorCode.TELEGRAM_NEEDED),
    ),
    Endpoint(
        method="POST",
        path=f"{PATH}/ton",
        handler=pay_ton,
        lasting=ORDERS,
        summary="Order Stars for TON; the answer says what to send where",
        body=PayTon,
        answer=PaymentAnswer,
        idempotent=True,
        codes=(ErrorCode.CONFLICT,),
    ),
    Endpoint(
        method="GET",
        path=PATH,
        handler=list_payments,
        summary="The caller's payments of every method, newest first",
        answer=Payments,
        query=_PAGING.query,
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/{{payment_id}}",
        handler=payment,
        summary="One of the caller's payments",
        answer=PaymentAnswer,
        codes=(ErrorCode.NOT_FOUND,),
    ),
    Endpoint(
        method="POST",
        path=f"{PATH}/{{payment_id}}/cancel",
        handler=cancel_payment,
        summary="Give a pending payment up",
        body=Nothing,
        body_optional=True,
        answer=PaymentAnswer,
        codes=(ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
    ),
]
