"""The webhook: what Telegram sends to the bot.  Answers 200 only when the update was dealt with, or never will be."""

import hmac
import math
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.outcome import Outcome
from gateway.errors import error_response
from gateway.rate_limits import ClientGone, read_body
from gateway.services import Services
from gateway.texts import DEFAULT_LANGUAGE
from persistence.errors import ErrorCode, GameError

log = structlog.get_logger(__name__)

PATH: Final = "/telegram/webhook"
MAX_UPDATE_BYTES: Final = 1024 * 1024
_SECRET_HEADER: Final = "x-telegram-bot-api-secret-token"  # noqa: S105 - its name
_ANSWERS: Final = {
    Outcome.HANDLED: 200,
    Outcome.REPEATED: 200,
    Outcome.UNKNOWN: 200,
    Outcome.MALFORMED: 200,
    Outcome.FAILED: 500,
}


async def webhook(request: Request) -> Response:
    """Nothing is read before the secret is right."""
    services: Services = request.app.state.services
    expected = services.settings.telegram_webhook_secret
    given = request.headers.get(_SECRET_HEADER, "")
    if services.updates is None or not hmac.compare_digest(given.encode(), expected.encode()):
        return error_response(GameError(ErrorCode.UNAUTHORIZED), DEFAULT_LANGUAGE)
    try:
        length = request.headers.get("content-length")
        body = await read_body(length.encode() if length else None, request.receive, MAX_UPDATE_BYTES)
    except ClientGone:
        return Response(status_code=499)
    except GameError as error:
        return error_response(error, DEFAULT_LANGUAGE)
    dealt = await services.updates.take_json(body)
    headers = {} if dealt.again_s is None else {"retry-after": str(max(1, math.ceil(dealt.again_s)))}
    return Response(status_code=_ANSWERS[dealt.outcome], headers=headers)


def routes() -> list[Route]:
    return [Route(PATH, webhook, methods=["POST"])]
