"""Value ranges that several models share.

Everything that reaches JavaScript stays inside its safe integers; ids are bounded so that no key can be made long.
"""

from typing import Annotated, Final, Literal

import msgspec

SAFE_INTEGER: Final = 2**53 - 1
ROOM_ID_PATTERN: Final = "^[0-3][0-9a-f][0-9a-z]{14}$"
MAX_TAPS_PER_FRAME: Final = 20

Stars = Annotated[int, msgspec.Meta(ge=0, le=SAFE_INTEGER, description="whole Telegram Stars")]
Moment = Annotated[int, msgspec.Meta(ge=0, le=SAFE_INTEGER, description="milliseconds since the epoch, UTC")]
Count = Annotated[int, msgspec.Meta(ge=0, le=SAFE_INTEGER)]
UserId = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
RoomId = Annotated[str, msgspec.Meta(pattern=ROOM_ID_PATTERN, max_length=16)]  # the pattern alone lets a newline by
Language = Literal["ru", "en"]


class Claimed(msgspec.Struct, kw_only=True):
    """Base of whatever a client sends: the two ids it may repeat, which must then equal those of its token."""

    user_id: str | None = None
    telegram_id: str | None = None
