"""One room as this gateway sees it.

Owns who of this gateway follows the room, up to which version, and the order of what they get: a snapshot of version
v, then only events above v.  Keeps no state of the game: after a gap, another epoch or a lost subscription it reads
the room again, once for all its sockets.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from gateway.live import metrics
from gateway.live.context import Context
from gateway.live.flush_schedule import PERIOD_S, SLOT_S, SLOTS
from gateway.live.progress import Event, EventHead, ProgressEvent, decode_head, encode_frame
from gateway.live.socket import Socket
from gateway.live.taps import TapBuffer
from gateway.schemas.messages import Snapshot
from gateway.schemas.room import room_view
from gateway.ws.frames import text_frame
from persistence.errors import ErrorCode, StoreUnavailable
from persistence.redis.room_state import RoomState

log = structlog.get_logger(__name__)

# Progress of one gateway comes once per period, give or take this much; what comes sooner is another gateway's part.
_JITTER_S: Final = 2 * SLOT_S
_RETRY_S: Final = (0.1, 0.2, 0.5, 1.0)


class Room:
    """Lives from the first socket that wants to enter to the last one that leaves."""

    __slots__ = (
        "_broadcast_version",
        "_context",
        "_deadline",
        "_epoch",
        "_held",
        "_next_s",
        "_on_empty",
        "_recent",
        "_seen",
        "_serving",
        "_slow",
        "_sockets",
        "_ticking",
        "_waiting",
        "_writers",
        "channel",
        "id",
        "origin",
        "taps",
    )

    def __init__(self, context: Context, room_id: str, channel: bytes, on_empty: Callable[["Room"], None]) -> None:
        """`on_empty` is called when nobody follows it any more."""
        self._context = context
        self._on_empty = on_empty
        self.id = room_id
        self.channel = channel
        self.origin: str | None = None  # of the server that the last snapshot came from
        self.taps = TapBuffer(context, self, hash(room_id) % SLOTS)
        self._epoch: str | None = None
        self._seen: int | None = None  # the last version that came through the subscription
        self._sockets: dict[Socket, None] = {}
        self._writers: list[Callable[[bytes], None]] | None = None  # of the sockets that are not in _slow
        self._slow: dict[Socket, int] = {}  # paused, or given a snapshot of this version: looked at one by one
        self._waiting: dict[Socket, None] = {}  # for a snapshot
        self._recent: list[bytes] | None = None  # events that came while a snapshot is being read
        self._held: ProgressEvent | None = None
        self._next_s = 0.0  # when progress may go out again
        self._broadcast_version = 0
        self._serving: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._ticking = False

    @property
    def sockets(self) -> Iterable[Socket]:
        """Those that follow it here and have their snapshot."""
        return self._sockets

    @property
    def is_empty(self) -> bool:
        return not self._sockets and not self._waiting

    @property
    def size(self) -> int:
        """Sockets that follow it here, those included that wait for a snapshot."""
        return len(self._sockets) + len(self._waiting)

    def due_s(self) -> float | None:
        """Seconds until the room's next deadline, where it has one; 0 while it is being moved over one."""
        if self._ticking:
            return 0.0
        return None if self._deadline is None else self._deadline.when() - self._context.clock()

    # Entering and leaving.

    def enter(self, socket: Socket) -> None:
        """Give the socket a snapshot as soon as there is one, and the events after it."""
        self._drop(socket)
        self._waiting[socket] = None
        self._serve_soon()

    def leave(self, socket: Socket) -> None:
        """Forget the socket.  The last one takes the room along."""
        self._drop(socket)
        self._waiting.pop(socket, None)
        socket.left(self.id)
        if self.is_empty:
            self.close()
            self._on_empty(self)

    def close(self) -> None:
        """Stop every timer and task of the room."""
        self._context.absences.forget(self)
        self._cancel_deadline()
        self._held = None
        if self._serving is not None:
            self._serving.cancel()
            self._serving = None

    def resync(self) -> None:
        """What the sockets know cannot be continued: give all of them a new snapshot."""
        self._seen = None
        self._held = None
        self.taps.resync()
        self._waiting.update(self._sockets)
        for socket in self._waiting:
            socket.awaited = -1
        self._sockets.clear()
        self._slow.clear()
        self._writers = None
        if self._waiting:
            self._serve_soon()

    def on_pause(self, socket: Socket) -> None:
        """Events no longer go straight to this socket's transport."""
        if socket in self._sockets and socket not in self._slow:
            # It may be in the middle of a broadcast, and then has what is being sent.
            self._slow[socket] = self._broadcast_version
            self._writers = None

    def _drop(self, socket: Socket) -> None:
        if socket in self._sockets:
            del self._sockets[socket]
            self._slow.pop(socket, None)
            self._writers = None

    # Snapshots.

    def _serve_soon(self) -> None:
        if self._serving is None:
            self._serving = self._context.spawn(self._serve())

    async def _serve(self) -> None:
        """Read the room until nobody waits; one read serves all who waited when it was sent."""
        attempt = 0
        try:
            while self._waiting:
                batch = list(self._waiting)
                try:
                    await self._context.subscriber.subscribe(self.channel)
                    self._recent = []
                    origin = self._context.live.rooms.origin(self.id)
                    state = await self._context.live.rooms.snapshot(self.id)
                    if self._context.live.rooms.origin(self.id) != origin:
                        continue  # read from one who was replaced meanwhile, perhaps
                    self.origin = origin
                except Exception as error:
                    if not isinstance(error, StoreUnavailable):
                        log.exception("a room could not be read", room_id=self.id)
                    self._recent = None
                    pause_s = _RETRY_S[min(attempt, len(_RETRY_S) - 1)] * random.uniform(0.7, 1.3)  # noqa: S311
                    await asyncio.sleep(pause_s)
                    attempt += 1
                    continue
                attempt = 0
                recent, self._recent = self._recent or [], None
                self._serving_done(batch, state, recent)
        finally:
            self._serving = None

    def _serving_done(self, batch: list[Socket], state: RoomState | None, recent: list[bytes]) -> None:
        if state is None:
            for socket in batch:
                if socket in self._waiting:
                    self._turn_away(socket)
            return
        if self._epoch != state.epoch:
            if self._epoch is not None:
                self.resync()
            self._epoch = state.epoch
            self._seen = None
        later = [event for event in map(_read, recent) if event.epoch == state.epoch and event.version > state.version]
        version = later[-1].version if later else state.version
        numbers = {player.user_id: player.seq for player in state.players}
        shared: bytes | None = None
        for socket in batch:
            if socket not in self._waiting:
                continue  # it left, or wants another room by now
            user_id = socket.user_id or ""
            organizes = state.organizer_id == user_id
            if user_id not in numbers and not organizes:
                self._turn_away(socket)
                continue
            if organizes or state.outcome:
                frame = _snapshot(state, user_id)
            else:
                frame = shared = shared or _snapshot(state, user_id)
            del self._waiting[socket]
            if socket.awaited:
                socket.awaited = numbers.get(user_id, 0) + 1
            self._sockets[socket] = None
            self._slow[socket] = version
            socket.organizes = organizes
            socket.entered(self.id)
            socket.send(frame)
            for event in later:
                socket.send(event.item.frame)
        self._writers = None
        self._arm(_due_ms(state))
        if state.state == "playing" and self._sockets:
            self._context.absences.watch(self)
        self.taps.order()

    def _turn_away(self, socket: Socket) -> None:
        socket.refuse(ErrorCode.NOT_FOUND, "enter", details={"room_id": self.id})
        self.leave(socket)

    # Events.

    def on_message(self, payload: bytes) -> None:
        """One event of the room's channel, as the script made it."""
        if self._recent is not None:
            self._recent.append(payload)
        if not self._sockets:
            return
        head = decode_head(payload)
        if head.type == "reaction":
            self._show(text_frame(payload))
            return
        if head.epoch != self._epoch or (self._seen is not None and head.version != self._seen + 1):
            self.resync()
            return
        self._seen = head.version
        if head.type == "progress":
            self._progress(ProgressEvent.read(head, payload))
            return
        self._flush_held()
        self._broadcast(Event(head, payload))
        self._react(head)

    def _progress(self, event: ProgressEvent) -> None:
        if self._held is not None:
            self._held = self._held.merge(event) or event
            return
        wait_s = self._next_s - self._context.clock()
        if wait_s <= _JITTER_S:
            self._broadcast(event)
        else:
            self._held = event
            self._context.ring.after(min(wait_s, PERIOD_S - _JITTER_S), self._flush_held)

    def _flush_held(self) -> None:
        event, self._held = self._held, None
        if event is not None:
            self._broadcast(event)

    def _broadcast(self, event: Event | ProgressEvent) -> None:
        """The same bytes to every socket; one by one only to those that need a second look."""
        if type(event) is ProgressEvent:
            # A beat of its own: counted from the last sending, one late event would hold up all that follow it.
            self._next_s = max(self._next_s, self._context.clock() - PERIOD_S / 2) + PERIOD_S
        self._broadcast_version = event.version
        frame = event.frame
        for write in self._fast_writers():
            write(frame)
        metrics.event_frames.inc(len(self._sockets))
        if self._slow:
            self._broadcast_slowly(event)

    def _show(self, frame: bytes) -> None:
        """Send what nobody has to see.  A slow reader is spared it, so that reactions never make one too slow."""
        late = [socket for socket in self._slow if not socket.is_paused]
        for write in self._fast_writers():
            write(frame)
        for socket in late:
            socket.send(frame)
        metrics.event_frames.inc(len(self._sockets))

    def _fast_writers(self) -> list[Callable[[bytes], None]]:
        writers = self._writers
        if writers is None:
            slow = self._slow
            writers = self._writers = [socket.edge.fast_writer() for socket in self._sockets if socket not in slow]
        return writers

    def _broadcast_slowly(self, event: Event | ProgressEvent) -> None:
        for socket, version in list(self._slow.items()):
            if event.version <= version:
                continue  # its snapshot had this already
            if isinstance(event, ProgressEvent):
                socket.send_mergeable(event)
            else:
                socket.send(event.frame)
            if socket.is_paused:
                if socket in self._slow:
                    self._slow[socket] = event.version
            elif self._slow.pop(socket, None) is not None:
                self._writers = None

    def _react(self, head: EventHead) -> None:
        if head.type == "player_left":
            for socket in [s for s in self._sockets if s.user_id == head.user_id and not s.organizes]:
                self.leave(socket)
        elif head.type == "countdown":
            self._arm(head.starts_ms)
        elif head.type == "started":
            self._arm(head.ends_ms)
            self._context.absences.watch(self)
        elif head.type == "player_joined" and self._deadline is None:
            self._tick_soon()
        elif head.type in ("finished", "cancelled"):
            self._cancel_deadline()
            self._context.absences.forget(self)

    # Deadlines.

    def _arm(self, due_ms: int | None) -> None:
        self._cancel_deadline()
        if due_ms is not None and not self.is_empty:
            self._arm_in(due_ms - self._context.live.now_ms())

    def _arm_in(self, delay_ms: int) -> None:
        self._cancel_deadline()
        self._deadline = asyncio.get_running_loop().call_later(max(0, delay_ms) / 1000, self._tick_soon)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _tick_soon(self) -> None:
        self._deadline = None
        self._ticking = True
        self._context.spawn(self._tick())

    async def _tick(self) -> None:
        """Move the room over its deadline, or learn how long it takes until then."""
        try:
            reply = await self._context.live.rooms.tick(self.id)
            remaining_ms = reply.remaining_ms
        except StoreUnavailable:
            remaining_ms = 500
        finally:
            self._ticking = False
        if remaining_ms >= 0 and self._deadline is None and not self.is_empty:
            self._arm_in(remaining_ms + 1)


class _Read:
    """An event that came while a snapshot was being read."""

    __slots__ = ("epoch", "item", "version")

    def __init__(self, head: EventHead, payload: bytes) -> None:
        self.epoch = head.epoch
        self.version = head.version
        self.item = Event(head, payload)


def _read(payload: bytes) -> _Read:
    return _Read(decode_head(payload), payload)


def _snapshot(state: RoomState, viewer_id: str) -> bytes:
    room = room_view(state, viewer_id)
    return encode_frame(Snapshot(room=room, epoch=state.epoch, server_time_ms=state.server_time_ms))


def _due_ms(state: RoomState) -> int | None:
    """When the room's next deadline is, as far as its state says."""
    if state.state == "waiting":
        return state.deadline_ms
    if state.state == "countdown":
        return state.starts_ms
    return state.ends_ms if state.state == "playing" else None
