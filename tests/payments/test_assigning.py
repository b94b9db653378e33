"""Charges that nobody could be credited for, given to a player by an operator: once, kept with who did it, and from
then on charges like any other."""

import asyncio
import json
from dataclasses import replace

import psycopg
import pytest

from cli.main import main
from persistence.payments.star_reconciliation import StarReconciliation
from persistence.postgres import payments
from persistence.postgres.stars import Charge
from tests.payments.conftest import Player, World
from tests.payments.telegram import TOKEN


async def odd(world: World, player: Player, stars: int = 30) -> Charge:
    """A charge in review whose payload says nothing."""
    charge = world.telegram.charge("odd", player.telegram_id, stars)
    assert (await world.stars.paid(charge)).status == "review"
    return charge


async def agrees(world: World) -> None:
    assert world.bot is not None
    found = await StarReconciliation(world.db, world.bot, world.stars, world.settings).reconcile(grace_s=0)
    assert (found.differences, found.sums.ledger) == ([], world.telegram.balance)
    await world.clean()


async def test_an_unknown_charge_becomes_a_payment_of_its_own(world: World) -> None:
    player, other = await world.player(), await world.player()
    charge = await odd(world, player)
    for _ in range(3):
        standing = await world.stars.assign(charge.charge_id, user_id=player.user_id, by="olga")
        assert (standing.status, standing.balance) == ("ok", 30)
    assert (await world.stars.assign(charge.charge_id, user_id=other.user_id, by="olga")).status == "conflict"
    (payment,) = await payments.page(world.db, player.user_id, None, 10)
    assert (payment.state, payment.stars, payment.credited, payment.paid_ms) == ("paid", 30, 30, charge.at_ms)
    await agrees(world)
    assert (await world.stars.refund(charge.charge_id, by="olga")).status == "ok"
    assert (await world.balance(player), world.telegram.balance) == (0, 0)
    await agrees(world)


async def test_many_operators_at_once_give_it_to_one(world: World) -> None:
    players = [await world.player() for _ in range(4)]
    charge = await odd(world, players[0])
    answers = await asyncio.gather(
        *(
            world.stars.assign(charge.charge_id, user_id=player.user_id, by=f"op {n}")
            for n in range(3)
            for player in players
        )
    )
    assert {answer.status for answer in answers} == {"ok", "conflict"}
    assert sorted([await world.balance(player) for player in players]) == [0, 0, 0, 30]
    await agrees(world)


async def test_another_amount_counts_for_the_order_that_waits_with_it(world: World) -> None:
    player = await world.player()
    order = await world.order(player)
    assert order.invoice_payload is not None
    less = world.telegram.charge(order.invoice_payload, player.telegram_id, 20)
    await world.stars.paid(less)
    assert (await world.payment(order)).state == "review"
    assert (await world.stars.assign(less.charge_id, user_id=player.user_id, by="olga")).status == "ok"
    settled = await world.payment(order)
    assert (settled.state, settled.credited, await world.balance(player)) == ("paid", 20, 20)
    await agrees(world)


async def test_given_to_somebody_else_the_order_goes_on_waiting_for_its_own(world: World) -> None:
    owner, payer = await world.player(), await world.player()
    order = await world.order(owner)
    assert order.invoice_payload is not None
    foreign = world.telegram.charge(order.invoice_payload, payer.telegram_id, order.stars)
    await world.stars.paid(foreign)
    assert (await world.stars.assign(foreign.charge_id, user_id=payer.user_id, by="olga")).status == "ok"
    assert ((await world.payment(order)).state, await world.balance(payer)) == ("pending", order.stars)
    own = world.telegram.charge(order.invoice_payload, owner.telegram_id, order.stars)
    assert (await world.stars.paid(own)).status == "credited"
    world.telegram.take_back(foreign)
    await world.stars.reversed(foreign)
    assert (await world.balance(owner), await world.balance(payer)) == (order.stars, 0)
    await agrees(world)


async def test_an_order_whose_stars_went_back_waits_no_longer(world: World) -> None:
    player = await world.player()
    order = await world.order(player)
    assert order.invoice_payload is not None
    less = world.telegram.charge(order.invoice_payload, player.telegram_id, 20)
    await world.stars.paid(less)
    assert (await world.stars.refund(less.charge_id, by="olga")).status == "ok"
    assert (await world.payment(order)).state == "refunded"
    assert (await world.stars.assign(less.charge_id, user_id=player.user_id, by="olga")).status == "conflict"
    await agrees(world)


async def test_what_cannot_be_given(world: World) -> None:
    player = await world.player()
    order = await world.order(player)
    assert order.invoice_link is not None
    credited = world.telegram.pay(order.invoice_link, player.telegram_id)
    await world.stars.paid(credited)
    charge = await odd(world, player)
    euros = replace(charge, charge_id="euros", currency="EUR")
    await world.stars.paid(euros)

    async def status(charge_id: str, user_id: int = player.user_id) -> str:
        return (await world.stars.assign(charge_id, user_id=user_id, by="olga")).status

    assert await status(credited.charge_id) == "conflict"
    assert await status("euros") == "conflict"
    assert await status("nothing") == "not_found"
    assert await status(charge.charge_id, 999_999_999) == "no_user"
    assert await world.balance(player) == order.stars


async def test_the_command(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (("DATABASE_URL", world.settings.database_url), ("REDIS_URL", world.settings.redis_url)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    player = await world.player()
    charge = await odd(world, player)

    async def run(*words: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(main, ["payments", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    give = ("assign", charge.charge_id, "--by", "Olga")
    assert (await run(*give, "--user", "999999999"))[::2] == (
        1,
        f"chance-tap payments: {charge.charge_id}: there is no such player.\n",
    )
    for _ in range(2):
        code, said, _ = await run(*give, "--user", str(player.user_id), "--json")
        assert (code, json.loads(said)["charge"]["state"]) == (0, "credited")
    assert await world.balance(player) == 30
    assert (await run("list", "--open"))[1] == "nothing waits\n"
    report = json.loads((await run("show", charge.charge_id, "--json"))[1])
    assert [each["key"] for each in report["transfers"]] == [
        f"deposit:stars:{charge.charge_id}",
        f"deposit_assigned:{charge.charge_id}",
    ]
    (given,) = report["assignments"]
    assert (given["user_id"], given["assigned_by"]) == (player.user_id, "postgres (Olga)")
    assert f"given to user {player.user_id} by postgres (Olga)" in (await run("show", charge.charge_id))[1]
    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute("SET ROLE ct_settler")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT pay.assign_stars(%s, %s)", [charge.charge_id, player.user_id])
