"""Updates of payments come up to twenty times each, in any order, to a gateway that is killed at every step between
receipt and answer: each is credited exactly once.

PAYMENT_STORM_SEEDS=20 makes it long; a seed that failed is named by the test.
"""

import os
from dataclasses import dataclass, field
from random import Random

import httpx
import psycopg
import pytest

from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.end_to_end.doomed import DoomedGateway
from tests.fixtures.outside import WEBHOOK_SECRET
from tests.fixtures.waiting import wait_for
from tests.stand_ins.bot_api.people import Outcome, Person, Soon
from tests.stand_ins.telegram import TelegramApi

SEEDS = range(1, int(os.environ.get("PAYMENT_STORM_SEEDS", "1")) + 1)
SINGLE_STEPS = 9  # of one update after another: receipt, look, charge, message, memory, answer, and into the next
STORMS = 6
PAYERS = 6
WEBHOOK = "/telegram/webhook"


@dataclass
class Payer:
    person: Person
    user_id: int
    stars: int
    link: str
    charges: list[str] = field(default_factory=list)
    taken_back: bool = False


@pytest.mark.parametrize("seed", SEEDS)
async def test_each_payment_is_credited_once(
    gateway: DoomedGateway, telegram_api: TelegramApi, database_url: str, db: Database, seed: int
) -> None:
    rng = Random(seed)
    gateway.start()
    payers = [_order(telegram_api.person(f"Payer {n}"), gateway.url, rng.randint(1, 500)) for n in range(PAYERS)]
    gateway.kill()

    # One update at a time, and the gateway dies at its first step, at its second …
    telegram_api.limit(pre_checkout_s=120)  # Telegram's patience is longer than this storm
    telegram_api.webhook_at(gateway.url + WEBHOOK, WEBHOOK_SECRET, max_connections=1)
    paying = [payer.person.pays(payer.link) for payer in payers[: PAYERS // 2]]
    for at in range(1, SINGLE_STEPS + 1):
        assert _until_dead_or_done(gateway, telegram_api, at, paying), f"step {at} was never reached"

    # All at once: copies of everything in any order, links paid again, charges taken back.
    telegram_api.hold()
    telegram_api.webhook_at(gateway.url + WEBHOOK, WEBHOOK_SECRET, max_connections=40)
    telegram_api.disturb(copies=rng.randint(5, 20), shuffle=rng)
    for payer in payers[PAYERS // 2 :]:
        payer.charges.append(payer.person.is_charged(payer.link))
    payers[-1].charges.append(payers[-1].person.is_charged(payers[-1].link))
    telegram_api.charges_back(payers[-2].person, payers[-2].charges[0])
    payers[-2].taken_back = True
    telegram_api.release(rng.sample(telegram_api.held, len(telegram_api.held)))
    deaths = [_until_dead_or_done(gateway, telegram_api, rng.randint(1, 30), paying) for _ in range(STORMS)]
    assert deaths.count(True) > STORMS // 2
    gateway.start()
    for payer, outcome in zip(payers, paying, strict=False):
        charge_id = (await outcome).charge_id
        assert charge_id is not None
        payer.charges.append(charge_id)
    await telegram_api.delivered(60)

    states = _receipts(database_url)
    assert set(states) == set(telegram_api.book.of("in"))
    for payer in payers:
        found = sorted(states[charge_id] for charge_id in payer.charges)
        assert found == (["charged_back"] if payer.taken_back else ["credited", "refunding"][: len(payer.charges)])
        assert _balance(database_url, "player", payer.user_id) == (0 if payer.taken_back else payer.stars)
    assert -_balance(database_url, "telegram") == telegram_api.book.balance
    assert await audit(db) == []


def _until_dead_or_done(
    gateway: DoomedGateway, telegram_api: TelegramApi, at: int, paying: list[Soon[Outcome]]
) -> bool:
    """One life of a gateway that dies at step `at` (then True); when there are fewer to do, it is killed after them."""
    gateway.start(at)
    wait_for(
        "it died, or everything was taken",
        lambda: not gateway.alive() or (telegram_api.is_quiet and all(one.done() for one in paying)),
    )
    died = not gateway.alive()
    gateway.kill()
    return died


def _order(person: Person, url: str, stars: int) -> Payer:
    with httpx.Client(base_url=f"{url}/api/v1", timeout=15) as http:
        login = http.post("/auth/telegram", json={"init_data": person.init_data()}).json()
        headers = {"authorization": f"Bearer {login['token']}", "idempotency-key": "order"}
        answer = http.post("/payments/stars", json={"stars": stars}, headers=headers)
        assert answer.status_code == 200, answer.text
    return Payer(person, int(login["user"]["user_id"]), stars, answer.json()["payment"]["invoice_link"])


def _receipts(database_url: str) -> dict[str, str]:
    with psycopg.connect(database_url) as connection:
        return dict(connection.execute("SELECT charge_id, state::text FROM pay.star_receipts").fetchall())


def _balance(database_url: str, kind: str, user_id: int | None = None) -> int:
    """By the entries."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            """
            SELECT coalesce(sum(e.amount), 0)::bigint FROM ledger.entries e JOIN ledger.accounts a USING (account_id)
            WHERE a.kind = %s::ledger.account_kind AND a.user_id IS NOT DISTINCT FROM %s::bigint
            """,
            (kind, user_id),
        ).fetchone()
    assert row is not None
    return int(row[0])
