"""What comes from others' servers: toncenter's answers and the price of a TON, and what is done when they fail."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from persistence.ton.exchange_rates import HttpRate, RateUnavailable
from persistence.ton.toncenter import ChainRefused, ChainUnavailable
from persistence.ton.toncenter import Toncenter as Client
from tests.stand_ins.toncenter import Toncenter
from tests.stand_ins.wallet import Wallet
from tests.ton.conftest import HOUSE


async def test_what_may_pass_is_asked_again(client: Client, toncenter: Toncenter) -> None:
    toncenter.chain.send(HOUSE, 5, "x")
    toncenter.faults = [429, "drop", 503]
    assert len((await client.transactions(HOUSE, start_lt=0)).row) == 1
    toncenter.faults = [500] * 4
    with pytest.raises(ChainUnavailable):
        await client.transactions(HOUSE, start_lt=0)
    toncenter.faults = [422]
    with pytest.raises(ChainRefused):
        await client.transactions(HOUSE, start_lt=0)
    assert toncenter.faults == []


async def test_half_a_transaction_is_none_and_hides_no_other(client: Client, toncenter: Toncenter) -> None:
    tx, other = [toncenter.chain.send(HOUSE, 5, "x") for _ in range(2)]
    broken: list[dict[str, Any]] = [
        {"lt": None},
        {"hash": "x"},
        {"description": {}},
        {"in_msg": 5},
        {"account": "EQ"},
        {"lt": str(2**63)},
        {"now": 2**40},
    ]
    for change in broken:
        kept = dict(tx.json)
        tx.json.update(change)
        page = await client.transactions(HOUSE, start_lt=0)
        assert [each.lt for each in page.transactions] == [other.lt]
        assert len(page.odd) == 1
        assert page.last_lt == other.lt
        tx.json.clear()
        tx.json.update(kept)
    page = await client.transactions(HOUSE, start_lt=0)
    assert ([each.lt for each in page.transactions], page.odd) == ([tx.lt, other.lt], [])


async def test_what_is_not_final_yet_is_not_set_aside(client: Client, toncenter: Toncenter) -> None:
    tx = toncenter.chain.send(HOUSE, 5, "x", final=False)
    tx.json["in_msg"] = 5
    page = await client.transactions(HOUSE, start_lt=0)
    assert (page.row, page.odd) == ([], [])


async def test_the_key_goes_with_each_request(toncenter: Toncenter) -> None:
    toncenter.api_key = "secret"
    async with Client(toncenter.url, api_key="secret", per_s=1e6) as with_key:
        assert (await with_key.transactions(HOUSE, start_lt=0)).row == []
    async with Client(toncenter.url, per_s=1e6) as without:
        with pytest.raises(ChainRefused):
            await without.transactions(HOUSE, start_lt=0)


async def test_public_keys_of_contracts(client: Client, toncenter: Toncenter) -> None:
    wallet = Wallet(9)
    assert await client.public_key(wallet.address) is None
    toncenter.chain.set_public_key(wallet.address, wallet.public_key)
    assert await client.public_key(wallet.address) == bytes.fromhex(wallet.public_key)


class Prices:
    """A server that says what a TON costs."""

    def __init__(self) -> None:
        self.answer: Any = {"rates": {"TON": {"prices": {"USD": 3.25}}}}
        self.asked = 0
        self.now = 1000.0
        self.url = ""

    async def tell(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response(self.answer, status=200 if self.answer is not None else 503)

    def source(self) -> HttpRate:
        return HttpRate(
            self.url,
            "rates.TON.prices.USD",
            stars_per_usd=77,
            max_age_s=300,
            bounds_usd=(Decimal("0.1"), Decimal(100)),
            clock=lambda: self.now,
        )


@pytest_asyncio.fixture
async def prices() -> AsyncIterator[Prices]:
    server = Prices()
    app = web.Application()
    app.router.add_get("/", server.tell)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield server
    await runner.cleanup()


async def test_a_price_is_kept_for_a_while_and_never_too_long(prices: Prices) -> None:
    source = prices.source()
    try:
        assert (source.known(), prices.asked) == (None, 0)
        # 1e9 / (3.25 * 77) = 3996003.99…, for the house
        assert [await source.nanoton_per_star() for _ in range(3)] == [3_996_004] * 3
        assert prices.asked == 1
        prices.answer = None
        prices.now += 299
        assert await source.nanoton_per_star() == source.known() == 3_996_004
        prices.now += 2
        assert source.known() is None
        with pytest.raises(RateUnavailable):
            await source.nanoton_per_star()
        prices.answer = {"rates": {"TON": {"prices": {"USD": "6.5"}}}}
        prices.now += 6
        assert await source.nanoton_per_star() == 1_998_002
    finally:
        await source.close()


@pytest.mark.parametrize("usd", [0, -1, 0.01, 1000, "NaN", "1e999", True, None, [], "much"])
async def test_prices_that_are_none(prices: Prices, usd: Any) -> None:
    prices.answer = {"rates": {"TON": {"prices": {"USD": usd}}}}
    source = prices.source()
    try:
        with pytest.raises(RateUnavailable):
            await source.nanoton_per_star()
    finally:
        await source.close()
