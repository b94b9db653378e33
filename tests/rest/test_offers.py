"""What the server offers is what its endpoints do not refuse."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chance_tap.settings import Settings
from gateway.app import build_app
from persistence.postgres.pool import Database
from tests.rest.conftest import API, hold_against_the_document, init_data

BOT = "987654:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQ1"
TON = {"ton_wallet_address": "0:" + "ab" * 32, "ton_nanoton_per_star": 10_000_000}
NO_SUCH_PLACE = {"telegram_api_url": "http://127.0.0.1:9"}

Open = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def opened(settings: Settings) -> Open:
    """A client, logged in, of a gateway with these settings."""

    @asynccontextmanager
    async def opened(**changes: Any) -> AsyncIterator[httpx.AsyncClient]:
        changed = replace(settings, **changes)
        app = build_app(changed)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
        ):
            client.event_hooks["response"].append(hold_against_the_document)
            session = (await client.post(f"{API}/auth/telegram", json={"init_data": init_data(changed)})).json()
            client.headers["authorization"] = f"Bearer {session['token']}"
            yield client

    return opened


async def offers(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get(f"{API}/offers", headers={"authorization": ""})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=60"
    return dict(answer.json())


def at(document: dict[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value[part]
    return value


@pytest.mark.parametrize(
    ("switch", "off", "on", "endpoint", "body"),
    [
        (
            "deposits.stars",
            {"stars_deposits": "off"},
            {"stars_deposits": "on", "bot_token": BOT, **NO_SUCH_PLACE},
            "/payments/stars",
            {"stars": 10},
        ),
        ("deposits.ton", {"ton_wallet_address": ""}, TON, "/payments/ton", {"stars": 10}),
        (
            "withdrawals.ton",
            {"withdrawals_ton": "off"},
            {"withdrawals_ton": "on", "ton_payout_key": "1" * 64, **TON},
            "/withdrawals",
            {"method": "ton", "stars": 100},
        ),
        (
            "withdrawals.premium",
            {"withdrawals_premium": "off", "demo_stars": 0},
            {"withdrawals_premium": "on", "bot_token": BOT, "demo_stars": 0, **NO_SUCH_PLACE},
            "/withdrawals",
            {"method": "premium", "stars": 1000, "months": 3},
        ),
        ("wallet", {"ton_connect_domains": ()}, {"ton_connect_domains": ("a.example",)}, "/wallet/proof", {}),
        # Less than one reward is no budget.
        ("bonus", {"bonus_budget_stars": 7_699}, {"bonus_budget_stars": 7_700}, "/bonus", {}),
        (
            "email",
            {"smtp_url": ""},
            {"smtp_url": "smtp+plain://127.0.0.1:9"},
            "/auth/register",
            {"email": "somebody@gmail.com", "password": "a long enough phrase"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_switch_says_whether_its_endpoint_is_forbidden(
    opened: Open, switch: str, off: dict[str, Any], on: dict[str, Any], endpoint: str, body: dict[str, Any]
) -> None:
    for changes, expected in ((off, False), (on, True)):
        async with opened(**changes) as client:
            assert at(await offers(client), switch) is expected
            answer = await client.post(f"{API}{endpoint}", json=body, headers={"idempotency-key": str(uuid4())})
            assert (answer.json().get("code") != "forbidden") is expected, answer.text


async def test_the_figures_are_those_of_the_settings(opened: Open) -> None:
    async with opened(
        bot_username="chance_bot",
        public_url="https://play.example",
        hero_wait_s=120,
        stars_max=77,
        ton_network="testnet",
    ) as client:
        said = await offers(client)
    assert said["bot_username"] == "chance_bot"
    assert said["wallet_manifest_url"] == "https://play.example/tonconnect-manifest.json"
    assert said["deposit_stars"] == {"min": 1, "max": 77}
    assert said["hero"]["wait_ms"] == 120_000
    assert said["hero"]["organizer_bps"] == 1000
    assert (said["ton_network"], said["ton_label"], said["demo"]) == ("testnet", "TON", True)
    assert said["withdrawals"]["premium_months"] == []


async def test_what_a_star_is_worth_is_an_estimate_of_those_who_pay_out(opened: Open) -> None:
    """Less than what a Star costs, by the spread: else both ways at one price cost nothing."""
    for spread_bps, paid in ((0, 10_000_000), (200, 9_800_000)):
        async with opened(withdrawals_ton="on", ton_payout_key="1" * 64, ton_spread_bps=spread_bps, **TON) as client:
            said = (await offers(client))["withdrawals"]
        assert (said["nanoton_per_star"], said["spread_bps"]) == (paid, spread_bps)
    async with opened(**TON) as client:
        assert at(await offers(client), "withdrawals.nanoton_per_star") is None


async def test_premium_has_its_prices_where_it_is_offered(opened: Open) -> None:
    async with opened(withdrawals_premium="on", bot_token=BOT, **NO_SUCH_PLACE) as client:
        said = await offers(client)
    assert said["withdrawals"]["premium_months"][0] == {"months": 3, "stars": 1000}
    assert said["demo"] is False


async def test_it_asks_no_store(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as client:
        monkeypatch.setattr(Database, "_take", None)
        await offers(client)
