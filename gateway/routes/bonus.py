"""/bonus: look at, start and cancel the bonus run.  Taps come over the WebSocket."""

from gateway.rate_limits import BONUS_RUNS
from gateway.rest.endpoint import Call, Endpoint
from gateway.schemas.bonus import bonus_view
from gateway.schemas.rest import BonusAnswer, Nothing
from persistence.errors import ErrorCode

PATH = "/api/v1/bonus"


async def bonus(call: Call) -> BonusAnswer:
    run = await call.services.bonus.look(call.user_id)
    return BonusAnswer(None if run is None else bonus_view(run))


async def start_bonus(call: Call) -> BonusAnswer:
    """Start a run; while one runs, that one."""
    return BonusAnswer(bonus_view(await call.services.bonus.start(call.user_id)))


async def cancel_bonus(call: Call) -> BonusAnswer:
    """Cancel the run; repeated: the same answer."""
    return BonusAnswer(bonus_view(await call.services.bonus.cancel(call.user_id)))


ENDPOINTS = [
    Endpoint(method="GET", path=PATH, handler=bonus, summary="The latest bonus run, if any", answer=BonusAnswer),
    Endpoint(
        method="POST",
        path=PATH,
        handler=start_bonus,
        lasting=BONUS_RUNS,
        summary="Start the bonus run, once an account until its goal is reached",
        body=Nothing,
        body_optional=True,
        answer=BonusAnswer,
        codes=(ErrorCode.CONFLICT,),
    ),
    Endpoint(
        method="DELETE",
        path=PATH,
        handler=cancel_bonus,
        summary="Cancel the bonus run",
        answer=BonusAnswer,
        codes=(ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
    ),
]
