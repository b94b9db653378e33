"""uvicorn's HTTP protocol with an end to its patience.

Owns two limits that uvicorn's httptools protocol lacks: how long a client may take for a request's head, the first
one included, and how large that head may be.  So connections that say nothing, or never stop, cost nothing lasting.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_TIME_S: Final = 15.0
MAX_HEAD_BYTES: Final = 64 * 1024


class PatientProtocol(HttpToolsProtocol):
    """One connection, until it is done with HTTP or becomes a WebSocket."""

    _deadline: asyncio.TimerHandle | None = None
    _in_head = True
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

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        self._unwatch()
        super().on_headers_complete()

    def _watch(self) -> None:
        self._deadline = self.loop.call_later(HEAD_TIME_S, self._give_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.close()
