"""The manifest of TON Connect and its icon: public, from any origin, with the address that the operator gave."""

import struct
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from gateway.app import build_app

MANIFEST = "/tonconnect-manifest.json"
PUBLIC_URL = "https://play.example"


@pytest.fixture
def ask(settings: Settings) -> Callable[..., httpx.AsyncClient]:
    """A client of a gateway with these settings; what it asks for here needs no store."""

    def ask(**changes: str) -> httpx.AsyncClient:
        app: Starlette = build_app(replace(settings, **changes))  # type: ignore[arg-type]
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")

    return ask


async def test_wallets_get_the_manifest_and_an_icon(ask: Callable[..., httpx.AsyncClient]) -> None:
    async with ask(public_url=f"{PUBLIC_URL}/") as client:
        answer = await client.get(MANIFEST, headers={"origin": "https://wallet.example"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.json() == {"url": PUBLIC_URL, "name": "Chance Tap", "iconUrl": f"{PUBLIC_URL}/icon.png"}

        icon = await client.get(answer.json()["iconUrl"].removeprefix(PUBLIC_URL))
        assert (icon.status_code, icon.headers["content-type"]) == (200, "image/png")
        assert icon.headers["access-control-allow-origin"] == "*"
        assert icon.content.startswith(b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">II", icon.content[16:24])
        assert width == height >= 180

        head = await client.head(MANIFEST)
        assert (head.status_code, head.content) == (200, b"")
        assert (await client.post(MANIFEST)).status_code == 405


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"public_url": PUBLIC_URL}, f"{PUBLIC_URL}{MANIFEST}"),
        ({"mini_app_url": "https://app.example/"}, f"https://app.example{MANIFEST}"),
        (
            {"public_url": PUBLIC_URL, "ton_connect_manifest_url": "https://cdn.example/m.json"},
            "https://cdn.example/m.json",
        ),
        ({}, ""),
        ({"public_url": "http://192.0.2.1"}, ""),
    ],
)
def test_the_chat_names_a_manifest_that_wallets_can_reach(
    settings: Settings, changes: dict[str, str], expected: str
) -> None:
    assert replace(settings, **changes).wallet_manifest_url == expected  # type: ignore[arg-type]
