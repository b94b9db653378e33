"""/limits: how much a player may stake a day, and times without games, set by the player alone."""

from typing import Final

import msgspec

from gateway.errors import invalid
from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.spending_limits import LimitsAnswer, PutLimits, limits_view
from persistence.postgres import spending_limits

PATH: Final = "/api/v1/limits"
LONGEST_EXCLUSION_MS: Final = 10 * 366 * 86_400_000


async def own_limits(call: Call) -> LimitsAnswer:
    return LimitsAnswer(limits_view(await spending_limits.mine(call.services.db, call.user_id)))


async def put_limits(call: Call) -> LimitsAnswer:
    """Tighter holds at once, looser in 24 hours, shown as pending until then.  Repeated: the wait goes on."""
    body: PutLimits = call.body
    call.services.rates.own_limits.take(call.claims.user_id)
    if body.daily_stars is msgspec.UNSET and body.excluded_until_ms is msgspec.UNSET:
        raise invalid("body", "must hold daily_stars or excluded_until_ms")
    if (body.excluded_until_ms or 0) > call.services.live.now_ms() + LONGEST_EXCLUSION_MS:
        raise invalid("excluded_until_ms", "must be at most ten years ahead")
    await spending_limits.put(
        call.services.db, call.user_id, daily_stars=body.daily_stars, excluded_until_ms=body.excluded_until_ms
    )
    return await own_limits(call)


ENDPOINTS = [
    Endpoint(
        method="GET",
        path=PATH,
        handler=own_limits,
        summary="The caller's daily limit of stakes and exclusion from games",
        answer=LimitsAnswer,
    ),
    Endpoint(
        method="PUT",
        path=PATH,
        handler=put_limits,
        summary="Set either or both; tighter holds at once, looser in 24 hours",
        body=PutLimits,
        answer=LimitsAnswer,
    ),
]
