"""The tap path of one room: frames in, one script call per 100 ms out.

Owns the frames that wait for the room's slot.  Never judges a frame (the script applies every rule to each one), never
awaits, and has at most one batch in flight: while Redis is slow frames wait, and above a bound are refused.

Owns their order too.  After a loss every client gets a snapshot and sends again what it lacks; a later frame that was
applied before those would make them duplicates, and their taps would be lost.  So numbered frames are passed over until
there is a snapshot, and then held until the one comes that the snapshot asked for: those too that had come before the
loss was seen, and waited here for their slot.
"""

import asyncio
from functools import partial
from operator import attrgetter
from typing import Final, Protocol

from gateway.live import metrics
from gateway.live.context import Context
from gateway.live.socket import Socket
from gateway.schemas.messages import Taps
from persistence.errors import ErrorCode
from persistence.redis.codes import TapFrame, TapMark, TapStatus

# Frames of about 6 s, which is what comes at once after an outage that a game survives; who sends more than that is
# not served faster by waiting longer.
MAX_WAITING_A_CLIENT: Final = 40
MAX_BATCH: Final = 500
# How long the frame that a snapshot asked for may take: a slow round trip.  Who has it no more goes on then.
AWAITED_S: Final = 1.5
LAST_S: Final = 0.5  # of the second in which a room that is over still takes what was tapped before
_seq: Final = attrgetter("seq")


class TappedRoom(Protocol):
    """What the buffer needs of its room."""

    @property
    def id(self) -> str: ...

    @property
    def origin(self) -> str | None:
        """Of the server that the last snapshot came from."""

    @property
    def size(self) -> int:
        """How many sockets follow it here."""

    def due_s(self) -> float | None:
        """Seconds until its next deadline."""

    def resync(self) -> None:
        """Give every socket a new snapshot."""


class TapBuffer:
    """Frames of one room on this gateway."""

    __slots__ = (
        "_absences",
        "_context",
        "_early",
        "_frames",
        "_in_flight",
        "_room",
        "_sent",
        "_slot",
        "_sockets",
        "answered",
    )

    def __init__(self, context: Context, room: TappedRoom, slot: int) -> None:
        self._context = context
        self._absences = context.absences
        self._room = room
        self._slot = slot
        self._frames: list[TapFrame] = []
        self._sockets: list[Socket] = []
        self._early: dict[Socket, list[TapFrame]] = {}
        self._in_flight = False
        self._sent = 0
        self.answered = 0  # batches that came back, counted or not

    @property
    def newest(self) -> int:
        """The batch that the latest frame belongs to: that frame is dealt with once `answered` reaches it."""
        return self._sent - (-len(self._frames) // MAX_BATCH)

    def take(self, socket: Socket, frame: Taps) -> None:
        """Keep a frame for the room's next slot."""
        seq, stamp_ms, absences = frame.seq, frame.timestamp, self._absences
        socket.heard_ms = absences.now_ms
        mark = TapMark.NONE if stamp_ms >= absences.old_ms else self._judge(socket, frame)
        self._keep(socket, TapFrame(frame.user_id, frame.count, stamp_ms, -1 if seq is None else seq, mark))

    def _judge(self, socket: Socket, frame: Taps) -> TapMark:
        mark = self._absences.judge(socket, frame.timestamp)
        if mark is TapMark.HELD:
            self._context.observations.held(self._room.id, frame.user_id)
        return mark

    def _keep(self, socket: Socket, frame: TapFrame) -> None:
        if socket.awaited and frame.seq >= 0 and self._is_early(socket, frame):
            return
        frames = self._frames
        if not frames:
            self._context.busy.add(self)
            if not self._in_flight:
                self._context.ring.at(self._slot, self._flush)
        elif len(frames) >= MAX_WAITING_A_CLIENT and len(frames) >= MAX_WAITING_A_CLIENT * self._room.size:
            socket.refuse(ErrorCode.TEMPORARILY_UNAVAILABLE, "taps", None if frame.seq < 0 else frame.seq)
            return
        frames.append(frame)
        self._sockets.append(socket)

    def resync(self) -> None:
        """Everybody gets a snapshot without having asked, and it may ask for earlier frames than the last one."""
        self._early.clear()

    def order(self) -> None:
        """Snapshots ask for frames: what waits here is kept only behind those."""
        waiting = list(zip(self._frames, self._sockets, strict=True))
        self._frames, self._sockets = [], []
        for frame, socket in waiting:
            self._keep(socket, frame)

    def _is_early(self, socket: Socket, frame: TapFrame) -> bool:
        """Whether frames are to come before this one.  One without a number is never sent again and so never early."""
        if socket.awaited < 0:
            return True  # the snapshot will ask for it
        if frame.seq <= socket.awaited:
            socket.awaited = 0
            self._early.pop(socket, None)  # they come again behind this one
            return False
        held = self._early.get(socket)
        if held is None:
            self._early[socket] = [frame]
            asyncio.get_running_loop().call_later(self._patience_s(), self._go_on, socket, self._early[socket])
        elif len(held) < MAX_WAITING_A_CLIENT:
            held.append(frame)
        return True

    def _patience_s(self) -> float:
        """No longer than what was held can count: the room's deadline leaves a second for what is under way."""
        due_s = self._room.due_s()
        return AWAITED_S if due_s is None else min(AWAITED_S, due_s + LAST_S)

    def _go_on(self, socket: Socket, held: list[TapFrame]) -> None:
        """The socket has not got any more what the snapshot asked for: the rest counts."""
        if self._early.get(socket) is held:
            del self._early[socket]
            socket.awaited = 0
            for frame in sorted(held, key=_seq):
                self._keep(socket, frame)

    def _flush(self) -> None:
        if self._in_flight:
            return
        if not self._frames:
            self._context.busy.discard(self)
            return
        frames, self._frames = self._frames[:MAX_BATCH], self._frames[MAX_BATCH:]
        sockets, self._sockets = self._sockets[:MAX_BATCH], self._sockets[MAX_BATCH:]
        self._in_flight = True
        self._sent += 1
        metrics.tap_frames.inc(len(frames))
        done = partial(self._done, frames, sockets)
        self._context.live.rooms.tap_batch(self._room.id, frames, done, self._room.origin)

    def _done(self, frames: list[TapFrame], sockets: list[Socket], statuses: list[int] | Exception) -> None:
        self._in_flight = False
        self.answered += 1
        if isinstance(statuses, Exception):
            self._forget_numbered()
        if self._frames:
            self._context.ring.at(self._slot, self._flush)
        else:
            self._context.busy.discard(self)
        if isinstance(statuses, Exception):
            # Whether they counted is unknown: the `seq` of a snapshot says to each player which frames to send again.
            self._room.resync()
            return
        if max(statuses) <= TapStatus.DUPLICATE:
            return
        for frame, socket, status in zip(frames, sockets, statuses, strict=True):
            error = TapStatus(status).error
            if error is not None:
                socket.refuse(error, "taps", None if frame.seq < 0 else frame.seq)

    def _forget_numbered(self) -> None:
        """Those that wait come again behind those that were lost."""
        self._early.clear()
        kept = [(frame, socket) for frame, socket in zip(self._frames, self._sockets, strict=True) if frame.seq < 0]
        self._frames = [frame for frame, _ in kept]
        self._sockets = [socket for _, socket in kept]
