"""/withdrawals as clients see it, and the command line."""

import dataclasses
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chance_tap.settings import Settings
from cli.main import main
from persistence.postgres import withdrawals
from persistence.postgres.pool import Database
from tests.fixtures.accounts import earn
from tests.payments.telegram import TOKEN
from tests.payouts.conftest import KEY, RATE
from tests.rest.conftest import API, LogIn, Player, app, client, log_in  # noqa: F401 - fixtures

PAID = RATE * 98 // 100
"""What is paid for a Star: less than its price, by the spread."""
ADDRESS = "0:" + "ab" * 32


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return dataclasses.replace(
        settings,
        bot_token=TOKEN,
        withdrawals_ton="on",
        withdrawals_premium="on",
        ton_payout_key=KEY,
        ton_nanoton_per_star=RATE,
        demo_stars=0,
    )


@pytest_asyncio.fixture
async def player(log_in: LogIn, execute: Callable[..., Any], db: Database) -> AsyncIterator[Player]:  # noqa: F811
    made = await log_in(21)
    await earn(db, int(made.user_id), 3000)
    execute(
        "INSERT INTO pay.wallets (user_id, network, address, public_key) VALUES (%s, 'mainnet', %s, %s)",
        int(made.user_id),
        ADDRESS,
        "cd" * 32,
    )
    yield made


async def test_asked_for_repeated_and_listed(client: httpx.AsyncClient, player: Player) -> None:  # noqa: F811
    headers = {**player.headers, "idempotency-key": "one"}
    body = {"stars": 500, "method": "ton"}
    first = await client.post(f"{API}/withdrawals", headers=headers, json=body)
    assert first.status_code == 200, first.text
    made = first.json()["withdrawal"]
    assert (made["state"], made["stars"], made["months"]) == ("held", 500, None)
    ton = {"address": ADDRESS, "network": "mainnet", "nanoton": 500 * PAID, "rate": PAID, "transaction": None}
    assert made["ton"] == ton
    assert (await client.post(f"{API}/withdrawals", headers=headers, json=body)).content == first.content
    other = await client.post(f"{API}/withdrawals", headers=headers, json={**body, "stars": 501})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    gift = {"stars": 1500, "method": "premium", "months": 6}
    given = await client.post(f"{API}/withdrawals", headers={**headers, "idempotency-key": "two"}, json=gift)
    assert given.json()["withdrawal"]["months"] == 6
    page = (await client.get(f"{API}/withdrawals?limit=1", headers=player.headers)).json()
    assert page["withdrawals"] == [given.json()["withdrawal"]]
    rest = (await client.get(f"{API}/withdrawals?cursor={page['next_cursor']}", headers=player.headers)).json()
    assert (rest["withdrawals"], rest["next_cursor"]) == ([made], None)
    assert (await client.get(f"{API}/me", headers=player.headers)).json()["balance"] == 1000
    over = await client.post(
        f"{API}/withdrawals", headers={**headers, "idempotency-key": "three"}, json={**body, "stars": 1001}
    )
    assert (over.status_code, over.json()["details"]) == (402, {"needed": 1001, "balance": 1000})
    statement = (await client.get(f"{API}/statement", headers=player.headers)).json()
    assert "withdrawal" in json.dumps(statement)


@pytest.mark.parametrize(
    "body",
    [
        {"method": "ton"},
        {"stars": 500},
        {"stars": 0, "method": "ton"},
        {"stars": -500, "method": "ton"},
        {"stars": 10**15, "method": "ton"},
        {"stars": "500", "method": "ton"},
        {"stars": 500.0, "method": "ton"},
        {"stars": 99, "method": "ton"},
        {"stars": 10_001, "method": "ton"},
        {"stars": 500, "method": "gold"},
        {"stars": 500, "method": "ton", "months": 3},
        {"stars": 1000, "method": "premium"},
        {"stars": 1000, "method": "premium", "months": 4},
        {"stars": 1000, "method": "premium", "months": 6},
        {"stars": 999, "method": "premium", "months": 3},
    ],
)
async def test_what_is_no_withdrawal_is_refused(client: httpx.AsyncClient, player: Player, body: Any) -> None:  # noqa: F811
    headers = {**player.headers, "idempotency-key": "one"}
    refused = await client.post(f"{API}/withdrawals", headers=headers, json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    assert (await client.get(f"{API}/me", headers=player.headers)).json()["balance"] == 3000


async def test_another_sees_nothing_of_it(client: httpx.AsyncClient, player: Player, log_in: LogIn) -> None:  # noqa: F811
    headers = {**player.headers, "idempotency-key": "one"}
    await client.post(f"{API}/withdrawals", headers=headers, json={"stars": 500, "method": "ton"})
    stranger = await log_in(22)
    assert (await client.get(f"{API}/withdrawals", headers=stranger.headers)).json()["withdrawals"] == []


async def test_the_command_line(
    client: httpx.AsyncClient,  # noqa: F811
    player: Player,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import asyncio

    headers = {**player.headers, "idempotency-key": "one"}
    made = await client.post(f"{API}/withdrawals", headers=headers, json={"stars": 500, "method": "ton"})
    withdrawal_id = made.json()["withdrawal"]["withdrawal_id"]
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("REDIS_URL", settings.redis_url)
    monkeypatch.setenv("TON_PAYOUT_KEY", KEY)

    async def run(*words: str) -> tuple[int, Any]:
        code = await asyncio.to_thread(main, ["withdrawals", *words, "--json"])
        printed = capsys.readouterr().out
        return code, json.loads(printed)

    code, listed = await run("list", "--state", "held")
    assert (code, [each["withdrawal_id"] for each in listed["withdrawals"]]) == (0, [withdrawal_id])
    assert (await run("paid", withdrawal_id))[0] == 1
    code, refused = await run("refuse", withdrawal_id, "--by", "olga")
    assert (code, refused["withdrawal"]["state"], refused["withdrawal"]["reviewed_by"]) == (
        0,
        "returned",
        "postgres (olga)",
    )
    assert (await run("approve", withdrawal_id))[1]["status"] == "conflict"
    _, shown = await run("show", withdrawal_id)
    assert [step["by"] for step in shown["steps"]] == ["player", "postgres (olga)"]
    assert (await run("wallet"))[1]["address"].startswith("0:")
    assert KEY not in json.dumps([listed, shown])
    assert (await client.get(f"{API}/me", headers=player.headers)).json()["balance"] == 3000


async def test_the_statement_says_in_a_word_that_it_failed(
    client: httpx.AsyncClient,  # noqa: F811
    player: Player,
    db: Database,
) -> None:
    headers = {**player.headers, "idempotency-key": "one"}
    await client.post(f"{API}/withdrawals", headers=headers, json={"stars": 1000, "method": "premium", "months": 3})
    later = int(time.time() * 1000) + 365 * 86_400_000
    await withdrawals.release(db, later, 10)
    (held,) = await withdrawals.listed(db, state=None, user_id=int(player.user_id), limit=10)
    await withdrawals.review(db, held.withdrawal_id, "approve", by="olga", now_ms=later)
    (taken,) = await withdrawals.take(db, "premium", later, lease_s=60, limit=10)
    begun = await withdrawals.begin(db, taken, later, None)
    await withdrawals.end(db, begun.withdrawal or taken, "returned", detail="Bad Request: chat not found at 10.0.0.7")
    answer = await client.get(f"{API}/statement", headers=player.headers)
    newest = answer.json()["entries"][0]
    assert (newest["kind"], newest["amount"], newest["reason"]) == ("withdrawal_return", 1000, "failed")
    assert "10.0.0.7" not in answer.text
