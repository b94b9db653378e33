"""uvicorn's HTTP protocol with time-outs and size limits.

Owns the limits that uvicorn's httptools protocol lacks: how long a client may take for a request's head, the first
one included, how large that head may be, and how long what is left of a body is read (and thrown away) after its
answer.  So connections that say nothing, or never stop, cost nothing lasting; and who sends too much still gets the
answer, which closing on unread bytes would destroy.
"""

import asyncio
from typing import Final

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.schemas.rest import ErrorBody
from gateway.texts import DEFAULT_LANGUAGE, error_text
from persistence.errors import ErrorCode

HEAD_TIME_S: Final = 15.0
LATE_BODY_TIME_S: Final = 5.0
MAX_HEAD_BYTES: Final = 64 * 1024


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection, until it is done with HTTP or becomes a WebSocket."""

    _deadline: asyncio.TimerHandle | None = None
    _in_head = True
    _in_message = False
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head:
            return
        if self._head_bytes > MAX_HEAD_BYTES:
            self._unwatch()
            self.send_400_response("The request's head is too large.")
        elif self._deadline is None and not self.transport.is_closing():
            self._watch()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """What cannot be parsed is refused in our shape too; nothing is known of the reader's language."""
        code = ErrorCode.INVALID_REQUEST
        body = msgspec.json.encode(ErrorBody(code=code.value, message=error_text(code, DEFAULT_LANGUAGE)))
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%s" % (len(body), body)
        )
        self.transport.close()

    def on_message_begin(self) -> None:
        self._in_head = self._in_message = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        self._unwatch()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_message = False
        super().on_message_complete()
        if self._deadline is not None:  # the rest of a body that was answered before its end
            self._unwatch()
            self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_message and not self._in_head and self.cycle.response_complete and not self.transport.is_closing():
            self._watch(LATE_BODY_TIME_S)

    def _watch(self, timeout_s: float | None = None) -> None:
        self._deadline = self.loop.call_later(HEAD_TIME_S if timeout_s is None else timeout_s, self._give_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.close()
