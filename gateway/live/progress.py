"""Events of a room, as its sockets get them.

Owns the reading of an event's head and the union of progress events.  An event's bytes go out as the script made
them; only where several progress events become one is a frame encoded anew.
"""

from typing import Any, Final

import msgspec

from gateway.schemas.messages import Progress
from gateway.ws.connection import Mergeable
from gateway.ws.frames import text_frame


class EventHead(msgspec.Struct, gc=False):
    """What the gateway has to know of an event.  `taps` stays raw until events are united."""

    type: str
    epoch: str = ""  # reactions have neither it nor a version
    version: int = 0
    since: int | None = None
    taps: msgspec.Raw = msgspec.Raw()
    user_id: str | None = None
    starts_ms: int | None = None
    ends_ms: int | None = None


decode_head: Final = msgspec.json.Decoder(EventHead).decode
_decode_taps: Final = msgspec.json.Decoder(dict[str, tuple[int, int]]).decode
_encode: Final = msgspec.json.Encoder().encode


class Event:
    """One event, framed once for every socket."""

    __slots__ = ("frame", "version")

    def __init__(self, head: EventHead, payload: bytes) -> None:
        self.version = head.version
        self.frame = text_frame(payload)


class ProgressEvent:
    """Who changed after version `since`, as absolute values: so the union of two is as good as both."""

    __slots__ = ("_frame", "_raw", "_taps", "epoch", "since", "version")

    def __init__(
        self,
        epoch: str,
        since: int,
        version: int,
        frame: bytes | None,
        raw: msgspec.Raw | None,
        taps: dict[str, tuple[int, int]] | None,
    ) -> None:
        self.epoch = epoch
        self.since = since
        self.version = version
        self._frame = frame
        self._raw = raw
        self._taps = taps

    @classmethod
    def read(cls, head: EventHead, payload: bytes) -> "ProgressEvent":
        since = head.version - 1 if head.since is None else head.since
        return cls(head.epoch, since, head.version, text_frame(payload), head.taps, None)

    @property
    def taps(self) -> dict[str, tuple[int, int]]:
        if self._taps is None:
            assert self._raw is not None
            self._taps = _decode_taps(self._raw)
            self._raw = None
        return self._taps

    @property
    def frame(self) -> bytes:
        if self._frame is None:
            progress = Progress(epoch=self.epoch, version=self.version, since=self.since, taps=self.taps)
            self._frame = text_frame(_encode(progress))
        return self._frame

    def merge(self, later: Mergeable) -> "ProgressEvent | None":
        """Both in one; None where the later one does not follow this one."""
        if not isinstance(later, ProgressEvent) or later.epoch != self.epoch or later.since < self.since:
            return None
        return ProgressEvent(self.epoch, self.since, later.version, None, None, {**self.taps, **later.taps})

    def encode(self) -> bytes:
        return self.frame


def encode_frame(message: Any) -> bytes:
    """A server message as a finished frame."""
    return text_frame(_encode(message))
