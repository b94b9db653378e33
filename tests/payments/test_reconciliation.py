"""Telegram's transactions against ours: lost payments are found and credited, differences of either direction told."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from persistence.errors import TelegramUnavailable
from persistence.payments.star_reconciliation import OVERLAP, PAGE, StarReconciliation, _Entry, _transaction
from persistence.postgres import stars
from persistence.postgres.stars import Charge
from tests.fixtures.postgres import Execute
from tests.payments.conftest import Player, World
from workers.loops.reconciliation import StarReconciliationLoop


def book(world: World) -> StarReconciliation:
    assert world.bot is not None
    return StarReconciliation(world.db, world.bot, world.stars, world.settings)


async def pay(world: World, player: Player, amount: int = 50) -> Charge:
    payment = await world.order(player, amount)
    assert payment.invoice_link is not None
    return world.telegram.pay(payment.invoice_link, player.telegram_id)


async def test_payments_lost_in_an_outage_are_found_and_credited_once(world: World) -> None:
    player = await world.player()
    heard = await pay(world, player)
    await world.stars.paid(heard)
    lost = [await pay(world, player, amount) for amount in (20, 30)]
    found = await book(world).reconcile()
    assert (found.new_transactions, found.credited, found.reversed, found.differences) == (3, 2, 0, [])
    assert (found.telegram_stars, found.sums.book, found.sums.ledger, found.settled) == (100, 100, 100, True)
    assert await world.balance(player) == 100
    for charge in (*lost, heard):
        assert (await world.stars.paid(charge)).status == "repeated"
    again = await book(world).reconcile()
    assert (again.new_transactions, again.credited, again.differences) == (0, 0, [])


async def test_refunds_and_charge_backs_that_nobody_told_of(world: World) -> None:
    player = await world.player()
    credited, vanished, asked = [await pay(world, player) for _ in range(3)]
    await world.stars.paid(credited)
    await world.stars.paid(asked)
    await stars.refund(world.db, asked.charge_id, by="op")
    for charge in (credited, vanished, asked):
        world.telegram.take_back(charge)
    found = await book(world).reconcile()
    assert (found.new_transactions, found.credited, found.reversed, found.differences) == (6, 0, 3, [])
    assert (found.telegram_stars, found.sums.ledger) == (0, 0)
    assert await world.balance(player) == 0


async def test_what_differs_is_told_in_either_direction(world: World, execute: Execute) -> None:
    player = await world.player()
    one, two, three = [await pay(world, player) for _ in range(3)]
    for charge in (one, two, three):
        await world.stars.paid(charge)
    await world.stars.refund(three.charge_id, by="op")
    world.telegram.book[:] = [
        entry for entry in world.telegram.book if entry["id"] != one.charge_id and "receiver" not in entry
    ]
    next(entry for entry in world.telegram.book if entry["id"] == two.charge_id)["amount"] = 49
    # A purchase of paid media: neither ours nor an invoice's.
    user = {"id": 5, "is_bot": False, "first_name": "Fan"}
    source = {"type": "user", "transaction_type": "paid_media_payment", "user": user}
    world.telegram.book.append({"id": "media", "amount": 7, "date": 1, "source": source})
    world.telegram.book.append({"id": "w", "amount": 3, "date": 2, "receiver": {"type": "fragment"}})
    world.telegram.api.book.balance = 49 + 50 + 7 - 3
    assert {finding.rule for finding in (await book(world).reconcile()).differences} == {"amount_differs"}
    found = await book(world).reconcile(grace_s=0)
    assert {(finding.rule, finding.subject) for finding in found.differences} == {
        ("amount_differs", f"charge {two.charge_id}"),
        ("not_in_telegrams_book", f"charge {one.charge_id}"),
        ("not_in_telegrams_book", f"charge {three.charge_id}"),
    }
    assert len(found.differences) == 3
    assert found.sums.outside == 7 - 3
    kept = execute("SELECT jsonb_array_length(differences), settled FROM pay.star_reconciliations ORDER BY run_id")
    assert kept == [(1, True), (3, True)]


async def test_a_stuck_refund_and_an_unexplained_balance(world: World) -> None:
    player = await world.player()
    charge = await pay(world, player)
    await world.stars.paid(charge)
    world.telegram.fail("refundStarPayment", 400, "Bad Request: BALANCE_TOO_LOW")
    await world.stars.refund(charge.charge_id, by="op")
    world.telegram.api.book.balance = 45
    found = await book(world).reconcile(grace_s=0)
    assert sorted((each.rule, each.detail) for each in found.differences) == [
        ("balance_not_explained", "Telegram holds 45, its transactions sum to 50"),
        ("refund_stuck", "50 Stars: Bad Request: BALANCE_TOO_LOW"),
    ]


async def test_a_reading_goes_on_where_the_last_one_ended(world: World) -> None:
    player = await world.player()
    payloads = [(await world.order(player)).invoice_payload for _ in range(2)]
    charges = [world.telegram.charge(f"old {number}", 9, 1) for number in range(2 * PAGE + 30)]
    first = await book(world).reconcile()
    assert (first.from_offset, first.next_offset, first.credited) == (0, len(charges), len(charges))
    calls = world.telegram.count("getStarTransactions")
    world.telegram.charge(payloads[0] or "", player.telegram_id, 50)
    second = await book(world).reconcile()
    assert (second.from_offset, second.next_offset) == (len(charges) - OVERLAP, len(charges) + 1)
    assert (second.new_transactions, second.credited) == (1, 1)
    assert world.telegram.count("getStarTransactions") - calls == 2
    whole = await book(world).reconcile(whole=True)
    assert (whole.from_offset, whole.new_transactions, whole.differences) == (0, 0, [])
    # A book that is shorter than it was is read from the start.
    del world.telegram.book[:-20]
    world.telegram.charge(payloads[1] or "", player.telegram_id, 50)
    shorter = await book(world).reconcile()
    assert (shorter.from_offset, shorter.next_offset, shorter.credited) == (0, 21, 1)
    assert await world.balance(player) == 100


def test_a_partner_that_is_new_at_telegram_is_read_like_any_other() -> None:
    entry = {"id": "w", "amount": 3, "date": 2, "receiver": {"type": "brand_new", "user": {"id": 5, "vip": True}}}
    read = _transaction(msgspec.convert(entry, _Entry))
    assert (read.direction, read.partner, read.purpose, read.payer_id) == ("out", "brand_new", "brand_new", 5)


async def test_a_reading_that_broke_off_loses_nothing(world: World) -> None:
    player = await world.player()
    await pay(world, player)
    world.telegram.fail("getStarTransactions", 502, "Bad Gateway")
    with pytest.raises(TelegramUnavailable):
        await book(world).reconcile()
    assert (await book(world).reconcile()).credited == 1


async def test_of_many_workers_one_reads_and_the_update_may_come_at_the_same_time(
    world: World, execute: Execute
) -> None:
    player = await world.player()
    charges = [await pay(world, player) for _ in range(5)]
    loops = [StarReconciliationLoop(book(world)) for _ in range(4)]
    await asyncio.gather(*(loop.round() for loop in loops), *(world.stars.paid(charge) for charge in charges))
    assert world.telegram.count("getMyStarBalance") == 2
    assert await world.balance(player) == 250
    assert not await book(world).claim()
    execute("UPDATE pay.star_reconciliation_schedule SET due_at = now()")
    assert await book(world).claim()


async def test_what_operators_see(world: World) -> None:
    player = await world.player()
    charge = await pay(world, player)
    odd = replace(await pay(world, player), payload="odd")
    await world.stars.paid(charge)
    await world.stars.paid(odd)
    waiting = await stars.receipts(world.db, open_only=True, user_id=None, limit=10)
    assert [(each.charge_id, each.reason) for each in waiting] == [(odd.charge_id, "unknown")]
    assert len(await stars.receipts(world.db, open_only=False, user_id=player.user_id, limit=10)) == 2
