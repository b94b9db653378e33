"""Reactions: an emoji from one in a room to another, shown to everybody there.

Owns the choice of the emoji and how many a player may send; the room's script knows who is in the room and whether it
still waits.  Nothing depends on a reaction: one that is lost is gone.
"""

import random
from typing import TYPE_CHECKING, Final

from gateway.errors import RateLimited
from gateway.rate_limits import Rate
from gateway.schemas.messages import Reaction
from persistence.errors import ErrorCode, StoreUnavailable

if TYPE_CHECKING:
    from gateway.live.client import Client
    from gateway.live.hub import Hub

EMOJI: Final = ("👍", "🔥", "😂", "🎉", "❤️", "👏", "😮", "💪", "😎", "🚀", "🤝", "🍀")
PER_S: Final = 3.0
BURST: Final = 6


class Reactions:
    """The reactions that this gateway's sockets send."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._rate = Rate(per_s=PER_S, burst=BURST)

    def take(self, client: "Client", frame: Reaction) -> None:
        """Pass one on to the client's room, or refuse it."""
        try:
            self._rate.take(client.user_id or "")
        except RateLimited as error:
            client.refuse(error.code, "reaction")
            return
        if client.room is None:
            client.refuse(ErrorCode.NOT_FOUND, "reaction")
            return
        self._hub.spawn(self._send(client, client.room.id, frame.to))

    async def _send(self, client: "Client", room_id: str, to: str) -> None:
        emoji = random.choice(EMOJI)  # noqa: S311 - no secret
        try:
            code = await self._hub.live.rooms.react(room_id, client.user_id or "", to, emoji)
        except StoreUnavailable as error:
            code = error.code.value
        if code != "ok":
            client.refuse(ErrorCode(code), "reaction")
