"""Payments of players: bodies and answers."""

from typing import Annotated, Literal

import msgspec

from gateway.schemas.fields import Claimed, Count, Moment, Stars
from persistence.postgres import payments
from persistence.ton.messages import body_of_comment
from persistence.vocabulary import PaymentState


class PayStars(Claimed, kw_only=True):
    """POST /payments/stars: how many Stars to pay in; the bounds are settings."""

    stars: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class PayTon(Claimed, kw_only=True):
    """POST /payments/ton: how many Stars to pay TON for; the bounds are settings."""

    stars: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class TonQuote(msgspec.Struct):
    """What to send: `nanoton` billionths of a TON to `address`, `memo` as the comment; `rate` is nanoton a Star.
    `payload` is the body of a message with that comment (a BoC in base64), as TON Connect wants it."""

    address: str
    nanoton: Count
    memo: str
    payload: str
    rate: Count
    network: str


class Payment(msgspec.Struct):
    """A payment into the caller's balance.  One that was cancelled or expired is credited all the same if it arrives.
    `review`: something arrived that an operator looks at; `credited`: Stars the balance got of it."""

    payment_id: str
    method: Literal["stars", "ton"]
    state: PaymentState
    stars: Stars
    created_ms: Moment
    expires_ms: Moment
    paid_ms: Moment | None
    invoice_link: str | None
    ton: TonQuote | None
    credited: Stars


class PaymentAnswer(msgspec.Struct):
    """Answer of everything that shows one payment."""

    payment: Payment


class Payments(msgspec.Struct):
    """GET /payments, newest first; `next_cursor` is null on the last page."""

    payments: list[Payment]
    next_cursor: str | None


def payment_view(payment: payments.Payment) -> Payment:
    """The payment as its owner may see it."""
    ton = None
    if payment.method == "ton":
        assert payment.ton_address is not None
        assert payment.ton_nanoton is not None
        assert payment.ton_memo is not None
        assert payment.ton_rate is not None
        assert payment.ton_network is not None
        ton = TonQuote(
            address=payment.ton_address,
            nanoton=payment.ton_nanoton,
            memo=payment.ton_memo,
            payload=body_of_comment(payment.ton_memo),
            rate=payment.ton_rate,
            network=payment.ton_network,
        )
    return Payment(
        payment_id=payment.payment_id,
        method=payment.method,
        state=payment.state,
        stars=payment.stars,
        created_ms=payment.created_ms,
        expires_ms=payment.expires_ms,
        paid_ms=payment.paid_ms,
        invoice_link=payment.invoice_link,
        ton=ton,
        credited=payment.credited,
    )
