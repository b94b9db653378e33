"""The real server: raw bytes, limits of patience, an orderly end."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
import uvicorn

from chance_tap.settings import Settings
from gateway.rest import uvicorn_http
from gateway.server import configuration
from tests.rest.conftest import API, code_of, init_data


@pytest_asyncio.fixture
async def port(settings: Settings) -> AsyncIterator[int]:
    server = uvicorn.Server(configuration(settings))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        opened: int = listener.getsockname()[1]
        # The socket listens already: this waits until the application has started.
        assert b'"ok"' in await raw(opened, b"GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n")
        yield opened
        server.should_exit = True
        await serving


async def raw(port: int, request: bytes) -> bytes:
    """What the server says to these bytes until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


async def test_a_login_and_a_look_over_the_wire(port: int, settings: Settings) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        session = (await client.post(f"{API}/auth/telegram", json={"init_data": init_data(settings)})).json()
        headers = {"authorization": f"Bearer {session['token']}"}
        assert (await client.get(f"{API}/me", headers=headers)).json() == session["user"]
        head = await client.head(f"{API}/me", headers=headers)
        assert (head.status_code, head.content) == (200, b"")
        assert (await client.get("/readyz")).json() == {"status": "ok"}
        assert code_of(await client.get("/metrics")) == (404, "not_found")  # it has a port of its own
        assert (await client.get(f"{API}/openapi.json")).json()["openapi"] == "3.1.0"


async def test_bytes_that_are_no_request(port: int) -> None:
    for request in (b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"):
        answer = await raw(port, request)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "invalid_request"


async def test_who_sends_far_too_much_gets_the_answer(port: int) -> None:
    """Closing on unread bytes would reset the connection, and the answer with it."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for path, status in ((f"{API}/auth/telegram", 413), (f"{API}/rooms/join", 401), ("/nowhere", 404)) * 2:
            answer = await client.post(path, content=b" " * 5_000_000, headers={"content-type": "application/json"})
            assert answer.status_code == status
        assert (await client.get("/healthz")).status_code == 200


async def test_a_body_without_end_is_cut_off(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_http, "LATE_BODY_TIME_S", 0.05)
    head = b"POST /api/v1/auth/telegram HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    assert b'"too_large"' in await raw(port, head + b"transfer-encoding: chunked\r\n\r\n" + chunk * 5)
    assert b'"too_large"' in await raw(port, head + b"content-length: 99999999\r\n\r\n{")


async def test_a_head_without_end_is_cut_off(port: int) -> None:
    answer = await raw(port, b"GET / HTTP/1.1\r\nx: " + b"y" * (uvicorn_http.MAX_HEAD_BYTES + 1))
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_connections_that_say_nothing_are_closed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_http, "HEAD_TIME_S", 0.05)
    answers = await asyncio.gather(*(raw(port, b"") for _ in range(100)), raw(port, b"GET / HTTP/1.1\r\nx: "))
    assert set(answers) == {b""}
