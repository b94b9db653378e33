"""What a gateway observes of a player beyond the frames, for the signals after a game.

Owns where sockets come from (keyed hashes only: nothing but equality inside one room can be learnt of them), and notes
who held frames back (`absences` says who did).  An observation is sent without waiting and may be lost; none of them
refuses or delays anything.
"""

from hashlib import blake2b, sha256
from typing import Final

from gateway.live.socket import Origin, Socket
from gateway.ws.connection import Visitor
from persistence.redis.store import RedisStore

_DIGEST_BYTES: Final = 8


class Observations:
    """The observations of this gateway's sockets.  `secret` is the same on all gateways."""

    def __init__(self, live: RedisStore, secret: str) -> None:
        self._live = live
        self._key = sha256(b"chance-tap observations\0" + secret.encode()).digest()

    def origin(self, visitor: Visitor) -> Origin:
        return Origin(self._hash(visitor.address.encode()), self._hash(visitor.user_agent.encode()))

    def entered(self, socket: Socket, room_id: str) -> None:
        """A player follows a room: observe from where."""
        room = room_id.encode()
        value = f"{self._hash(room + socket.origin.network).hex()}.{self._hash(room + socket.origin.device).hex()}"
        self._live.rooms.observe(room_id, socket.user_id or "", "from", value)

    def held(self, room_id: str, user_id: str) -> None:
        """A frame was held back by its player."""
        self._live.rooms.observe(room_id, user_id, "held", "1")

    def _hash(self, value: bytes) -> bytes:
        return blake2b(value, key=self._key, digest_size=_DIGEST_BYTES).digest()
