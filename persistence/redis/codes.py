"""What became of a taps frame: the numbers that `tap_batch` answers.  lua/includes/codes.lua holds the same ones."""

from enum import IntEnum
from typing import NamedTuple

from persistence.errors import ErrorCode


class TapStatus(IntEnum):
    """One frame's fate.  Only OK counted; DUPLICATE had counted before."""

    OK = 1
    DUPLICATE = 2
    CONFLICT = 3
    CLOCK = 4
    RATE_LIMITED = 5
    BLOCKED = 6
    FORBIDDEN = 7
    ROOM_CLOSED = 8
    INVALID_REQUEST = 9
    NOT_FOUND = 10
    HELD = 11

    @property
    def error(self) -> ErrorCode | None:
        """The code for the client; None where there is nothing to refuse."""
        return _ERRORS[self]


_ERRORS: dict[TapStatus, ErrorCode | None] = {
    TapStatus.OK: None,
    TapStatus.DUPLICATE: None,
    TapStatus.CONFLICT: ErrorCode.CONFLICT,
    TapStatus.CLOCK: ErrorCode.CLOCK,
    TapStatus.RATE_LIMITED: ErrorCode.RATE_LIMITED,
    TapStatus.BLOCKED: ErrorCode.FORBIDDEN,
    TapStatus.FORBIDDEN: ErrorCode.FORBIDDEN,
    TapStatus.ROOM_CLOSED: ErrorCode.ROOM_CLOSED,
    TapStatus.INVALID_REQUEST: ErrorCode.INVALID_REQUEST,
    TapStatus.NOT_FOUND: ErrorCode.NOT_FOUND,
    TapStatus.HELD: ErrorCode.CLOCK,
}


class TapMark(IntEnum):
    """What a gateway says of a frame: late ones came from an absence, or were held back by one who answered."""

    NONE = 0
    AWAY = 1
    HELD = 2


class TapFrame(NamedTuple):
    """One frame as `tap_batch` takes it; `seq` is -1 when the client sent none."""

    user_id: str
    taps: int
    timestamp: int
    seq: int = -1
    mark: int = TapMark.NONE
