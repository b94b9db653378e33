"""/leaderboard: who has won most today, this week and of all time, and the caller's own place."""

from collections.abc import Mapping
from typing import Final

from gateway.rest.endpoint import Call, Endpoint
from gateway.rest.parameters import Choice
from gateway.schemas.leaderboard import Leaderboard
from persistence.leaderboards import PERIODS, Period

_PERIODS: Final[Mapping[str, Period]] = {period: period for period in PERIODS}


async def leaderboard(call: Call) -> Leaderboard:
    return await call.services.leaderboards.read(_PERIODS[call.query.get("period", "today")], call.user_id)


ENDPOINTS = [
    Endpoint(
        method="GET",
        path="/api/v1/leaderboard",
        handler=leaderboard,
        summary="The ten who won most, and the caller's own place",
        answer=Leaderboard,
        query={"period": Choice("today (UTC), this week (from Monday) or of all time", *PERIODS)},
    )
]
