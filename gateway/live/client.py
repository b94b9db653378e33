"""One player's socket: the connection object with the game's meaning.

Owns the hot path from a text frame to the room's tap buffer, and what a socket knows of its player.  Nothing here
awaits; everything that is not a taps frame goes to the hub.
"""

from typing import TYPE_CHECKING, Final

import msgspec

from gateway.live.observations import Origin
from gateway.live.progress import encode_frame
from gateway.schemas.fields import Language
from gateway.schemas.messages import ClientFrame, ErrorFrame, Taps
from gateway.texts import error_text
from gateway.ws.connection import Connection, Edge
from gateway.ws.frames import CloseCode
from persistence.errors import ErrorCode

if TYPE_CHECKING:
    from gateway.live.hub import Hub
    from gateway.live.room import Room

_decode: Final = msgspec.json.Decoder(ClientFrame).decode
_decode_loosely: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_MAX_ECHOED_TYPE: Final = 32


class Client(Connection):
    """A socket.  `user_id` is None before `hello`; `room` is the room whose events it follows."""

    __slots__ = (
        "awaited",
        "confirmed",
        "early",
        "entering",
        "epoch",
        "hub",
        "language",
        "number",
        "organizes",
        "origin",
        "room",
        "snapshot_ms",
        "telegram_id",
        "user_id",
    )

    def __init__(self, hub: "Hub", edge: Edge, number: int, language: Language, origin: Origin) -> None:
        super().__init__(hub.endpoint, edge)
        self.hub = hub
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
            self.hub.handle(self, frame)

    def on_binary(self, payload: bytes) -> None:  # noqa: ARG002
        self.close(CloseCode.BAD_FRAME, "binary frames are not spoken here")

    def on_end(self) -> None:
        self.hub.detach(self)

    def on_pong(self, payload: bytes) -> None:
        self.hub.observations.answered(self, payload)

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
        self.hub.count_refusal(code)
        self.send(encode_frame(error))

    def _unreadable(self, payload: bytes) -> None:
        """Tell what is no frame at all (4503) from one whose fields are wrong (an error frame)."""
        try:
            fields = _decode_loosely(payload)
            kind = msgspec.json.decode(fields["type"], type=str)
        except (msgspec.DecodeError, RecursionError, KeyError):
            self.close(CloseCode.BAD_FRAME, "not a JSON object with a type")
            return
        if self.user_id is None:
            self.close(CloseCode.NO_HELLO, "the first frame must be hello")
            return
        self.refuse(self.hub.code_for_unreadable(kind), kind[:_MAX_ECHOED_TYPE], _sequence(fields))


def _sequence(fields: dict[str, msgspec.Raw]) -> int | None:
    try:
        return msgspec.json.decode(fields["seq"], type=int)
    except (msgspec.DecodeError, KeyError):
        return None
