"""What a gateway observes of a player beyond the frames, for the signals after a game.

Owns where sockets come from (keyed hashes only: nothing but equality inside one room can be learnt of them) and who
holds frames back.  An observation is sent without waiting and may be lost; none of them refuses or delays anything.

Late frames alone prove nothing: networks stall.  But what a peer sends arrives in order.  So when frames come late the
socket is asked with pings; a frame that is older than a question that was answered before it came was held back.
"""

import asyncio
from collections.abc import Sequence
from hashlib import blake2b, sha256
from typing import Final

from gateway.live.socket import Origin, Socket
from gateway.ws.connection import Visitor
from persistence.redis.codes import TapFrame
from persistence.redis.store import RedisStore

LATE_MS: Final = 1_500
ANSWERED_MS: Final = 1_000
"""A question asked this long after a tap was asked well after its frame was due."""
ASK_EVERY_S: Final = 1.03
ASK_FOR_MS: Final = 15_000
_DIGEST_BYTES: Final = 8


class Asked:
    """What is known of a socket that sent late frames.  Milliseconds of the server's time."""

    __slots__ = ("answered_ms", "asked_ms", "until_ms")

    def __init__(self) -> None:
        self.asked_ms = 0  # the question that waits for its answer; 0: none
        self.answered_ms = 0  # when the latest answered question was asked
        self.until_ms = 0


class Observations:
    """The observations of this gateway's sockets.  `secret` is the same on all gateways."""

    def __init__(self, live: RedisStore, secret: str) -> None:
        self._live = live
        self._key = sha256(b"chance-tap observations\0" + secret.encode()).digest()
        self._asking: dict[Socket, Asked] = {}
        self._timer: asyncio.TimerHandle | None = None

    def origin(self, visitor: Visitor) -> Origin:
        return Origin(self._hash(visitor.address.encode()), self._hash(visitor.user_agent.encode()))

    def entered(self, socket: Socket, room_id: str) -> None:
        """A player follows a room: observe from where."""
        room = room_id.encode()
        value = f"{self._hash(room + socket.origin.network).hex()}.{self._hash(room + socket.origin.device).hex()}"
        self._live.rooms.observe(room_id, socket.user_id or "", "from", value)

    def late(self, room_id: str, frames: Sequence[TapFrame], sockets: Sequence[Socket], now_ms: int) -> None:
        """Some of these frames are over LATE_MS old."""
        for frame, socket in zip(frames, sockets, strict=True):
            # What was tapped before the last snapshot may rightly be sent again after it.
            if frame.timestamp >= now_ms - LATE_MS or frame.timestamp <= socket.snapshot_ms or socket.is_closing:
                continue
            asked = self._asking.get(socket)
            if asked is None:
                asked = self._asking[socket] = Asked()
            asked.until_ms = now_ms + ASK_FOR_MS
            if asked.answered_ms >= frame.timestamp + ANSWERED_MS:
                self._live.rooms.observe(room_id, frame.user_id, "held", "1")
        if self._asking and self._timer is None:
            self._ask()

    def answered(self, socket: Socket, payload: bytes) -> None:
        """A pong came."""
        asked = self._asking.get(socket)
        if asked is not None and asked.asked_ms and payload == b"%d" % asked.asked_ms:
            asked.answered_ms, asked.asked_ms = asked.asked_ms, 0

    def forget(self, socket: Socket) -> None:
        """The socket is gone."""
        self._asking.pop(socket, None)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ask(self) -> None:
        now_ms = self._live.now_ms()
        for socket, asked in list(self._asking.items()):
            if asked.until_ms < now_ms:
                del self._asking[socket]
            elif not asked.asked_ms:
                asked.asked_ms = now_ms
                socket.edge.ping(b"%d" % now_ms)
        self._timer = asyncio.get_running_loop().call_later(ASK_EVERY_S, self._ask) if self._asking else None

    def _hash(self, value: bytes) -> bytes:
        return blake2b(value, key=self._key, digest_size=_DIGEST_BYTES).digest()
