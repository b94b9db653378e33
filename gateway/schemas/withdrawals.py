"""Withdrawals of players: body and answers."""

from typing import Annotated, Literal

import msgspec

from gateway.schemas.fields import Claimed, Count, Moment, Stars
from persistence.postgres import withdrawals


class Withdraw(Claimed, kw_only=True):
    """POST /withdrawals: `months` only for Premium, whose price in Stars is Telegram's; the bounds are settings."""

    stars: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    method: Literal["ton", "premium"]
    months: Literal[3, 6, 12] | None = None


class TonPayout(msgspec.Struct):
    """`nanoton` billionths of a TON to `address`; `rate` is nanoton a Star, `transaction` the hash once it is sent."""

    address: str
    network: str
    nanoton: Count
    rate: Count
    transaction: str | None


class Withdrawal(msgspec.Struct):
    """A withdrawal of the caller.  `held` until `hold_until_ms`; `approval`: an operator has to decide; `returned`: the
    Stars are back on the balance."""

    withdrawal_id: str
    method: Literal["ton", "premium"]
    state: Literal["held", "approval", "sending", "sent", "returned"]
    stars: Stars
    months: int | None
    ton: TonPayout | None
    requested_ms: Moment
    hold_until_ms: Moment
    closed_ms: Moment | None


class WithdrawalAnswer(msgspec.Struct):
    """Answer of POST /withdrawals."""

    withdrawal: Withdrawal


class Withdrawals(msgspec.Struct):
    """GET /withdrawals, newest first; `next_cursor` is null on the last page."""

    withdrawals: list[Withdrawal]
    next_cursor: str | None


def withdrawal_view(found: withdrawals.Withdrawal) -> Withdrawal:
    """The withdrawal as its owner may see it."""
    ton = None
    if found.method == "ton":
        assert found.address is not None
        assert found.network is not None
        assert found.nanoton is not None
        assert found.rate is not None
        ton = TonPayout(found.address, found.network, found.nanoton, found.rate, found.reference)
    return Withdrawal(
        withdrawal_id=found.withdrawal_id,
        method=found.method,
        state=found.state,
        stars=found.stars,
        months=found.months,
        ton=ton,
        requested_ms=found.requested_ms,
        hold_until_ms=found.hold_until_ms,
        closed_ms=found.closed_ms,
    )
