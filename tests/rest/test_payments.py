"""/payments over HTTP: ordering, looking, giving up; and one key from many sides."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from chance_tap.settings import Settings
from gateway.rate_limits import Rate
from tests.payments.telegram import TOKEN, Telegram
from tests.rest.conftest import API, LogIn, Player
from tests.stand_ins.telegram import TelegramApi

PATH = f"{API}/payments"


@pytest.fixture
def telegram(telegram_api: TelegramApi) -> Telegram:
    return Telegram(telegram_api)


@pytest.fixture
def settings(settings: Settings, telegram: Telegram) -> Settings:
    return replace(settings, bot_token=TOKEN, telegram_api_url=telegram.url, stars_deposits="on", stars_max=500)


async def order(client: httpx.AsyncClient, player: Player, stars: Any = 50, key: str | None = "k") -> httpx.Response:
    headers = player.headers if key is None else player.headers | {"idempotency-key": key}
    return await client.post(f"{PATH}/stars", json={"stars": stars}, headers=headers)


async def test_an_order_from_its_link_to_its_end(
    app: Starlette, client: httpx.AsyncClient, log_in: LogIn, telegram: Telegram
) -> None:
    player, stranger = await log_in(7, language_code="ru"), await log_in(8)
    answer = await order(client, player)
    assert answer.status_code == 200, answer.text
    payment = answer.json()["payment"]
    assert (payment["state"], payment["method"], payment["stars"], payment["ton"]) == ("pending", "stars", 50, None)
    invoice = telegram.invoices[payment["invoice_link"]]
    assert invoice.title == "Chance Tap: звёзды, 50"
    assert invoice.payload not in answer.text
    assert (await order(client, player)).content == answer.content
    assert (await order(client, player, 51)).json()["code"] == "idempotency_mismatch"

    path = f"{PATH}/{payment['payment_id']}"
    assert (await client.get(path, headers=player.headers)).json()["payment"] == payment
    assert (await client.get(path, headers=stranger.headers)).status_code == 404
    assert (await client.post(f"{path}/cancel", headers=stranger.headers)).status_code == 404
    cancelled = await client.post(f"{path}/cancel", headers=player.headers)
    assert cancelled.json()["payment"]["state"] == "cancelled"
    assert (await client.post(f"{path}/cancel", headers=player.headers)).content == cancelled.content

    await app.state.services.stars.paid(telegram.pay(payment["invoice_link"], 7))
    paid = (await client.get(path, headers=player.headers)).json()["payment"]
    assert (paid["state"], paid["credited"]) == ("paid", 50)
    assert (await client.post(f"{path}/cancel", headers=player.headers)).json()["code"] == "conflict"
    lines = (await client.get(f"{API}/statement", headers=player.headers)).json()["entries"]
    assert [(line["kind"], line["amount"]) for line in lines[:1]] == [("deposit", 50)]


async def test_the_list_has_pages(client: httpx.AsyncClient, log_in: LogIn) -> None:
    player = await log_in()
    made = [(await order(client, player, 10 + n, f"k{n}")).json()["payment"] for n in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        query = f"?limit=2&cursor={cursor}" if cursor else "?limit=2"
        page = (await client.get(f"{PATH}{query}", headers=player.headers)).json()
        seen += page["payments"]
        cursor = page["next_cursor"]
    assert seen == made[::-1]
    for query in ("?limit=0", "?limit=201", "?limit=x", "?cursor=x", "?cursor=-1", "?cursor="):
        assert (await client.get(f"{PATH}{query}", headers=player.headers)).status_code == 400


@pytest.mark.parametrize("stars", [0, -1, 501, 1_000_001, 2**70, "50", 1.5, None, True, [50]])
async def test_amounts_out_of_bounds(client: httpx.AsyncClient, log_in: LogIn, stars: Any) -> None:
    answer = await order(client, await log_in(), stars)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_what_is_no_payment(client: httpx.AsyncClient, log_in: LogIn) -> None:
    player = await log_in()
    for name in ("x", "00000000-0000-4000-8000-000000000000", "A" * 36, "%00", "0" * 32):
        assert (await client.get(f"{PATH}/{name}", headers=player.headers)).status_code == 404
    assert (await order(client, player, key=None)).status_code == 400


async def test_one_key_from_many_sides_makes_one_order(
    app: Starlette, client: httpx.AsyncClient, log_in: LogIn, telegram: Telegram
) -> None:
    player = await log_in()
    app.state.services.rates.payment = Rate(per_s=1e6, burst=1_000_000)
    answers = await asyncio.gather(*(order(client, player) for _ in range(50)))
    codes = {answer.json().get("code", "ok") for answer in answers}
    assert codes <= {"ok", "idempotency_in_progress"}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert telegram.count("createInvoiceLink") == 1
    assert len((await client.get(PATH, headers=player.headers)).json()["payments"]) == 1


async def test_switched_off_and_telegram_away(
    app: Starlette, client: httpx.AsyncClient, log_in: LogIn, telegram: Telegram
) -> None:
    player = await log_in()
    telegram.fail("createInvoiceLink", 500, "Internal Server Error")
    assert (await order(client, player)).json()["code"] == "temporarily_unavailable"
    again = await order(client, player)
    assert again.json()["payment"]["invoice_link"] in telegram.invoices
    assert len((await client.get(PATH, headers=player.headers)).json()["payments"]) == 1
    flows = app.state.services.stars
    flows._settings = replace(flows._settings, stars_deposits="off")
    assert (await order(client, player, key="k2")).json()["code"] == "forbidden"


async def test_orders_have_a_rate(app: Starlette, client: httpx.AsyncClient, log_in: LogIn) -> None:
    player = await log_in()
    app.state.services.rates.payment = Rate(per_s=0.001, burst=1)
    assert (await order(client, player)).status_code == 200
    assert (await order(client, player, key="k2")).json()["code"] == "rate_limited"
