"""What a room needs of the sockets that follow it, and no more: rooms can be read without knowing what a client is."""

from typing import Protocol

from gateway.ws.connection import Edge, Mergeable
from persistence.errors import ErrorCode


class Origin:
    """Where a socket comes from: keyed hashes of its address and of its kind of device."""

    __slots__ = ("device", "network")

    def __init__(self, network: bytes, device: bytes) -> None:
        self.network = network
        self.device = device


class Socket(Protocol):
    """One player's socket.  It follows one room at most, and may be about to follow another."""

    awaited: int
    """The taps frame that has to come first: -1 none before a snapshot, 0 whichever comes."""
    heard_ms: int
    """When its last taps frame came, by the server's clock."""
    asked_ms: int
    """When it was last sent a ping that it has to answer."""
    answered_ms: int
    """When the latest ping was sent that it answered."""
    organizes: bool
    """Whether its player organizes the room that it follows, and so only watches."""

    @property
    def user_id(self) -> str | None:
        """None before `hello`."""

    @property
    def origin(self) -> Origin:
        """Where it comes from."""

    @property
    def edge(self) -> Edge:
        """What carries it."""

    @property
    def room_id(self) -> str | None:
        """The room that it follows."""

    @property
    def snapshot_ms(self) -> int:
        """When it last got a whole room, by the server's clock."""

    @property
    def is_welcome(self) -> bool:
        """Whether it has got its `welcome`: nothing may be sent before that."""

    @property
    def is_closing(self) -> bool:
        """Whether it is of no more use."""

    @property
    def is_paused(self) -> bool:
        """Whether its reader is slow, so that what is sent waits."""

    def send(self, frame: bytes) -> None:
        """Send a finished frame."""

    def send_mergeable(self, event: Mergeable) -> None:
        """Send an event of which a slow reader needs the sum only."""

    def refuse(
        self, code: ErrorCode, refused: str, seq: int | None = None, details: dict[str, str] | None = None
    ) -> None:
        """Send an `error` frame for a frame of type `refused`."""

    def entered(self, room_id: str) -> None:
        """It follows this room from here on: the room's snapshot is what it gets next."""

    def left(self, room_id: str) -> None:
        """It neither follows this room any more nor waits for it."""
