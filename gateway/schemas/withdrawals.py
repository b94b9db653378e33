"""Withdrawals of players: body and answers."""

from typing import Annotated, Final, Literal

import msgspec

from gateway.schemas.fields import Claimed, Count, Moment, Stars
from persistence.postgres import withdrawals
from persistence.postgres.reviews import OwnReview


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


class Review(msgspec.Struct):
    """Why withdrawals of the caller wait for an operator: a `game` of the caller is under review, `winnings` of `stars`
    came from a player who is (the rest of the balance is free), or a prize was `unjudged` for too long.  Under review
    since `since_ms`, as a rule until `due_ms`; what waits goes on by itself when it is cleared."""

    why: Literal["game", "winnings", "unjudged"]
    stars: Stars
    since_ms: Moment
    due_ms: Moment


class Withdrawal(msgspec.Struct):
    """A withdrawal of the caller.  `held` until `hold_until_ms`; `approval`: it waits, for the end of a `review` or for
    an `operator` to decide about it (`waits_for`); `returned`: the Stars are back on the balance."""

    withdrawal_id: str
    method: Literal["ton", "premium"]
    state: Literal["held", "approval", "sending", "sent", "returned"]
    stars: Stars
    months: int | None
    ton: TonPayout | None
    requested_ms: Moment
    hold_until_ms: Moment
    closed_ms: Moment | None
    waits_for: Literal["review", "operator"] | None


class WithdrawalAnswer(msgspec.Struct):
    """Answer of POST /withdrawals.  `review`: what it will wait for, as far as that is known now."""

    withdrawal: Withdrawal
    review: Review | None


class Withdrawals(msgspec.Struct):
    """GET /withdrawals, newest first; `next_cursor` is null on the last page."""

    withdrawals: list[Withdrawal]
    next_cursor: str | None
    review: Review | None


REVIEW_MS: Final = 72 * 3_600_000
"""So soon an operator looks, as a rule: a word to players and no deadline, since nothing is decided by waiting."""


def review_view(found: OwnReview | None) -> Review | None:
    """What is under review, as its player may see it."""
    return None if found is None else Review(found.why, found.stars, found.since_ms, found.since_ms + REVIEW_MS)


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
        waits_for=None if found.state != "approval" else "review" if found.waits_for == "review" else "operator",
    )
