"""A page on another host than the API: let in from the one origin that the operator named, and from nowhere else."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
import pytest_asyncio
from starlette.middleware.cors import CORSMiddleware

from chance_tap.settings import Settings
from gateway.app import build_app
from tests.rest.conftest import API

PAGE = "https://play.example"


@pytest_asyncio.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app(replace(settings, web_app_origin=PAGE))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as opened,
    ):
        yield opened


def preflight(origin: str, method: str) -> dict[str, str]:
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization,content-type,idempotency-key,accept-language",
    }


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_the_page_may_ask(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.options(f"{API}/rooms/join", headers=preflight(PAGE, method))
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-credentials" not in answer.headers


async def test_answers_and_refusals_reach_the_page(client: httpx.AsyncClient) -> None:
    for path, status in ((f"{API}/offers", 200), (f"{API}/me", 401), (f"{API}/nothing", 404)):
        answer = await client.get(path, headers={"origin": PAGE})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["access-control-expose-headers"] == "retry-after"
        assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "http://play.example", f"{PAGE}.evil.example", "null"])
async def test_nobody_else_may(client: httpx.AsyncClient, origin: str) -> None:
    refused = await client.options(f"{API}/rooms/join", headers=preflight(origin, "POST"))
    assert refused.status_code == 400
    answer = await client.get(f"{API}/offers", headers={"origin": origin})
    assert "access-control-allow-origin" not in refused.headers
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [
        ("https://pr-7.game.pages.dev", True),
        ("https://game.pages.dev", False),
        ("https://pr-7.other.pages.dev", False),
        ("https://pr-7.game.pages.dev.evil.example", False),
        ("https://evil.example/x.game.pages.dev", False),
        ("https://pr-7.gamexpages.dev", False),
        ("http://pr-7.game.pages.dev", False),
    ],
)
async def test_previews_of_one_project(settings: Settings, origin: str, is_let_in: bool) -> None:
    app = build_app(replace(settings, web_app_origin="https://*.game.pages.dev"))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        answer = await client.options(f"{API}/rooms/join", headers=preflight(origin, "POST"))
    assert answer.headers.get("access-control-allow-origin") == (origin if is_let_in else None)


async def test_wallets_still_get_the_manifest_from_anywhere(client: httpx.AsyncClient) -> None:
    answer = await client.get("/tonconnect-manifest.json", headers={"origin": "https://wallet.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_without_the_setting_no_origin_is_named(settings: Settings) -> None:
    app = build_app(settings)
    assert settings.web_app_origin == ""
    assert CORSMiddleware.__name__ not in str(app.user_middleware)
