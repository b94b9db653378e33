"""One client's connection, whatever carries it.

Owns its life (opening, open, closing), its rate limit, its heartbeat and what waits for a slow reader.  Knows neither
the bytes of a handshake nor the game: edges (`protocol`, `adapter`) drive it from below, subclasses give it a meaning.
It has no task and no timer of its own, and its memory is bounded whatever the peer does.
"""

import asyncio
import enum
from abc import ABC, abstractmethod
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from gateway.proxies import TrustedProxies
from gateway.ws.frames import CloseCode
from gateway.ws.wheel import Wheel


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one connection may use.  `frames_per_s` 0 means no limit on the rate."""

    message_bytes: int = 4096
    frames_per_s: float = 30.0
    frame_burst: int = 100
    hello_s: float = 5.0
    heartbeat_s: float = 25.0
    linger_s: float = 2.0  # how long a peer may take to answer a close
    silent_sockets: int = 4096  # connections that have not said hello; above, the oldest goes
    write_buffer_bytes: int = 32 * 1024  # where the transport asks to pause
    backlog_bytes: int = 64 * 1024  # what is kept for a paused reader
    socket_buffer_bytes: int = 64 * 1024  # the kernel's part of it; 0 leaves it to the kernel


class Edge(Protocol):
    """What carries a connection."""

    def write(self, frame: bytes) -> None:
        """Send a finished server frame.  Never blocks; after the end it does nothing."""

    def fast_writer(self) -> Callable[[bytes], None]:
        """`write` without a detour, for who sends the same bytes to many; valid while the connection is open."""

    def ping(self, payload: bytes = b"") -> None:
        """Ask for a sign of life; the edge sets `Connection.alive` when anything arrives.  Where it sees the answer
        itself it calls `Connection.on_pong` with the payload."""

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake."""

    def abort(self) -> None:
        """Drop the peer at once."""


class Visitor(NamedTuple):
    """What the handshake says of the peer."""

    accept_language: str | None = None
    address: str = ""
    user_agent: str = ""


class Mergeable(Protocol):
    """An event of which a slow reader needs the sum only."""

    def merge(self, later: "Mergeable") -> "Mergeable | None":
        """Both in one, or None where they cannot be united."""

    def encode(self) -> bytes:
        """The finished frame."""


class State(enum.IntEnum):
    OPENING = 0  # nothing said yet that lets it stay
    OPEN = 1
    CLOSING = 2  # our close is sent
    CLOSED = 3


_MERGEABLE_COST: Final = 1024
_ITEM_COST: Final = 64


class Connection(ABC):
    """The state of one client.

    Edges call `receive`, `receive_binary`, `admit`, `pause`, `resume`, `end` and `lost`; subclasses the rest.
    """

    __slots__ = ("_allowed_at", "_backlog", "_backlog_cost", "_stuck", "alive", "edge", "endpoint", "slot", "state")

    def __init__(self, endpoint: "SocketEndpoint", edge: Edge) -> None:
        self.endpoint = endpoint
        self.edge = edge
        self.state = State.OPENING
        self.alive = True
        self.slot = -1
        self._allowed_at = 0.0
        self._backlog: deque[bytes | Mergeable] | None = None  # present while the reader is slow
        self._backlog_cost = 0
        self._stuck = False

    # What a subclass decides.

    @abstractmethod
    def on_text(self, payload: bytes) -> None:
        """A text message: UTF-8, within the size and the rate."""

    @abstractmethod
    def on_binary(self, payload: bytes) -> None:
        """A binary message, within the size and the rate."""

    @abstractmethod
    def on_end(self) -> None:
        """Called once, when the connection stops being of use: closed by either side, or lost."""

    def on_pong(self, payload: bytes) -> None:  # noqa: B027  (only who asks with a payload cares)
        """The peer answered a ping: what it sent before that has arrived."""

    def on_pause(self) -> None:  # noqa: B027  (only who keeps a list of fast writers cares)
        """The reader became slow: `send` queues from now on."""

    def on_resume(self) -> None:  # noqa: B027
        """The reader caught up."""

    # What an edge reports.

    def admit(self) -> bool:
        """Count one frame of the peer, before anything is done with it; False when it must be ignored.

        Sheds with 4504.  The generic cell rate algorithm: one number a connection (ITU-T I.371, appendix A).
        """
        if self.state > State.OPEN:
            return False
        endpoint = self.endpoint
        now = endpoint.clock()
        allowed_at = self._allowed_at
        self._allowed_at = allowed_at = (now if allowed_at < now else allowed_at) + endpoint.frame_interval_s
        if allowed_at - now > endpoint.frame_burst_s:
            self.close(CloseCode.TOO_MANY_FRAMES, "too many frames")
            return False
        return True

    def receive(self, payload: bytes) -> None:
        if self.admit():
            self.on_text(payload)

    def receive_binary(self, payload: bytes) -> None:
        if self.admit():
            self.on_binary(payload)

    def pause(self) -> None:
        if self._backlog is None and self.state <= State.OPEN:
            self._backlog = deque()
            self.on_pause()

    def resume(self) -> None:
        backlog = self._backlog
        if backlog is None:
            return
        # Writing may pause the edge again; then `pause` finds a new backlog and what is left moves there.
        self._backlog = None
        self._backlog_cost = 0
        self._stuck = False
        while backlog and self._backlog is None:
            item = backlog.popleft()
            self.edge.write(item if isinstance(item, bytes) else item.encode())
        if self._backlog is None:
            self.on_resume()
        else:
            for item in backlog:
                self._queue(item)

    def lost(self) -> None:
        """The transport is gone."""
        ended = self.state >= State.CLOSING
        self.state = State.CLOSED
        self._forget()
        if not ended:
            self.on_end()

    # What a subclass uses.

    @property
    def is_closing(self) -> bool:
        return self.state >= State.CLOSING

    @property
    def is_paused(self) -> bool:
        return self._backlog is not None

    def settle_in(self) -> None:
        """The peer said what it had to: from now on only the heartbeat watches it, and it has its whole burst."""
        if self.state == State.OPENING:
            self.state = State.OPEN
            self._allowed_at = 0.0
            self.endpoint.silent.pop(self, None)
            self.endpoint.wheel.schedule(self, self.endpoint.limits.heartbeat_s)

    def send(self, frame: bytes) -> None:
        """Send a finished frame, behind what already waits.  A reader too slow for it is closed (4002)."""
        if self._backlog is None:
            if self.state <= State.OPEN:
                self.edge.write(frame)
        else:
            self._queue(frame)

    def send_mergeable(self, event: Mergeable) -> None:
        """Like `send`; while the reader is slow, united with the same kind of event that waits last."""
        if self._backlog is None:
            self.send(event.encode())
        else:
            self._queue(event)

    def close(self, code: int, reason: str = "") -> None:
        """Begin to close.  What the peer still sends is ignored; it is dropped if it does not answer in time."""
        if self.state >= State.CLOSING:
            return
        self.end()
        self.edge.close(code, reason)

    def end(self) -> None:
        """Stop being of use while the edge closes; the transport is dropped if that takes too long."""
        if self.state >= State.CLOSING:
            return
        self.state = State.CLOSING
        self._forget()
        self.endpoint.wheel.schedule(self, self.endpoint.limits.linger_s)
        self.on_end()

    def on_time(self) -> None:
        """The wheel's call."""
        if self.state == State.OPENING:
            self.close(CloseCode.NO_HELLO, "no hello")
        elif self.state >= State.CLOSING:
            self.edge.abort()
        elif self._stuck:
            self.close(CloseCode.TOO_SLOW, "too slow a reader")
        elif not self.alive:
            self.edge.abort()
        else:
            self.alive = False
            self._stuck = self._backlog is not None
            self.endpoint.wheel.schedule(self, self.endpoint.limits.heartbeat_s)
            self.edge.ping()

    def _forget(self) -> None:
        self._backlog = None
        self.endpoint.silent.pop(self, None)
        self.endpoint.wheel.cancel(self)

    def _queue(self, item: bytes | Mergeable) -> None:
        backlog = self._backlog
        if backlog is None:
            return
        if not isinstance(item, bytes):
            if backlog and not isinstance(last := backlog[-1], bytes) and (both := last.merge(item)) is not None:
                backlog[-1] = both
                return
            self._backlog_cost += _MERGEABLE_COST
        else:
            self._backlog_cost += len(item) + _ITEM_COST
        backlog.append(item)
        if self._backlog_cost > self.endpoint.limits.backlog_bytes:
            self.close(CloseCode.TOO_SLOW, "too slow a reader")


class SocketEndpoint(ABC):
    """What all connections of one address share.  Edges find it in the lifespan state, under `ENDPOINT_KEY`."""

    def __init__(self, limits: Limits, path: str | None, proxies: TrustedProxies | None = None) -> None:
        """`path` is the only one that is answered; None answers all.  Needs the running event loop."""
        self.limits = limits
        self.proxies = proxies or TrustedProxies()
        self.path = path
        self.admits = True  # False refuses new sockets before their handshake
        self.wheel = Wheel()
        self.clock = asyncio.get_running_loop().time
        self.frame_interval_s = 1 / limits.frames_per_s if limits.frames_per_s else 0.0
        self.frame_burst_s = limits.frame_burst * self.frame_interval_s + 1e-6
        self.silent: OrderedDict[Connection, None] = OrderedDict()

    @property
    def shutdown_code(self) -> int:
        """How a connection is closed when the server stops."""
        return CloseCode.SERVICE_RESTART

    @abstractmethod
    def make(self, edge: Edge, visitor: Visitor) -> Connection:
        """A new connection's object."""

    def connect(self, edge: Edge, visitor: Visitor) -> Connection:
        """Admit a peer whose handshake is done.  Of too many silent ones the oldest goes: others speak at once."""
        connection = self.make(edge, visitor)
        if connection.state == State.OPENING:
            self.silent[connection] = None
            self.wheel.schedule(connection, self.limits.hello_s)
            if len(self.silent) > self.limits.silent_sockets:
                oldest, _ = self.silent.popitem(last=False)
                oldest.close(CloseCode.NO_HELLO, "too many silent sockets")
        return connection


ENDPOINT_KEY: Final = "websocket_endpoint"
