"""The opening handshake of RFC 6455, section 4.2: a request's bytes in, an answer's bytes out.

Owns which upgrades are accepted.  `Origin` is not looked at: a socket means nothing before its `hello` carries a token,
and no cookie is read anywhere.
"""

import base64
import binascii
import hashlib
from typing import Final, NamedTuple

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES: Final = 16


class Refused(Exception):
    """The upgrade is not accepted; `answer` is the whole HTTP response."""

    def __init__(self, status: bytes, code: bytes, message: bytes, headers: bytes = b"") -> None:
        super().__init__(status.decode())
        body = b'{"code":"%s","message":"%s"}' % (code, message)
        self.answer = (
            b"HTTP/1.1 %s\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n"
            b"content-length: %d\r\nconnection: close\r\n%s\r\n%s" % (status, len(body), headers, body)
        )


def not_admitted() -> Refused:
    """The refusal of an endpoint that takes nobody any more."""
    return Refused(
        b"503 Service Unavailable",
        b"temporarily_unavailable",
        b"This gateway is leaving: connect again.",
        b"retry-after: 1\r\n",
    )


class Accepted(NamedTuple):
    """The 101 answer, and what the request said of the reader; `forwarded_for` is what proxies added."""

    answer: bytes
    accept_language: str | None
    user_agent: str
    forwarded_for: str


def accept(request: bytes, path: str | None) -> Accepted:
    """Judge `request` (its head, CRLF throughout).  `path` is the only one there is; None takes any.

    Raises:
        Refused: with the answer to send before closing.
    """
    lines = request.split(b"\r\n")
    words = lines[0].split(b" ")
    headers: dict[bytes, bytes] = {}
    for line in lines[1:]:
        name, separator, value = line.partition(b":")
        if separator:
            name = name.strip().lower()
            # A repeated header is a list; none of those read here may be one, and the joined value is then malformed.
            headers[name] = headers[name] + b"," + value.strip() if name in headers else value.strip()
    if len(words) != 3 or (path is not None and words[1].partition(b"?")[0] != path.encode()):
        raise Refused(b"404 Not Found", b"not_found", b"There is no WebSocket here.")
    if words[0] != b"GET":
        raise Refused(b"400 Bad Request", b"invalid_request", b"A WebSocket opens with GET.")
    if headers.get(b"sec-websocket-version") != b"13":
        raise Refused(
            b"426 Upgrade Required",
            b"invalid_request",
            b"Only version 13 of the WebSocket protocol is spoken here.",
            b"sec-websocket-version: 13\r\nupgrade: websocket\r\n",
        )
    key = headers.get(b"sec-websocket-key", b"")
    if not _is_key(key):
        raise Refused(b"400 Bad Request", b"invalid_request", b"Sec-WebSocket-Key is missing or malformed.")
    token = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %s\r\n\r\n" % token
    )
    language = headers.get(b"accept-language")
    return Accepted(
        answer,
        None if language is None else language.decode("latin-1"),
        headers.get(b"user-agent", b"").decode("latin-1"),
        headers.get(b"x-forwarded-for", b"").decode("latin-1"),
    )


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == _KEY_BYTES
    except binascii.Error:
        return False
