"""What each login may do about payments: a gateway and a worker all that they need, a player nothing of another's."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import LiteralString

import psycopg
import pytest
import pytest_asyncio

from cli.embedded.postgres import EmbeddedPostgres
from persistence.payments.star_reconciliation import StarReconciliation
from persistence.postgres import payments, stars
from persistence.postgres.pool import Database, Role
from tests.payments.conftest import World


@pytest_asyncio.fixture
async def logins(postgres_server: EmbeddedPostgres, database_name: str) -> AsyncIterator[dict[str, Database]]:
    opened = {
        login: await Database.open(postgres_server.url(login, database_name), name=login)
        for login in ("ct_gateway", "ct_worker", "ct_console")
    }
    yield opened
    for database in opened.values():
        await database.close()


async def test_a_gateway_and_a_worker_can_do_what_they_need(world: World, logins: dict[str, Database]) -> None:
    gateway, worker, console = (replace(world, db=logins[f"ct_{part}"]) for part in ("gateway", "worker", "console"))
    assert worker.bot is not None
    player = await gateway.player()
    payment = await gateway.order(player)
    assert payment.invoice_link is not None
    assert payment.invoice_payload is not None
    asked = {"payload": payment.invoice_payload, "payer_id": player.telegram_id, "amount": 50, "currency": "XTR"}
    assert await gateway.stars.check(**asked) == "ok"  # type: ignore[arg-type]
    charge = gateway.telegram.pay(payment.invoice_link, player.telegram_id)
    assert (await gateway.stars.paid(charge)).status == "credited"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await gateway.stars.refund(charge.charge_id, by="admin")
    assert (await console.stars.refund(charge.charge_id, by="admin")).status == "ok"
    assert (await gateway.stars.reversed(charge)).status == "repeated"
    other = await gateway.order(player)
    assert (await payments.cancel(gateway.db, player.user_id, other.payment_id))[0] == "ok"
    assert await worker.stars.expire() == 0
    assert await worker.stars.send_refunds() == 0
    book = StarReconciliation(worker.db, worker.bot, worker.stars, worker.settings)
    assert await book.claim()
    assert (await book.reconcile()).differences == []
    assert len(await stars.receipts(console.db, open_only=False, user_id=None, limit=9)) == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await worker.order(player)


FORBIDDEN: list[tuple[Role, LiteralString]] = [
    (Role.PLAYER, "SELECT pay.credit_stars('c', 'p', 1, 1, 'XTR', 1, 1, 'update')"),
    (Role.PLAYER, "SELECT pay.reverse_stars('c', 'p', 1, 1, 'XTR', 1)"),
    (Role.PLAYER, "SELECT pay.refund_stars('c')"),
    (Role.PLAYER, "SELECT pay.payment_report('c')"),
    (Role.PLAYER, "SELECT pay.list_receipts(false, NULL, 1)"),
    (Role.PLAYER, "SELECT game.take_key(1, 'e', 'k', '', 1, 's')"),
    (Role.SETTLER, "SELECT pay.refund_stars('c')"),
    (Role.SETTLER, "SELECT pay.hold_refund('c', 'operator', 'me')"),
    (Role.SETTLER, "SELECT auth.block_for_review(1, 'r')"),
    (Role.SETTLER, "UPDATE pay.payments SET state = 'paid'"),
    (Role.OPERATOR, "SELECT pay.credit_stars('c', 'p', 1, 1, 'XTR', 1, 1, 'update')"),
    (Role.OPERATOR, "INSERT INTO pay.star_receipts (charge_id) VALUES ('c')"),
    (Role.PLAYER, "SELECT * FROM pay.payments"),
    (Role.PLAYER, "SELECT * FROM pay.star_receipts"),
]


@pytest.mark.parametrize(("role", "statement"), FORBIDDEN)
async def test_what_nobody_may(logins: dict[str, Database], role: Role, statement: LiteralString) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await logins["ct_gateway"].call(role, 1, statement)


async def test_an_order_is_made_for_the_claims_user_only(world: World, logins: dict[str, Database]) -> None:
    one, two = await world.player(), await world.player()
    statement: LiteralString = (
        "SELECT pay.request_stars(%(user)s, gen_random_uuid(), 'p', 1, 1, 2, 'e', 'k', '\\x01', 30)"
    )
    for claim in (two.user_id, None):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await logins["ct_gateway"].call(Role.PLAYER, claim, statement, {"user": one.user_id})
    await world.order(one)
    rows = await logins["ct_gateway"].rows(Role.PLAYER, None, "SELECT * FROM pay.my_payments(NULL, 10)")
    assert rows == []
