"""The one family of expected refusals.

Owns the stable error codes of the protocol.  Scripts and SQL functions answer with the same words, so there is no
mapping table between the stores and the wire; HTTP statuses and texts for players live in `gateway/errors.py`.
"""

from enum import StrEnum
from typing import Any, Final


class ErrorCode(StrEnum):
    """Every code that a client may meet, in REST bodies and WebSocket `error` frames."""

    INVALID_REQUEST = "invalid_request"
    INVALID_JSON = "invalid_json"
    UNAUTHORIZED = "unauthorized"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a code, no secret
    INIT_DATA_INVALID = "init_data_invalid"
    INIT_DATA_EXPIRED = "init_data_expired"
    BAD_CREDENTIALS = "bad_credentials"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    FORBIDDEN = "forbidden"
    BANNED = "banned"
    LIMIT_REACHED = "limit_reached"
    TELEGRAM_NEEDED = "telegram_needed"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    ALREADY_IN_ROOM = "already_in_room"
    ROOM_FULL = "room_full"
    ROOM_CLOSED = "room_closed"
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch"
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    RATE_LIMITED = "rate_limited"
    CLOCK = "clock"
    INTERNAL = "internal"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"


TOKEN_PAUSE_S: Final = 60.0
"""How long what a bot's refused token keeps from being done is left alone."""


class GameError(Exception):
    """A refusal that the caller can act on.  `details` must be JSON-serialisable and hold no secrets."""

    def __init__(self, code: ErrorCode, details: dict[str, Any] | None = None) -> None:
        super().__init__(code.value)
        self.code = code
        self.details = details


class RateLimited(GameError):
    """Too much at once; `retry_after_s` says when the next request would pass."""

    def __init__(self, retry_after_s: float, details: dict[str, Any] | None = None) -> None:
        super().__init__(ErrorCode.RATE_LIMITED, details)
        self.retry_after_s = retry_after_s


class StoreUnavailable(GameError):
    """Redis or Postgres did not answer; whether the command took effect is unknown unless the caller knows better."""

    def __init__(self, store: str) -> None:
        super().__init__(ErrorCode.TEMPORARILY_UNAVAILABLE)
        self.store = store


class WritesRefused(StoreUnavailable):
    """The store answers and cannot write: it is full, read-only, or without the replicas that it wants.  Nothing took
    effect."""

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(store)
        self.reason = reason


class TelegramUnavailable(StoreUnavailable):
    """Telegram did not answer, or wants to be left alone for `retry_after_s`: whether it did what it was asked is
    unknown, except after flood control (then it did not)."""

    def __init__(self, problem: str, retry_after_s: float | None = None) -> None:
        super().__init__("telegram")
        self.problem = problem
        self.retry_after_s = retry_after_s


class TelegramUnreadable(TelegramUnavailable):
    """Something answered, and it cannot be read.  `done`: it says at least that Telegram did what it was asked."""

    def __init__(self, problem: str, answer: str, *, done: bool) -> None:
        super().__init__(problem)
        self.answer = answer
        self.done = done


class TelegramRefused(Exception):
    """Telegram understood and said no; asked again it says the same.  `reason` is its own word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TokenRefused(TelegramUnavailable):
    """Telegram knows no bot with this token: nothing that it is asked is done, until an operator sets another one."""

    def __init__(self, reason: str) -> None:
        super().__init__("token refused", TOKEN_PAUSE_S)
        self.args = (reason,)
        self.reason = reason
