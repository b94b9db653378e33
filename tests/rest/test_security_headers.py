"""Headers that every answer carries: nosniff everywhere, HSTS where the game is reached by https."""

from collections.abc import Mapping

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from gateway.proxies import TrustedProxies
from gateway.security_headers import HSTS, SecurityHeaders
from tests.rest.conftest import API, LogIn

BALANCER = "10.0.0.1"
STRANGER = "198.51.100.7"


async def headers(
    home_url: str, peer: str, sent: Mapping[str, str] | None = None, scheme: str = "http"
) -> httpx.Headers:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("hello")(scope, receive, send)

    served = SecurityHeaders(app, home_url, TrustedProxies((BALANCER,)))
    transport = httpx.ASGITransport(served, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://play.example") as client:
        answer = await client.get("/", headers=sent)
        assert answer.headers["x-content-type-options"] == "nosniff"
        return answer.headers


@pytest.mark.parametrize(
    ("home_url", "peer", "proto", "scheme", "secure"),
    [
        ("https://play.example", STRANGER, None, "http", True),
        ("http://127.0.0.1:8000", STRANGER, None, "https", True),
        ("http://127.0.0.1:8000", BALANCER, "https", "http", True),
        ("http://127.0.0.1:8000", BALANCER, "http", "http", False),
        ("http://127.0.0.1:8000", BALANCER, "https,http", "http", False),
        ("http://127.0.0.1:8000", STRANGER, "https", "http", False),
        ("http://127.0.0.1:8000", STRANGER, None, "http", False),
    ],
)
async def test_https_stays_https(home_url: str, peer: str, proto: str | None, scheme: str, secure: bool) -> None:
    sent = {"x-forwarded-proto": proto} if proto else {}
    found = (await headers(home_url, peer, sent, scheme)).get("strict-transport-security")
    assert found == (HSTS[1].decode() if secure else None)


async def test_answers_of_every_kind_are_not_sniffed(client: httpx.AsyncClient, log_in: LogIn) -> None:
    player = await log_in()
    for method, path in (
        ("GET", f"{API}/me"),
        ("GET", f"{API}/nowhere"),
        ("PUT", f"{API}/me"),
        ("GET", "/healthz"),
        ("GET", f"{API}/openapi.json"),
        ("GET", "/tonconnect-manifest.json"),
        ("GET", "/icon.png"),
        ("GET", "/"),
        ("POST", "/telegram/webhook"),
    ):
        answer = await client.request(method, path, headers=player.headers)
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"], (method, path)
