"""Reactions: an emoji from one in a room to another, shown to everybody there.

Owns the choice of the emoji and how many a player may send; the room's script knows who is in the room and whether it
still waits.  Nothing depends on a reaction: one that is lost is gone.
"""

import random
from typing import Final

from gateway.live.context import Context
from gateway.live.socket import Socket
from gateway.rate_limits import Rate
from gateway.schemas.messages import Reaction
from persistence.errors import ErrorCode, RateLimited, StoreUnavailable

EMOJI: Final = ("👍", "🔥", "😂", "🎉", "❤️", "👏", "😮", "💪", "😎", "🚀", "🤝", "🍀")
PER_S: Final = 3.0
BURST: Final = 6


class Reactions:
    """The reactions that this gateway's sockets send."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rate = Rate(per_s=PER_S, burst=BURST)

    def take(self, socket: Socket, frame: Reaction) -> None:
        """Pass one on to the room that the socket follows, or refuse it."""
        try:
            self._rate.take(socket.user_id or "")
        except RateLimited as error:
            socket.refuse(error.code, "reaction")
            return
        if socket.room_id is None:
            socket.refuse(ErrorCode.NOT_FOUND, "reaction")
            return
        self._context.spawn(self._send(socket, socket.room_id, frame.to))

    async def _send(self, socket: Socket, room_id: str, to: str) -> None:
        emoji = random.choice(EMOJI)  # noqa: S311 - no secret
        try:
            code = await self._context.live.rooms.react(room_id, socket.user_id or "", to, emoji)
        except StoreUnavailable as error:
            code = error.code.value
        if code != "ok":
            socket.refuse(ErrorCode(code), "reaction")
