"""RFC 6455 frames, server side: bytes in, messages out, and the bytes of what a server sends.

Owns the wire format and every rule on it (masking, reserved bits, fragmentation, control frames, close codes, UTF-8).
Knows no transport, no clock and no message of the game, and never keeps more than one unfinished message.
No extension is negotiated, so every reserved bit is a violation.
"""

import codecs
import enum
from typing import Final, Protocol

try:
    from websockets.speedups import apply_mask
except ImportError:  # the package comes without its C part where there is no wheel
    from websockets.utils import apply_mask


class Opcode(enum.IntEnum):
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class CloseCode(enum.IntEnum):
    """RFC 6455 section 7.4, then the game's own: 4000-4499 mean "connect again", 4500-4999 "do not"."""

    NORMAL = 1000
    PROTOCOL_ERROR = 1002
    NO_STATUS = 1005
    BAD_DATA = 1007
    TOO_BIG = 1009
    SERVICE_RESTART = 1012
    DRAINING = 4001
    TOO_SLOW = 4002
    NO_HELLO = 4500
    TOKEN_REFUSED = 4501
    BANNED = 4502
    BAD_FRAME = 4503
    TOO_MANY_FRAMES = 4504
    REPLACED = 4505


MAX_CONTROL_PAYLOAD: Final = 125
_FINAL: Final = 0x80
_RESERVED: Final = 0x70
_MASKED: Final = 0x80
# What a peer may send in a close frame: the registered codes that are not for local use, libraries' and private ones.
_WIRE_CLOSE_CODES: Final = frozenset((1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)))


class FrameError(Exception):
    """The peer broke the protocol: the connection has to be failed with `code`."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Sink(Protocol):
    """What a `FrameReader` reports, in the order of the wire.  Payloads of text are valid UTF-8."""

    def on_text(self, payload: bytes) -> None: ...

    def on_binary(self, payload: bytes) -> None: ...

    def on_fragment(self) -> None:
        """A frame that did not finish its message: nothing to act on, but it counts as a frame."""

    def on_ping(self, payload: bytes) -> None: ...

    def on_pong(self, payload: bytes) -> None: ...

    def on_close(self, code: int) -> None: ...


class _Message:
    """A message of which some bytes are still to come: several frames, or one frame in several reads."""

    __slots__ = ("data", "final", "key", "opcode", "remaining", "utf8")

    def __init__(self, opcode: int) -> None:
        self.opcode = opcode
        self.data = bytearray()
        self.utf8 = codecs.getincrementaldecoder("utf-8")() if opcode == Opcode.TEXT else None
        self.final = False
        self.key = b""
        self.remaining = 0  # bytes of the current frame that have not arrived

    def take(self, chunk: bytes) -> None:
        """Add masked bytes of the current frame; text is checked at once, so that a bad byte fails fast."""
        size = len(chunk)
        plain = apply_mask(chunk, self.key)
        self.remaining -= size
        turn = size & 3
        self.key = self.key[turn:] + self.key[:turn]
        if self.utf8 is not None:
            try:
                self.utf8.decode(plain, self.final and not self.remaining)
            except UnicodeDecodeError:
                raise FrameError(CloseCode.BAD_DATA, "text is not UTF-8") from None
        self.data += plain


class FrameReader:
    """Incremental parser of what a client sends.  After a `FrameError` it must not be fed again."""

    __slots__ = ("_held", "_limit", "_message")

    def __init__(self, limit: int) -> None:
        """`limit` is the size in bytes above which a message, whole or in fragments, is refused (1009)."""
        self._limit = limit
        self._held = b""  # an unfinished header or control frame
        self._message: _Message | None = None

    def feed(self, data: bytes, sink: Sink) -> None:
        """Report every message and control frame that `data` completes.

        Raises:
            FrameError: on the first violation; what came before it has been reported.
        """
        if self._held:
            data = self._held + data
            self._held = b""
        size = len(data)
        at = 0
        if self._message is not None and self._message.remaining:
            at = self._continue(data, 0, sink)
        while size - at >= 2:
            # Nearly every frame of the game: one unfragmented masked text of less than 126 bytes, read whole.
            if data[at] == 0x81 and self._message is None and _MASKED <= (second := data[at + 1]) < 0xFE:
                start = at + 6
                end = start + second - _MASKED
                if end <= size and end - start <= self._limit:
                    payload = apply_mask(data[start:end], data[at + 2 : start])
                    if not payload.isascii():
                        _check_utf8(payload)
                    at = end
                    sink.on_text(payload)
                    continue
            after = self._frame(data, at, sink)
            if after < 0:
                break
            at = after
        if at < size:
            self._held = data[at:] if at else data

    def _frame(self, data: bytes, at: int, sink: Sink) -> int:
        """Deal with the frame that begins at `at`: the position behind what was used, or -1 to wait for more."""
        first = data[at]
        length = data[at + 1] & 0x7F
        opcode = first & 0x0F
        if first & _RESERVED:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "reserved bits are set")
        if not data[at + 1] & _MASKED:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "frame is not masked")
        if opcode >= Opcode.CLOSE:
            if opcode > Opcode.PONG:
                raise FrameError(CloseCode.PROTOCOL_ERROR, "reserved opcode")
            if not first & _FINAL or length > MAX_CONTROL_PAYLOAD:
                raise FrameError(CloseCode.PROTOCOL_ERROR, "control frame is fragmented or too long")
            start = at + 6
            if len(data) < start + length:
                return -1
            self._control(opcode, apply_mask(data[start : start + length], data[at + 2 : start]), sink)
            return start + length
        if opcode > Opcode.BINARY:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "reserved opcode")
        if (opcode == Opcode.CONTINUATION) == (self._message is None):
            raise FrameError(CloseCode.PROTOCOL_ERROR, "fragments are out of order")
        start = at + 6
        if length > MAX_CONTROL_PAYLOAD:
            width = 2 if length == 126 else 8
            if len(data) < at + 2 + width:
                return -1
            length = int.from_bytes(data[at + 2 : at + 2 + width], "big")
            if length < (126 if width == 2 else 0x10000) or length >> 63:
                raise FrameError(CloseCode.PROTOCOL_ERROR, "length is not in its shortest form")
            start += width
        message = self._message or _Message(opcode)
        if len(message.data) + length > self._limit:
            raise FrameError(CloseCode.TOO_BIG, f"message is longer than {self._limit} bytes")
        if len(data) < start:
            return -1
        message.key = data[start - 4 : start]
        message.final = bool(first & _FINAL)
        message.remaining = length
        self._message = message
        return self._continue(data, start, sink)

    def _continue(self, data: bytes, at: int, sink: Sink) -> int:
        """Take what `data` holds of the current data frame, and report the message if that was its end."""
        message = self._message
        assert message is not None
        end = min(len(data), at + message.remaining)
        message.take(data[at:end])
        if message.remaining:
            return end
        if not message.final:
            sink.on_fragment()
            return end
        self._message = None
        if message.opcode == Opcode.TEXT:
            sink.on_text(bytes(message.data))
        else:
            sink.on_binary(bytes(message.data))
        return end

    def _control(self, opcode: int, payload: bytes, sink: Sink) -> None:
        if opcode == Opcode.PING:
            sink.on_ping(payload)
        elif opcode == Opcode.PONG:
            sink.on_pong(payload)
        else:
            sink.on_close(_close_code(payload))


def _check_utf8(payload: bytes) -> None:
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise FrameError(CloseCode.BAD_DATA, "text is not UTF-8") from None


def _close_code(payload: bytes) -> int:
    if not payload:
        return CloseCode.NO_STATUS
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or code not in _WIRE_CLOSE_CODES:
        raise FrameError(CloseCode.PROTOCOL_ERROR, "close code is not valid")
    _check_utf8(payload[2:])
    return code


def _frame(opcode: Opcode, payload: bytes) -> bytes:
    size = len(payload)
    first = _FINAL | opcode
    if size < 126:
        return bytes((first, size)) + payload
    if size < 0x10000:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def text_frame(payload: bytes) -> bytes:
    """One unfragmented text frame; `payload` must be UTF-8."""
    return _frame(Opcode.TEXT, payload)


def binary_frame(payload: bytes) -> bytes:
    return _frame(Opcode.BINARY, payload)


def pong_frame(payload: bytes) -> bytes:
    return _frame(Opcode.PONG, payload)


def ping_frame(payload: bytes) -> bytes:
    """A ping; its answer carries the same payload."""
    return _frame(Opcode.PING, payload)


PING_FRAME: Final = ping_frame(b"")


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; without a status when `code` is 1005.  A long reason is cut, on a character's edge."""
    if code == CloseCode.NO_STATUS:
        return _frame(Opcode.CLOSE, b"")
    text = reason.encode()[: MAX_CONTROL_PAYLOAD - 2].decode(errors="ignore").encode()
    return _frame(Opcode.CLOSE, code.to_bytes(2, "big") + text)


def payload_of(frame: bytes) -> bytes:
    """The payload of a data frame made here, for servers that frame messages themselves."""
    size = frame[1]
    return frame[2 if size < 126 else 4 if size == 126 else 10 :]
