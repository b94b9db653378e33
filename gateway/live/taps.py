"""The tap path of one room: frames in, one script call per 100 ms out.

Owns the frames that wait for the room's slot.  Never looks into a frame (the script applies every rule to each one),
never awaits, and has at most one batch on its way: while Redis is slow frames wait, and above a bound are refused.
"""

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from gateway.live.notes import LATE_MS
from gateway.schemas.messages import Taps
from persistence.errors import ErrorCode
from persistence.redis.codes import TapFrame, TapStatus

if TYPE_CHECKING:
    from gateway.live.client import Client
    from gateway.live.hub import Hub
    from gateway.live.room import Room

# A full room's frames of about 5 s; who sends more than that is not served faster by waiting longer.
MAX_WAITING: Final = 300
PROMPT_S: Final = 0.3
_stamp: Final = attrgetter("timestamp")


class TapBuffer:
    """Frames of one room on this gateway."""

    __slots__ = ("_clients", "_frames", "_hub", "_in_flight", "_room", "_sent", "_since", "_slot", "answered")

    def __init__(self, hub: "Hub", room: "Room", slot: int) -> None:
        self._hub = hub
        self._room = room
        self._slot = slot
        self._frames: list[TapFrame] = []
        self._clients: list[Client] = []
        self._in_flight = False
        self._sent = 0
        self._since = 0.0  # when the first of the frames came
        self.answered = 0  # batches that came back, counted or not

    @property
    def newest(self) -> int:
        """The batch that the latest frame belongs to: that frame is dealt with once `answered` reaches it."""
        return self._sent + 1 if self._frames else self._sent

    def take(self, client: "Client", frame: Taps) -> None:
        """Keep a frame for the room's next slot."""
        frames = self._frames
        if not frames:
            self._hub.busy.add(self)
            self._since = self._hub.clock()
            if not self._in_flight:
                self._hub.ring.at(self._slot, self._flush)
        elif len(frames) >= MAX_WAITING:
            client.refuse(ErrorCode.TEMPORARILY_UNAVAILABLE, "taps", frame.seq)
            return
        seq = frame.seq
        frames.append(TapFrame(frame.user_id, frame.count, frame.timestamp, -1 if seq is None else seq))
        self._clients.append(client)

    def _flush(self) -> None:
        frames, self._frames = self._frames, []
        clients, self._clients = self._clients, []
        self._in_flight = True
        self._sent += 1
        self._hub.count_taps(len(frames))
        now_ms = self._hub.live.now_ms()
        # Frames that had to wait here, for a slow Redis, say nothing of who sent them.
        if min(map(_stamp, frames)) < now_ms - LATE_MS and self._hub.clock() - self._since < PROMPT_S:
            self._hub.notes.late(self._room.id, frames, clients, now_ms)
        self._hub.live.rooms.tap_batch(self._room.id, frames, partial(self._done, frames, clients))

    def _done(self, frames: list[TapFrame], clients: "list[Client]", statuses: list[int] | Exception) -> None:
        self._in_flight = False
        self.answered += 1
        if self._frames:
            self._hub.ring.at(self._slot, self._flush)
        else:
            self._hub.busy.discard(self)
        if isinstance(statuses, Exception):
            # Whether they counted is unknown: a snapshot tells each player by its `seq` which frames to send again.
            self._room.resync()
            return
        if max(statuses) <= TapStatus.DUPLICATE:
            return
        for frame, client, status in zip(frames, clients, statuses, strict=True):
            error = TapStatus(status).error
            if error is not None:
                client.refuse(error, "taps", None if frame.seq < 0 else frame.seq)
