"""/leaderboard: who has won most today, this week and of all time, and the caller's own place."""

from collections.abc import Mapping
from typing import Final

from gateway.errors import invalid
from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.leaderboard import Leaderboard
from persistence.leaderboards import PERIODS, Period

_PERIODS: Final[Mapping[str, Period]] = {period: period for period in PERIODS}


async def leaderboard(call: Call) -> Leaderboard:
    period = _PERIODS.get(call.query.get("period", "today"))
    if period is None:
        raise invalid("period", f"must be one of {', '.join(PERIODS)}")
    return await call.services.leaderboards.read(period, call.user_id)


ENDPOINTS = [
    Endpoint(
        method="GET",
        path="/api/v1/leaderboard",
        handler=leaderboard,
        summary="The ten who won most, and the caller's own place",
        answer=Leaderboard,
        query={"period": "today (UTC), week (from Monday) or all; today by default"},
    )
]
