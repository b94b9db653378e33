"""The one place where refusals become HTTP: code -> status, `{code, message, details?}`, Retry-After.

WebSocket error frames use `error_text` of `gateway.texts` with the same codes.  A refusal is never logged as an
error; an exception that is not a refusal is logged with its traceback, and the client learns only `internal`.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

from gateway.schemas.fields import Language
from gateway.schemas.rest import ErrorBody
from gateway.texts import error_text
from persistence.errors import ErrorCode, GameError, RateLimited

STATUS: Final[Mapping[ErrorCode, int]] = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.INVALID_JSON: 400,
    ErrorCode.CLOCK: 400,
    ErrorCode.UNAUTHORIZED: 401,
    ErrorCode.TOKEN_EXPIRED: 401,
    ErrorCode.INIT_DATA_INVALID: 401,
    ErrorCode.INIT_DATA_EXPIRED: 401,
    ErrorCode.BAD_CREDENTIALS: 401,
    ErrorCode.INSUFFICIENT_BALANCE: 402,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.BANNED: 403,
    ErrorCode.LIMIT_REACHED: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.ALREADY_IN_ROOM: 409,
    ErrorCode.ROOM_FULL: 409,
    ErrorCode.ROOM_CLOSED: 409,
    ErrorCode.IDEMPOTENCY_MISMATCH: 409,
    ErrorCode.IDEMPOTENCY_IN_PROGRESS: 409,
    ErrorCode.CONFLICT: 409,
    ErrorCode.TELEGRAM_NEEDED: 409,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.INTERNAL: 500,
    ErrorCode.TEMPORARILY_UNAVAILABLE: 503,
}

_RETRY_AFTER_S: Final[Mapping[ErrorCode, int]] = {ErrorCode.RATE_LIMITED: 1, ErrorCode.TEMPORARILY_UNAVAILABLE: 2}
_encode = msgspec.json.Encoder().encode


def json_response(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that no cache may keep."""
    response = Response(body, status, media_type="application/json")
    response.headers["cache-control"] = "no-store"
    response.headers["x-content-type-options"] = "nosniff"  # also where nothing outside adds it: a bug's answer
    if headers:
        response.headers.update(headers)
    return response


def error_response(error: GameError, language: Language, headers: Mapping[str, str] | None = None) -> Response:
    """The HTTP form of a refusal, in the reader's language."""
    code = error.code
    all_headers = dict(headers or {})
    if isinstance(error, RateLimited):
        all_headers["retry-after"] = str(max(1, int(error.retry_after_s + 0.999)))
    elif code in _RETRY_AFTER_S:
        all_headers["retry-after"] = str(_RETRY_AFTER_S[code])
    if STATUS[code] == 401:
        all_headers["www-authenticate"] = "Bearer"
    body = ErrorBody(
        code=code.value,
        message=error_text(code, language),
        details=msgspec.UNSET if error.details is None else error.details,
    )
    return json_response(_encode(body), STATUS[code], all_headers)


def invalid(field: str, problem: str) -> GameError:
    """An `invalid_request` about one field."""
    return GameError(ErrorCode.INVALID_REQUEST, {"fields": [{"field": field, "problem": problem}]})
