"""What a header asks for and nobody here speaks is left out: the answer is the one that comes without it."""

import asyncio
import json

from chance_tap.settings import Settings
from tests.rest.conftest import API, init_data
from tests.rest.test_server import port, raw

__all__ = ["port"]

ODD = {
    "h2c, as curl asks": b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n",
    "a protocol of 2040": b"upgrade: HTTP/9, gopher/2\r\nconnection: upgrade\r\n",
    "TLS inside": b"upgrade: TLS/1.0\r\nconnection: Keep-Alive\r\nconnection: Upgrade\r\n",
    "a WebSocket, by POST": b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n",
    "in capitals": b"UPGRADE: WebSocket\r\nCONNECTION: UPGRADE, TE\r\nTE: trailers\r\n",
    "nothing by name": b"upgrade:\r\nconnection: upgrade\r\n",
    "trailers": b"te: trailers, deflate\r\nconnection: te\r\n",
    "a hop of its own": b"connection: close-not, x-hop\r\nx-hop: 1\r\n",
    "to be told to go on": b"expect: 100-Continue\r\n",
    "to be told something else": b"expect: 200-ok\r\n",
}


def log_in(settings: Settings, more: bytes, *, chunked: bool = False, ends: bytes = b"\r\n") -> bytes:
    body = json.dumps({"init_data": init_data(settings, age_s=1)}).encode()
    head = b"POST %s/auth/telegram HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n%s" % (API.encode(), more)
    if chunked:
        return head + b"transfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n%s" % (len(body), body, ends)
    return head + b"content-length: %d\r\n\r\n%s" % (len(body), body)


def answers(said: bytes) -> list[tuple[bytes, object]]:
    """Status line and body of each answer; what says to go on is none."""
    found = []
    said = said.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
    while said:
        head, _, rest = said.partition(b"\r\n\r\n")
        status, *lines = head.split(b"\r\n")
        length = int(next(line for line in lines if line.lower().startswith(b"content-length")).split()[1])
        found.append((status, json.loads(rest[:length])))
        said = rest[length:]
    return found


async def exchange(port: int, *parts: bytes, count: int) -> list[tuple[bytes, object]]:
    """What is answered on one connection to bytes that arrive in these parts, and to a last request behind them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0)
    writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    said = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    found = answers(said)
    assert found.pop() == (b"HTTP/1.1 200 OK", {"status": "ok"})
    assert len(found) == count
    return found


def user_of(answer: tuple[bytes, object]) -> object:
    status, body = answer
    assert status == b"HTTP/1.1 200 OK", body
    assert isinstance(body, dict)
    return body["user"]


async def test_the_answer_is_the_one_without_it(port: int, settings: Settings) -> None:
    plain = user_of((await exchange(port, log_in(settings, b""), count=1))[0])
    for name, more in ODD.items():
        request = log_in(settings, more)
        assert user_of((await exchange(port, request, count=1))[0]) == plain, name
        # In pieces that divide its head, its body and what comes behind it; in chunks; and several, sent ahead.
        cuts = [request[start : start + 97] for start in range(0, len(request), 97)]
        assert user_of((await exchange(port, *cuts, count=1))[0]) == plain, name
        trailed = log_in(settings, more, chunked=True, ends=b"content-type: text/plain\r\nupgrade: h2c\r\n\r\n")
        assert user_of((await exchange(port, trailed, count=1))[0]) == plain, name
        assert [user_of(each) for each in await exchange(port, trailed + request, count=2)] == [plain] * 2, name


async def test_refusals_and_reads_are_the_same_too(port: int) -> None:
    for request, status in (
        (b"GET /healthz HTTP/1.1\r\nhost: x\r\n%s\r\n", b"HTTP/1.1 200 OK"),
        (b"GET /api/v1/me HTTP/1.1\r\nhost: x\r\n%s\r\n", b"HTTP/1.1 401 Unauthorized"),
        (b"PUT /api/v1/wallet HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n%s\r\n{}", b"HTTP/1.1 401 Unauthorized"),
        (b"DELETE /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n%s\r\n{}", b"HTTP/1.1 404 Not Found"),
        (b"GET /api/v1/ws HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n%s\r\n{}", b"HTTP/1.1 404 Not Found"),
    ):
        plain = await exchange(port, request % b"", count=1)
        assert plain[0][0] == status
        for more in (ODD["h2c, as curl asks"], ODD["TLS inside"], ODD["nothing by name"]):
            assert await exchange(port, request % more, count=1) == plain
    body = b"content-length: 2\r\n" + ODD["a WebSocket, by POST"]
    opened = b"GET /api/v1/ws HTTP/1.1\r\nhost: x\r\n%s\r\n{}" % body
    assert (await exchange(port, opened, count=1))[0][0] == b"HTTP/1.1 404 Not Found"


SOCKET = b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"


async def test_a_websocket_opens_however_it_is_asked_for(port: int) -> None:
    for more in (
        b"connection: Upgrade\r\nupgrade: websocket\r\n",
        b"connection: upgrade\r\nconnection: keep-alive\r\nupgrade: websocket\r\n",
        b"connection: keep-alive,upgrade\r\nupgrade: h2c, WebSocket\r\ncontent-length: 0\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /api/v1/ws HTTP/1.1\r\nhost: x\r\n" + more + SOCKET)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)).startswith(b"HTTP/1.1 101 "), more
        writer.transport.abort()
    head = b"GET /api/v1/ws HTTP/1.0\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    assert b" 404 " in (await raw(port, head + SOCKET)).partition(b"\r\n")[0]  # of old HTTP no upgrade is taken


async def test_nobody_is_a_proxy_here(port: int) -> None:
    for target in (b"example.org:443", b"/healthz", b"http://example.org/"):
        answer = await raw(port, b"CONNECT %s HTTP/1.1\r\nhost: x\r\n\r\nabc" % target)
        assert answers(answer)[0][0] == b"HTTP/1.1 400 Bad Request"
