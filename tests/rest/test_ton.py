"""POST /payments/ton: an order with what to send where, once for a key; off unless there is an address."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest

from chance_tap.settings import Settings
from tests.rest.conftest import API, LogIn, Player, code_of
from tests.stand_ins.toncenter import boc, comment_body

HOUSE = "0:" + "5f" * 32
PATH = f"{API}/payments/ton"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, ton_wallet_address=HOUSE.upper(), ton_nanoton_per_star=13_000_000, ton_max_stars=5000)


async def order(client: httpx.AsyncClient, player: Player, body: Any, key: str = "k1") -> httpx.Response:
    return await client.post(PATH, json=body, headers=player.headers | {"idempotency-key": key})


async def test_an_order_says_what_to_send(client: httpx.AsyncClient, log_in: LogIn) -> None:
    player = await log_in()
    payment = (await order(client, player, {"stars": 100})).json()["payment"]
    assert (payment["method"], payment["state"], payment["stars"], payment["credited"]) == ("ton", "pending", 100, 0)
    ton = payment["ton"]
    memo = ton.pop("memo")
    assert re.fullmatch("[0-9A-Z]{16}", memo)
    assert ton.pop("payload") == boc(comment_body(memo))
    assert ton == {"address": HOUSE, "nanoton": 1_300_000_000, "rate": 13_000_000, "network": "mainnet"}
    assert payment["expires_ms"] - payment["created_ms"] == 900_000

    listed = (await client.get(f"{API}/payments", headers=player.headers)).json()["payments"]
    assert listed == [payment | {"ton": ton | {"memo": memo, "payload": boc(comment_body(memo))}}]
    gone = await client.post(f"{API}/payments/{payment['payment_id']}/cancel", headers=player.headers)
    assert gone.json()["payment"]["state"] == "cancelled"


async def test_one_key_is_one_order_from_many_sides_at_once(client: httpx.AsyncClient, log_in: LogIn) -> None:
    player = await log_in()
    answers = await asyncio.gather(*(order(client, player, {"stars": 100}) for _ in range(12)))
    assert {a.status_code for a in answers} <= {200, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"idempotency_in_progress"}
    assert len({a.content for a in answers if a.status_code == 200}) == 1
    assert code_of(await order(client, player, {"stars": 101})) == (409, "idempotency_mismatch")
    assert len((await client.get(f"{API}/payments", headers=player.headers)).json()["payments"]) == 1


@pytest.mark.parametrize("stars", [0, 9, 5001, -1, "100", 1.5, None, 10**30])
async def test_amounts_out_of_bounds(client: httpx.AsyncClient, log_in: LogIn, stars: Any) -> None:
    player = await log_in()
    assert code_of(await order(client, player, {"stars": stars})) == (400, "invalid_request")


async def test_without_a_key_or_with_too_many_orders(client: httpx.AsyncClient, log_in: LogIn) -> None:
    player = await log_in()
    assert (await client.post(PATH, json={"stars": 100}, headers=player.headers)).status_code == 400
    codes = [(await order(client, player, {"stars": 100}, f"k{n}")).status_code for n in range(21)]
    assert codes == [200] * 20 + [409]


class TestOff:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, ton_wallet_address="")

    async def test_it_is_refused(self, client: httpx.AsyncClient, log_in: LogIn) -> None:
        assert code_of(await order(client, await log_in(), {"stars": 100})) == (403, "forbidden")


class TestNoPrice:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, ton_nanoton_per_star=0, ton_rate_url="http://127.0.0.1:9/rate")

    async def test_nobody_can_order_without_a_price(self, client: httpx.AsyncClient, log_in: LogIn) -> None:
        player = await log_in()
        assert code_of(await order(client, player, {"stars": 100})) == (503, "temporarily_unavailable")
        # Nothing was taken under the key: it is good later.
        assert (await client.get(f"{API}/payments", headers=player.headers)).json()["payments"] == []
