"""uvicorn's HTTP protocol with time-outs and size limits.

Owns the limits that uvicorn's httptools protocol lacks: how long a client may take for a request's head, the first
one included, how large that head may be, how many requests it may send ahead, how long what is left of a body is read
(and thrown away) after its answer, and how long an answer may lie here that its client does not take.  So connections
that say nothing, never stop or never read cost nothing lasting; and who sends too much still gets the answer, which
closing on unread bytes would destroy.

Owns which upgrades are looked at: a WebSocket's, opened as RFC 6455 opens one.  Any other is left out of the request,
as RFC 9110 (section 7.8) lets a server do, and the request is what it would be without it, body included.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.schemas.rest import ErrorBody
from gateway.texts import DEFAULT_LANGUAGE, error_text
from persistence.errors import ErrorCode

HEAD_TIME_S: Final = 15.0
LATE_BODY_TIME_S: Final = 5.0
MAX_HEAD_BYTES: Final = 64 * 1024
MAX_SENT_AHEAD: Final = 16
UNREAD_TIME_S: Final = 20.0
"""An answer of which less than `PROGRESS_BYTES` was taken for so long is given up."""
PROGRESS_BYTES: Final = 16 * 1024
MAX_UNREAD_BYTES: Final = 64 * 1024 * 1024
"""All connections' together; beyond it those go that have not moved for longest."""
LOOK_S: Final = 1.0
_STATE_KEY: Final = "unread answers"


class TooManyAhead(Exception):
    """A client sends requests without end and waits for no answer."""


class NoTunnel(Exception):
    """A client takes us for a proxy."""


class UnreadAnswers:
    """The connections of one server whose clients have not taken all that was written for them."""

    def __init__(self) -> None:
        self._held: dict[LimitedHttpProtocol, tuple[int, float]] = {}  # bytes left at the last progress, and when
        self._timer: asyncio.TimerHandle | None = None

    def add(self, protocol: "LimitedHttpProtocol") -> None:
        self._held[protocol] = (protocol.transport.get_write_buffer_size(), protocol.loop.time())
        if self._timer is None:
            self._timer = protocol.loop.call_later(LOOK_S, self._look)

    def discard(self, protocol: "LimitedHttpProtocol") -> None:
        self._held.pop(protocol, None)

    def _look(self) -> None:
        self._timer = None
        total = 0
        for protocol, (left, since) in list(self._held.items()):
            now, size = protocol.loop.time(), protocol.transport.get_write_buffer_size()
            if size <= left - PROGRESS_BYTES:
                self._held[protocol] = (size, now)
            elif now - since > UNREAD_TIME_S:
                self._give_up(protocol)
                continue
            elif size > left:
                self._held[protocol] = (size, since)
            total += size
        for protocol in sorted(self._held, key=lambda each: self._held[each][1]):
            if total <= MAX_UNREAD_BYTES:
                break
            total -= protocol.transport.get_write_buffer_size()
            self._give_up(protocol)
        for protocol in self._held:
            self._timer = protocol.loop.call_later(LOOK_S, self._look)
            break

    def _give_up(self, protocol: "LimitedHttpProtocol") -> None:
        self.discard(protocol)
        protocol.transport.abort()


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection, until it is done with HTTP or becomes a WebSocket."""

    _deadline: asyncio.TimerHandle | None = None
    _in_head = True
    _in_message = False
    _head_bytes = 0
    _declines_upgrade = False
    _answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # so that whatever lies here is told of, and watched
        self._unread: UnreadAnswers = self.app_state.setdefault(_STATE_KEY, UnreadAnswers())
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._unread.discard(self)
        super().connection_lost(exc)
        # uvicorn tells only the latest request that its client is gone: an earlier one would write on, to nobody.
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()
        self._answering = None
        self.pipeline.clear()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.add(self)

    def resume_writing(self) -> None:
        self._unread.discard(self)
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        self._unset_keepalive_if_required()
        rest: bytes | None = data
        while rest is not None:
            rest = self._parse(rest)
        if not self._in_head:
            return
        if self._head_bytes > MAX_HEAD_BYTES:
            self._unwatch()
            self.send_400_response("The request's head is too large.")
        elif self._deadline is None and not self.transport.is_closing():
            self._watch()

    def _parse(self, data: bytes) -> bytes | None:
        """Feed the parser; what it left for a parser of its own."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._declines_upgrade:
                return self._without_upgrade() + data[upgrade.args[0] :]
            self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self.send_400_response("")
        return None

    def _without_upgrade(self) -> bytes:
        """The head that was read, as it is without its upgrade, for a new parser: the old one will read no body now."""
        self._declines_upgrade = False
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        for name, value in self.headers:
            if name == b"connection":
                value = b", ".join(token for token in _tokens([value]) if token != b"upgrade")
            if name != b"upgrade":
                lines.append(b"%s: %s" % (name, value))
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"\r\n".join([*lines, b"", b""])

    def _should_upgrade(self) -> bool:
        """Whether this would open a WebSocket, on whatever path: GET of HTTP/1.1, without a body."""
        return (
            self.parser.get_method() == b"GET"
            and self.parser.get_http_version() == "1.1"
            and b"websocket" in _tokens(value for name, value in self.headers if name == b"upgrade")
            and all(value == b"0" for name, value in self.headers if name == b"content-length")
            and all(name != b"transfer-encoding" for name, _ in self.headers)
        )

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """What cannot be parsed is refused in our shape too; nothing is known of the reader's language."""
        if self._answering is not None and not self._answering.response_complete:
            self.transport.close()  # an answer to an earlier request is under way: nothing may get into it
            return
        code = ErrorCode.INVALID_REQUEST
        body = msgspec.json.encode(ErrorBody(code=code.value, message=error_text(code, DEFAULT_LANGUAGE)))
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"x-content-type-options: nosniff\r\nconnection: close\r\n\r\n%s" % (len(body), body)
        )
        self.transport.close()

    def on_message_begin(self) -> None:
        self._in_head = self._in_message = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # what follows a body in chunks is no part of the head
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade() and not self._should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise NoTunnel  # the parser makes a malformed request of it
            self._declines_upgrade = True
            return
        self._in_head = False
        self._head_bytes = 0
        self._unwatch()
        if len(self.pipeline) >= MAX_SENT_AHEAD:
            raise TooManyAhead  # the parser makes a malformed request of it
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._declines_upgrade:
            return
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


def _tokens(values: Iterable[bytes]) -> list[bytes]:
    """The members of a header that is a list, however many lines it took; lower case."""
    return [token.strip().lower() for value in values for token in value.split(b",")]
