"""Who was away: which late frames a network explains, and which were held back.

Owns the marks of late frames, and the pings by which they are told apart.  Decides nothing about taps: how many of an
absence count is the script's.  The gateway's own delays are nobody's absence, so a frame is looked at when it comes,
by a clock that stands still while this process does.

To the server a stall and a player who waits for the others' counts look the same: a stamp that is old.  But what a peer
sends arrives in order.  Players of a running game who fall silent are asked with pings; a frame that comes before the
answer to a ping which was sent after its last tap may have been under way all the time.  So may one that was tapped
before the socket got the whole room: then it comes from a connection before this one, or was lost here.
"""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol

from gateway.live.socket import Socket
from persistence.redis.codes import TapMark
from persistence.redis.store import RedisStore

LATE_MS: Final = 1_500
OLD_MS: Final = 1_000
"""From here on a socket is asked, so that there is a question under way before its frames are late."""
SILENT_MS: Final = 400
TICK_S: Final = 0.1
TICKS_A_ROUND: Final = 2


class PlayedRoom(Protocol):
    """What is needed of a room whose game runs."""

    @property
    def sockets(self) -> Iterable[Socket]:
        """Those that follow it here."""


class Absences:
    """One a gateway; needs the running event loop while a room is watched."""

    __slots__ = ("_live", "_rooms", "_ticks", "_timer", "now_ms", "old_ms")

    def __init__(self, live: RedisStore) -> None:
        self._live = live
        self._rooms: dict[PlayedRoom, None] = {}
        self._ticks = 0
        self._timer: asyncio.TimerHandle | None = None
        self.now_ms = 0  # the server's time at the last tick, while a room is watched
        self.old_ms = 0  # frames with stamps below this are to be judged

    def watch(self, room: PlayedRoom) -> None:
        """The room's game runs."""
        self._rooms[room] = None
        if self._timer is None:
            self._tick()

    def forget(self, room: PlayedRoom) -> None:
        """Nobody plays there any more, or nobody of this gateway."""
        self._rooms.pop(room, None)

    def judge(self, socket: Socket, stamp_ms: int) -> TapMark:
        """What is to be said of a frame that has just come, with a stamp below `old_ms`."""
        if stamp_ms >= self.now_ms - LATE_MS:
            mark = TapMark.NONE
        elif stamp_ms < socket.snapshot_ms or socket.asked_ms > max(socket.answered_ms, stamp_ms):
            mark = TapMark.AWAY
        else:
            mark = TapMark.HELD
        if socket.asked_ms < self.now_ms - SILENT_MS:
            self._ask(socket)
        return mark

    def answered(self, socket: Socket, payload: bytes) -> None:
        """A pong came."""
        if payload.isdigit() and socket.answered_ms < int(payload) <= socket.asked_ms:
            socket.answered_ms = int(payload)

    def stop(self) -> None:
        self._rooms.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ask(self, socket: Socket) -> None:
        socket.asked_ms = self.now_ms
        socket.edge.ping(b"%d" % self.now_ms)

    def _tick(self) -> None:
        self.now_ms = self._live.now_ms()
        self.old_ms = self.now_ms - OLD_MS
        self._ticks += 1
        if self._ticks % TICKS_A_ROUND == 0:
            # Asked again while an answer is missing: only a ping that is younger than a tap says something of it.
            before = self.now_ms - SILENT_MS
            for room in self._rooms:
                for socket in room.sockets:
                    if socket.heard_ms < before and socket.asked_ms < before and not socket.organizes:
                        self._ask(socket)
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick) if self._rooms else None
