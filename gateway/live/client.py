"""One player's socket: the connection object with the game's meaning.

Owns the hot path from a text frame to the room's tap buffer, what a socket knows of its player, and which room it
follows.  Nothing here awaits; every frame that is not a player's taps goes to the dispatcher.
"""

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from gateway.live import metrics
from gateway.live.context import Context
from gateway.live.progress import encode_frame
from gateway.live.room import Room
from gateway.live.socket import Origin
from gateway.schemas.fields import Language
from gateway.schemas.messages import ClientFrame, ErrorFrame, Taps
from gateway.texts import error_text
from gateway.ws.connection import Connection, Edge, SocketEndpoint
from gateway.ws.frames import CloseCode
from persistence.errors import ErrorCode

_decode: Final = msgspec.json.Decoder(ClientFrame).decode
_decode_loosely: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_MAX_ECHOED_TYPE: Final = 32
# Frames of the protocol whose games this gateway does not serve.
_ABSENT: Final = frozenset(("clicker_taps",))


class Registry(Protocol):
    """Who has to know where a socket is."""

    def entered(self, client: "Client", room: Room) -> None:
        """The client has begun to follow a room."""

    def ended(self, client: "Client") -> None:
        """The client is of no more use."""


Dispatch = Callable[["Client", ClientFrame], None]
"""Deals with a frame that is valid in itself."""


class Client(Connection):
    """A socket.  `user_id` is None before `hello`; `room` is the room whose events it follows."""

    __slots__ = (
        "_context",
        "_dispatch",
        "_registry",
        "answered_ms",
        "asked_ms",
        "awaited",
        "confirmed",
        "early",
        "entering",
        "epoch",
        "heard_ms",
        "language",
        "number",
        "organizes",
        "origin",
        "room",
        "snapshot_ms",
        "telegram_id",
        "user_id",
    )

    def __init__(
        self,
        endpoint: SocketEndpoint,
        edge: Edge,
        number: int,
        language: Language,
        origin: Origin,
        *,
        context: Context,
        registry: Registry,
        dispatch: Dispatch,
    ) -> None:
        super().__init__(endpoint, edge)
        metrics.sockets.inc()
        self._context = context
        self._registry = registry
        self._dispatch = dispatch
        self.number = number
        self.language: Language = language
        self.user_id: str | None = None
        self.telegram_id: str | None = None
        self.epoch = 0  # of the account's sessions, as its token has it
        self.early: list[ClientFrame] | None = []  # frames that came before `welcome`; None once it is sent
        self.room: Room | None = None
        self.entering: Room | None = None
        self.origin = origin
        self.snapshot_ms = 0  # when it last got a whole room, by the server's clock
        self.heard_ms = 0
        self.asked_ms = 0
        self.answered_ms = 0
        self.organizes = False
        self.awaited = 0  # the frame that has to come first: -1 none before a snapshot, 0 whichever comes
        self.confirmed = False  # our own "entered" has come back, so another one that follows is later

    def on_text(self, payload: bytes) -> None:
        try:
            frame = _decode(payload)
        except (msgspec.DecodeError, RecursionError):
            self._unreadable(payload)
            return
        room = self.room
        if (
            type(frame) is Taps
            and room is not None
            and frame.user_id == self.user_id
            and (frame.room_id is None or frame.room_id == room.id)
            and (frame.telegram_id is None or frame.telegram_id == self.telegram_id)
            and not self.organizes
        ):
            room.taps.take(self, frame)
        else:
            self._dispatch(self, frame)

    @property
    def name(self) -> str:
        """Different from that of every other socket of every gateway."""
        return f"{self._context.gateway}:{self.number}"

    @property
    def room_id(self) -> str | None:
        return None if self.room is None else self.room.id

    @property
    def is_welcome(self) -> bool:
        return self.early is None

    def welcome(self, frame: bytes) -> None:
        """Send `welcome`, and deal with what came before it."""
        self.send(frame)
        early, self.early = self.early or [], None
        for each in early:
            self._dispatch(self, each)

    def enter(self, room: Room) -> None:
        """Follow this room as soon as there is a snapshot of it, and until then the one that it follows now."""
        if self.entering is not None and self.entering is not room:
            self.entering.leave(self)
        self.entering = room
        room.enter(self)

    def entered(self, room_id: str) -> None:
        self.snapshot_ms = self._context.live.now_ms()
        room = self.entering
        if room is None or room.id != room_id:
            return  # a new snapshot of the room that it follows
        if self.room is not None and self.room is not room:
            self.room.leave(self)
        self.room, self.entering = room, None
        self.confirmed = False
        self._registry.entered(self, room)

    def left(self, room_id: str) -> None:
        if self.room is not None and self.room.id == room_id:
            self.room = None
        if self.entering is not None and self.entering.id == room_id:
            self.entering = None

    def on_binary(self, payload: bytes) -> None:  # noqa: ARG002
        self.close(CloseCode.BAD_FRAME, "binary frames are not spoken here")

    def on_end(self) -> None:
        metrics.sockets.dec()
        self._registry.ended(self)

    def on_pong(self, payload: bytes) -> None:
        self._context.absences.answered(self, payload)

    def on_pause(self) -> None:
        if self.room is not None:
            self.room.on_pause(self)

    def refuse(
        self, code: ErrorCode, refused: str, seq: int | None = None, details: dict[str, str] | None = None
    ) -> None:
        """Send an `error` frame for a frame of type `refused`."""
        error = ErrorFrame(
            code=code.value,
            message=error_text(code, self.language),
            details=msgspec.UNSET if details is None else details,
            for_=refused,
            seq=msgspec.UNSET if seq is None else seq,
        )
        metrics.refusals.labels(code.value).inc()
        self.send(encode_frame(error))

    def _unreadable(self, payload: bytes) -> None:
        """What is no frame at all ends the socket (4503); one whose fields are wrong is answered by an error frame."""
        try:
            fields = _decode_loosely(payload)
            kind = msgspec.json.decode(fields["type"], type=str)
        except (msgspec.DecodeError, RecursionError, KeyError):
            self.close(CloseCode.BAD_FRAME, "not a JSON object with a type")
            return
        if self.user_id is None:
            self.close(CloseCode.NO_HELLO, "the first frame must be hello")
            return
        code = ErrorCode.NOT_FOUND if kind in _ABSENT else ErrorCode.INVALID_REQUEST
        self.refuse(code, kind[:_MAX_ECHOED_TYPE], _sequence(fields))


def _sequence(fields: dict[str, msgspec.Raw]) -> int | None:
    try:
        return msgspec.json.decode(fields["seq"], type=int)
    except (msgspec.DecodeError, KeyError):
        return None
