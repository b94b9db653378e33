"""What must not get through the webhook, and what must not be paid: each is refused, nothing is lost or credited to the
wrong one, and no log has a secret in it."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.end_to_end.doomed import DoomedGateway
from tests.fixtures.outside import WEBHOOK_SECRET
from tests.stand_ins.bot_api.people import Person
from tests.stand_ins.telegram import TelegramApi

WEBHOOK = "/telegram/webhook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
STARS = 50


@dataclass
class Payer:
    """A person with an account, by the public protocol."""

    person: Person
    http: httpx.Client

    def order(self) -> dict[str, Any]:
        answer = self.http.post("/payments/stars", json={"stars": STARS}, headers={"idempotency-key": uuid.uuid4().hex})
        assert answer.status_code == 200, answer.text
        payment: dict[str, Any] = answer.json()["payment"]
        return payment

    def cancel(self, payment: dict[str, Any]) -> None:
        assert self.http.post(f"/payments/{payment['payment_id']}/cancel").status_code == 200

    def state(self, payment: dict[str, Any]) -> str:
        return str(self.http.get(f"/payments/{payment['payment_id']}").json()["payment"]["state"])

    @property
    def balance(self) -> int:
        return int(self.http.get("/me").json()["balance"])


@pytest.fixture
def payers(gateway: DoomedGateway, telegram_api: TelegramApi) -> Iterator[tuple[Payer, Payer]]:
    """Anna, who reads Russian, and Ben, beside a running gateway."""
    gateway.start()
    telegram_api.webhook_at(gateway.url + WEBHOOK, WEBHOOK_SECRET)

    def log_in(name: str, language: str) -> Payer:
        person = telegram_api.person(name, language_code=language)
        http = httpx.Client(base_url=f"{gateway.url}/api/v1", timeout=15)
        login = http.post("/auth/telegram", json={"init_data": person.init_data()}).json()
        http.headers["authorization"] = f"Bearer {login['token']}"
        return Payer(person, http)

    both = log_in("Аня", "ru"), log_in("Ben", "en")
    yield both
    for payer in both:
        payer.http.close()


async def test_the_webhook_hears_telegram_only(
    payers: tuple[Payer, Payer], telegram_api: TelegramApi, gateway: DoomedGateway
) -> None:
    anna, _ = payers
    telegram_api.hold()
    body = json.dumps(anna.person.says("/start")).encode()
    for secret in (
        "",
        "wrong",
        WEBHOOK_SECRET[:-1],
        WEBHOOK_SECRET + "x",
        WEBHOOK_SECRET.upper(),
        "s" * 300,
        "s" * 9000,
    ):
        assert (await telegram_api.deliver_raw(body, {HEADER: secret})).status == 401, secret[:20]
    assert (await telegram_api.deliver_raw(body, {})).status == 401
    assert (await telegram_api.deliver_raw(body, {"Authorization": WEBHOOK_SECRET})).status == 401
    assert anna.person.inbox == []

    right = {HEADER: WEBHOOK_SECRET}
    for malformed in (
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"\xff\xfe",
        b'{"update_id": "1"}',
        b'{"message": {}}',
    ):
        # Delivered again it would be no better, so Telegram is not asked to.
        assert (await telegram_api.deliver_raw(malformed, right)).status == 200, malformed
    deep = b'{"update_id": 1, "message": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001
    assert (await telegram_api.deliver_raw(deep, right)).status == 200
    assert (await telegram_api.deliver_raw(b" " * (2 << 20), right)).status == 413
    for unknown in (
        {"update_id": 10},
        {"update_id": 11, "a_kind_of_the_future": {"id": 1}},
        {"update_id": 12, "message": {"text": "without a chat"}},
        {"update_id": 13, "message": 7},
        {"update_id": 14, "pre_checkout_query": {"id": "1"}},
        {"update_id": 15, "poll_answer": {"poll_id": "1", "option_ids": []}},
    ):
        assert (await telegram_api.deliver_raw(json.dumps(unknown).encode(), right)).status == 200, unknown
    assert (await telegram_api.deliver_raw(body, right)).status == 200
    assert len(anna.person.inbox) == 1
    log = gateway.log
    assert WEBHOOK_SECRET not in log
    assert telegram_api.token.partition(":")[2] not in log


async def test_orders_that_must_not_be_paid_are_refused_before(
    payers: tuple[Payer, Payer], telegram_api: TelegramApi, database_url: str, db: Database
) -> None:
    anna, ben = payers
    order = anna.order()
    link = order["invoice_link"]
    refused: list[str] = []
    for payer, changes in (
        (ben, {}),
        (anna, {"total_amount": STARS - 1}),
        (anna, {"total_amount": STARS + 1}),
        (anna, {"currency": "USD"}),
        (anna, {"invoice_payload": "stars:" + str(uuid.uuid4()) + ":" + "0" * 32}),
        (anna, {"invoice_payload": "\u0000' OR 1=1 --"}),
    ):
        outcome = await payer.person.pays(link, **changes)
        assert not outcome.paid, changes
        assert outcome.words, changes
        refused.append(outcome.words)
    assert not any("а" <= letter <= "я" for letter in refused[0]), "Ben reads English"
    assert all(any("а" <= letter <= "я" for letter in words) for words in refused[1:]), "Anna reads Russian"

    assert (await anna.person.pays(link)).paid
    await telegram_api.delivered()
    assert not (await anna.person.pays(link)).paid
    cancelled = anna.order()
    anna.cancel(cancelled)
    assert not (await anna.person.pays(cancelled["invoice_link"])).paid
    expired = anna.order()
    _expire(database_url, expired)
    assert not (await anna.person.pays(expired["invoice_link"])).paid
    assert (anna.balance, ben.balance, telegram_api.book.balance) == (STARS, 0, STARS)
    assert await audit(db) == []


async def test_charges_that_came_all_the_same_are_booked_to_nobody_else(
    payers: tuple[Payer, Payer], telegram_api: TelegramApi, database_url: str, db: Database
) -> None:
    anna, ben = payers
    foreign, wrong_sum, cancelled, expired = (anna.order() for _ in range(4))
    ben.person.is_charged(foreign["invoice_link"])
    anna.person.is_charged(wrong_sum["invoice_link"], total_amount=STARS + 7)
    anna.person.is_charged(foreign["invoice_link"], invoice_payload="of another bot's time")
    await telegram_api.delivered()
    assert (anna.balance, ben.balance) == (0, 0)
    assert (anna.state(foreign), anna.state(wrong_sum)) == ("pending", "review")

    anna.cancel(cancelled)
    anna.person.is_charged(cancelled["invoice_link"])
    _expire(database_url, expired)
    anna.person.is_charged(expired["invoice_link"])
    await telegram_api.delivered()
    assert (anna.balance, ben.balance) == (2 * STARS, 0)
    with psycopg.connect(database_url) as connection:
        states: dict[str, str] = dict(
            connection.execute("SELECT coalesce(reason, 'none'), state::text FROM pay.star_receipts").fetchall()
        )
        booked = connection.execute(
            "SELECT -sum(amount) FROM ledger.entries JOIN ledger.accounts USING (account_id) WHERE kind = 'telegram'"
        ).fetchone()
    assert states == {"foreign": "review", "amount": "review", "unknown": "review", "none": "credited"}
    assert booked == (telegram_api.book.balance,)
    assert await audit(db) == []


def _expire(database_url: str, payment: dict[str, Any]) -> None:
    """As if it had been ordered an hour ago."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            """
            UPDATE pay.payments
            SET created_at = created_at - interval '1 hour', expires_at = now() - interval '1 second'
            WHERE payment_id = %s
            """,
            (payment["payment_id"],),
        )
