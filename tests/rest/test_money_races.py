"""Every way to move money, fired from many sides at once, through two gateways: one key has one effect and one answer,
and many keys together take no more than there is."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chance_tap.settings import Settings
from gateway.app import build_app
from gateway.rate_limits import Rate
from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.fixtures.accounts import earn
from tests.fixtures.postgres import Execute
from tests.payments.telegram import TOKEN
from tests.rest.conftest import API, code_of, hold_against_the_document, init_data
from tests.stand_ins.telegram import TelegramApi

SIDES = 60
STARS = 5000
ADDRESS = "0:" + "ab" * 32
IN_PROGRESS = (409, "idempotency_in_progress")
MISMATCH = (409, "idempotency_mismatch")


@dataclass(frozen=True)
class MoneyRequest:
    """A request that moves money, another one like it, and where its effects are counted."""

    path: str
    body: dict[str, Any]
    other: dict[str, Any]
    effects: str
    takes: int = 0


PAYMENTS = "SELECT count(*), sum(stars) FROM pay.payments"
WITHDRAWALS = "SELECT count(*), sum(stars) FROM pay.withdrawals"
REQUESTS = {
    "stars": MoneyRequest("/payments/stars", {"stars": 50}, {"stars": 60}, PAYMENTS),
    "ton": MoneyRequest("/payments/ton", {"stars": 50}, {"stars": 60}, PAYMENTS),
    "withdraw ton": MoneyRequest(
        "/withdrawals", {"stars": 500, "method": "ton"}, {"stars": 600, "method": "ton"}, WITHDRAWALS, 500
    ),
    "withdraw premium": MoneyRequest(
        "/withdrawals",
        {"stars": 1000, "method": "premium", "months": 3},
        {"stars": 1500, "method": "premium", "months": 6},
        WITHDRAWALS,
        1000,
    ),
}


@pytest.fixture
def settings(settings: Settings, telegram_api: TelegramApi) -> Settings:
    return replace(
        settings,
        bot_token=TOKEN,
        telegram_api_url=telegram_api.url,
        stars_deposits="on",
        ton_wallet_address="0:" + "5f" * 32,
        ton_nanoton_per_star=13_000_000,
        withdrawals_ton="on",
        withdrawals_premium="on",
        ton_payout_key="11" * 32,
        demo_stars=0,
    )


@pytest_asyncio.fixture
async def sides(settings: Settings, execute: Execute, db: Database) -> AsyncIterator[Callable[..., Any]]:
    """`await sides(wanted, key, body)`: one of two gateways is asked, in turn, by a player with a wallet and Stars."""
    async with AsyncExitStack() as stack:
        clients = []
        for number in range(2):
            app = build_app(settings)
            await stack.enter_async_context(app.router.lifespan_context(app))
            rates = app.state.services.rates
            rates.user = rates.payment = rates.withdrawal = Rate(per_s=1e6, burst=1_000_000)
            transport = httpx.ASGITransport(app, client=(f"192.0.2.{number + 1}", 1234))
            client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://test"))
            client.event_hooks["response"].append(hold_against_the_document)
            clients.append(client)
        login = await clients[0].post(f"{API}/auth/telegram", json={"init_data": init_data(settings)})
        session = login.json()
        await earn(db, int(session["user"]["user_id"]), STARS)
        execute(
            "INSERT INTO pay.wallets (user_id, network, address, public_key) VALUES (%s, 'mainnet', %s, %s)",
            int(session["user"]["user_id"]), ADDRESS, "cd" * 32,
        )  # fmt: skip
        turn = itertools.cycle(clients)

        async def ask(wanted: MoneyRequest, key: str, body: dict[str, Any] | None = None) -> httpx.Response:
            headers = {"authorization": f"Bearer {session['token']}", "idempotency-key": key}
            return await next(turn).post(f"{API}{wanted.path}", json=body or wanted.body, headers=headers)

        yield ask


def balance(execute: Execute) -> int:
    return int(execute("SELECT sum(balance) FROM ledger.balances WHERE user_id IS NOT NULL")[0][0])


@pytest.mark.parametrize("wanted", REQUESTS.values(), ids=list(REQUESTS))
async def test_one_key_has_one_effect_and_one_answer(
    sides: Callable[..., Any], execute: Execute, db: Database, wanted: MoneyRequest
) -> None:
    answers = await asyncio.gather(*(sides(wanted, "one") for _ in range(SIDES)))
    assert {code_of(answer) for answer in answers if answer.status_code != 200} <= {IN_PROGRESS}
    last = await sides(wanted, "one")
    assert {answer.content for answer in answers if answer.status_code == 200} == {last.content}
    assert code_of(await sides(wanted, "one", wanted.other)) == MISMATCH
    assert execute(wanted.effects) == [(1, wanted.body["stars"])]
    assert balance(execute) == STARS - wanted.takes
    assert await audit(db) == []


@pytest.mark.parametrize("wanted", REQUESTS.values(), ids=list(REQUESTS))
async def test_one_key_with_two_bodies_has_the_effect_of_one(
    sides: Callable[..., Any], execute: Execute, db: Database, wanted: MoneyRequest
) -> None:
    bodies = [wanted.body, wanted.other] * (SIDES // 2)
    answers = await asyncio.gather(*(sides(wanted, "one", body) for body in bodies))
    assert {code_of(answer) for answer in answers if answer.status_code != 200} <= {IN_PROGRESS, MISMATCH}
    ((count, stars),) = execute(wanted.effects)
    assert (count, stars in (wanted.body["stars"], wanted.other["stars"])) == (1, True)
    won = {body["stars"] for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 200}
    assert won <= {stars}
    assert balance(execute) == STARS - (stars if wanted.takes else 0)
    assert await audit(db) == []


@pytest.mark.parametrize("name", ["withdraw ton", "withdraw premium"])
async def test_many_keys_take_no_more_than_there_is(
    sides: Callable[..., Any], execute: Execute, db: Database, name: str
) -> None:
    wanted = REQUESTS[name]
    answers = await asyncio.gather(*(sides(wanted, f"key-{n}") for n in range(SIDES)))
    taken = [answer for answer in answers if answer.status_code == 200]
    assert {code_of(each) for each in answers if each not in taken} == {(402, "insufficient_balance")}
    assert len(taken) == STARS // wanted.takes
    assert execute(wanted.effects) == [(len(taken), STARS)]
    assert balance(execute) == 0
    assert await audit(db) == []


class TestTotals:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, withdrawal_account_day_stars=2600, withdrawal_house_day_stars=10_000)

    async def test_many_keys_pass_no_total_of_the_day(self, sides: Callable[..., Any], execute: Execute) -> None:
        wanted = REQUESTS["withdraw ton"]
        answers = await asyncio.gather(*(sides(wanted, f"key-{n}") for n in range(SIDES)))
        refused = {code_of(answer) for answer in answers if answer.status_code != 200}
        assert refused == {(403, "limit_reached")}
        assert execute(wanted.effects) == [(5, 2500)]
        assert balance(execute) == STARS - 2500


@pytest.mark.parametrize("name", ["stars", "ton"])
async def test_many_keys_make_no_more_orders_than_may_wait(
    sides: Callable[..., Any], execute: Execute, name: str
) -> None:
    answers = await asyncio.gather(*(sides(REQUESTS[name], f"key-{n}") for n in range(SIDES)))
    refused = {code_of(answer) for answer in answers if answer.status_code != 200}
    assert refused == {(409, "conflict")}
    assert execute(PAYMENTS) == [(20, 20 * 50)]
