"""Clients that do not read: what lies here for them is bounded, in time and in bytes."""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.rest import uvicorn_http
from gateway.rest.uvicorn_http import LimitedHttpProtocol
from gateway.web_app import WebApp
from tests.fixtures.waiting import eventually

SIZE = 8 * 1024 * 1024
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    """An answer that no socket's buffers hold."""
    headers = [(b"content-length", str(SIZE).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"x" * SIZE})


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[tuple[int, uvicorn.Server]]:
    config = uvicorn.Config(app, http=LimitedHttpProtocol, ws="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await eventually("the server runs", lambda: server.started)
        yield listener.getsockname()[1], server
        server.should_exit = server.force_exit = True
        await task


@asynccontextmanager
async def reader(port: int, request: bytes = GET) -> AsyncIterator[asyncio.StreamReader]:
    """Somebody who asks, and reads only when the test does."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    opened.setblocking(False)
    await asyncio.get_running_loop().sock_connect(opened, ("127.0.0.1", port))
    stream, writer = await asyncio.open_connection(sock=opened, limit=1024)
    try:
        writer.write(request)
        yield stream
    finally:
        writer.transport.abort()


def held(server: uvicorn.Server) -> int:
    """Bytes that lie in the server for its clients."""
    return sum(protocol.transport.get_write_buffer_size() for protocol in server.server_state.connections)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_http, "LOOK_S", 0.02)


async def test_an_answer_that_nobody_takes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_http, "UNREAD_TIME_S", 0.2)
    async with serving(large) as (port, server), reader(port):
        await eventually("the answer lies here", lambda: held(server) > SIZE // 2)
        await eventually("it is given up", lambda: not server.server_state.connections)


async def test_one_that_is_closing_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_http, "UNREAD_TIME_S", 0.2)
    async with serving(large) as (port, server), reader(port, b"GET / HTTP/1.0\r\n\r\n"):
        await eventually("the answer lies here", lambda: held(server) > SIZE // 2)
        await eventually("it is given up", lambda: not server.server_state.connections)


async def test_who_reads_slowly_gets_the_whole_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_http, "UNREAD_TIME_S", 2.0)
    async with serving(large) as (port, _), reader(port) as stream:
        await stream.readuntil(b"\r\n\r\n")
        received = 0
        while received < SIZE:
            received += len(await stream.readexactly(min(SIZE - received, SIZE // 16)))
            await asyncio.sleep(0.01)  # a pause between reads is what slow is
        assert received == SIZE


async def test_all_together_hold_no_more_than_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_http, "MAX_UNREAD_BYTES", 3 * SIZE)
    async with serving(large) as (port, server), contextlib.AsyncExitStack() as readers:
        for _ in range(8):
            await readers.enter_async_context(reader(port))
        connections = server.server_state.connections
        await eventually("some are given up", lambda: 0 < len(connections) < 8 and held(server) <= 3 * SIZE)


async def test_requests_sent_ahead_are_bounded() -> None:
    begun = 0

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal begun
        begun += 1
        await asyncio.Event().wait()

    async with serving(slow) as (port, server), reader(port, GET * 5000) as stream:
        with contextlib.suppress(ConnectionResetError):  # there is more of it than anybody reads
            assert await stream.read() == b""
        assert begun == 1
        for task in list(server.server_state.tasks):
            task.cancel()


@pytest.mark.parametrize("ahead", [1, 2])
@pytest.mark.parametrize("way", ["reset", "close"])
async def test_who_leaves_in_the_middle_of_a_download_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, way: str, ahead: int
) -> None:
    (tmp_path / "index.html").write_bytes(b"x" * SIZE)
    (tmp_path / "_headers").write_text("/*\n  x: y\n")
    finished: list[bool] = []
    files = WebApp(tmp_path)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await files(scope, receive, send)
        finished.append(True)

    for served in (app, observed(large, finished)):
        finished.clear()
        async with serving(served) as (port, _):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(GET * ahead)
                await asyncio.to_thread(client.recv, 1024)
                if way == "reset":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await eventually("the answer has ended", lambda: finished)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def observed(app: Callable[[Scope, Receive, Send], Awaitable[None]], finished: list[bool]) -> ASGIApp:
    async def observing(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        finished.append(True)

    return observing
