"""/withdrawals: taking Stars out, and seeing what became of it."""

from functools import partial
from typing import Final

from gateway.errors import invalid
from gateway.rate_limits import WITHDRAWALS
from gateway.rest import paging
from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.withdrawals import Withdraw, WithdrawalAnswer, Withdrawals, review_view, withdrawal_view
from persistence.errors import ErrorCode
from persistence.payments.withdrawals import PREMIUM_STARS
from persistence.postgres import reviews, withdrawals
from persistence.postgres.withdrawals import Withdrawal

PATH: Final = "/api/v1/withdrawals"
_PAGING: Final[paging.Paging[Withdrawal, int]] = paging.numbered(lambda withdrawal: withdrawal.number)


async def withdraw(call: Call) -> WithdrawalAnswer | bytes:
    """Take Stars from the balance to pay them out."""
    body: Withdraw = call.body
    services = call.services
    settings = services.settings
    if (body.method == "premium") != (body.months is not None):
        raise invalid("months", "must be given for premium, and only there")
    if body.months is not None and body.stars != PREMIUM_STARS[body.months]:
        raise invalid("stars", f"must be {PREMIUM_STARS[body.months]} for {body.months} months")
    if body.method == "ton" and not settings.withdrawal_min_stars <= body.stars <= settings.withdrawal_max_stars:
        raise invalid("stars", f"must be from {settings.withdrawal_min_stars} to {settings.withdrawal_max_stars}")
    services.rates.withdrawal.take(call.claims.user_id)
    requested = await services.withdrawals.request(
        call.user_id, call.idempotency_key, method=body.method, stars=body.stars, months=body.months
    )
    if requested.response is not None:
        return requested.response
    assert requested.withdrawal is not None
    review = await reviews.of_player(services.db, call.user_id)
    return WithdrawalAnswer(withdrawal_view(requested.withdrawal), review_view(review))


async def list_withdrawals(call: Call) -> Withdrawals:
    db = call.services.db
    page = await _PAGING.read(call.query, partial(withdrawals.page, db, call.user_id))
    return Withdrawals(
        withdrawals=[withdrawal_view(each) for each in page.rows],
        next_cursor=page.next_cursor,
        review=review_view(await reviews.of_player(db, call.user_id)),
    )


ENDPOINTS = [
    Endpoint(
        method="POST",
        path=PATH,
        handler=withdraw,
        lasting=WITHDRAWALS,
        summary="Take Stars out: as TON to the linked wallet, or as Telegram Premium",
        body=Withdraw,
        answer=WithdrawalAnswer,
        idempotent=True,
        codes=(
            ErrorCode.INSUFFICIENT_BALANCE,
            ErrorCode.LIMIT_REACHED,
            ErrorCode.CONFLICT,
        ),
    ),
    Endpoint(
        method="GET",
        path=PATH,
        handler=list_withdrawals,
        summary="The caller's withdrawals, newest first",
        answer=Withdrawals,
        query=_PAGING.query,
    ),
]
