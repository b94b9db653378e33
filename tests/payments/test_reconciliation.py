"""Telegram's transactions against ours: lost payments are found and credited, differences of either direction told."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from persistence.errors import StoreUnavailable, TelegramUnavailable
from persistence.payments import star_list, star_reconciliation
from persistence.payments.star_list import PAGE, Entry, read_entry
from persistence.payments.star_reconciliation import OVERLAP, StarReconciliation, _transaction
from persistence.postgres import set_aside, star_transactions, stars, watches
from persistence.postgres.pool import Database
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
    read = _transaction(read_entry(entry))
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
    loops = [StarReconciliationLoop(world.db, book(world)) for _ in range(4)]
    await asyncio.gather(*(loop.round() for loop in loops), *(world.stars.paid(charge) for charge in charges))
    assert world.telegram.count("getMyStarBalance") == 1
    await asyncio.gather(*(loop.compare_round() for loop in loops))
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


async def test_lost_payments_are_found_while_nothing_can_be_compared(
    world: World, monkeypatch: pytest.MonkeyPatch, execute: Execute
) -> None:
    """The place in Telegram's list moves on, and what was lost is credited, however long a comparison takes."""

    async def too_long(*_: object, **__: object) -> None:
        raise StoreUnavailable("postgres") from TimeoutError("too many receipts")

    player = await world.player()
    loop = StarReconciliationLoop(world.db, book(world))
    with monkeypatch.context() as patch:
        patch.setattr(star_transactions, "differences", too_long)
        for place in (1, 2):
            await pay(world, player)
            execute("UPDATE pay.star_reconciliation_schedule SET due_at = now()")
            with suppress(StoreUnavailable):
                await loop.round()
                await loop.compare_round()
            assert await world.balance(player) == place * 50
            assert execute("SELECT next_offset FROM pay.star_books") == [(place,)]
    state = {each.name: (each.failures, each.error) for each in await watches.listed(world.db)}
    assert state["star-reconciliation"] == (0, None)
    assert state["star-differences"] == (2, "TimeoutError: too many receipts")

    execute("UPDATE pay.star_reconciliation_schedule SET due_at = now()")
    await loop.round()
    await loop.compare_round()
    (kept,) = execute("SELECT from_offset, next_offset, differences FROM pay.star_reconciliations")
    assert kept == (0, 2, [])
    (compared,) = [each for each in await watches.listed(world.db) if each.name == "star-differences"]
    assert (compared.failures, compared.findings) == (0, 0)


async def test_a_long_list_is_read_on_from_the_page_where_it_broke_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2 * PAGE + 30):
        world.telegram.charge(f"old {number}", 9, 1)
    read_page = star_list.read_page

    async def breaking_off(bot: Any, offset: int) -> Any:
        if offset == PAGE:
            raise TelegramUnavailable("gone")
        return await read_page(bot, offset)

    with monkeypatch.context() as patch:
        patch.setattr(star_reconciliation, "read_page", breaking_off)
        with pytest.raises(TelegramUnavailable):
            await book(world).reconcile()
    assert world.bot is not None
    assert await star_transactions.offset(world.db, world.bot.id) == PAGE
    assert (await book(world).reconcile()).next_offset == 2 * PAGE + 30


async def test_an_element_that_is_not_understood_hides_no_payment_and_is_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = await world.player()
    odd = await pay(world, player, 20)
    await pay(world, player, 30)
    await pay(world, player, 40)
    world.telegram.api.grow_newer()
    entry = next(each for each in world.telegram.book if each["id"] == odd.charge_id)
    entry["amount"] = {"stars": 20}
    with capture_logs() as logs:
        for _ in range(2):
            found = await book(world).reconcile()
    assert found.next_offset == 3
    assert await world.balance(player) == 70
    (kept,) = await set_aside.listed(world.db, source=None, limit=10)
    assert (kept.key, kept.whole, json.loads(kept.raw)["amount"]) == (odd.charge_id, True, {"stars": 20})
    assert (await set_aside.counts(world.db))["stars"] == 1
    assert [line["key"] for line in logs if line["event"].startswith("set aside")] == [odd.charge_id]

    def understood(raw: Any) -> Entry:
        """A later version's reading."""
        amount = raw["amount"]
        return read_entry({**raw, "amount": amount["stars"] if isinstance(amount, dict) else amount})

    monkeypatch.setattr(star_reconciliation, "read_entry", understood)
    assert (await book(world).reconcile()).credited == 1
    assert await world.balance(player) == 90
    assert await set_aside.listed(world.db, source=None, limit=10) == []


async def test_one_charge_that_cannot_be_recorded_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = await world.player()
    poisoned, fine = await pay(world, player), await pay(world, player)
    credit = stars.credit

    async def refuse(db: Database, charge: Charge, **how: Any) -> stars.ChargeResult:
        if charge.charge_id == poisoned.charge_id:
            raise psycopg.errors.CheckViolation("no")
        return await credit(db, charge, **how)

    monkeypatch.setattr(stars, "credit", refuse)
    with capture_logs() as logs:
        read = await book(world).read()
    assert (read.credited, read.not_recorded) == (1, 1)
    assert [line["charge_id"] for line in logs if line.get("alert")] == [poisoned.charge_id]
    assert await world.balance(player) == 50
    assert (await world.stars.paid(fine)).status == "repeated"
    monkeypatch.undo()
    assert (await book(world).reconcile()).credited == 1


async def test_each_bot_has_a_list_of_its_own(world: World, execute: Execute) -> None:
    """Another token: the new bot's list is read from its beginning, and sums are of that bot alone."""
    player = await world.player()
    execute("INSERT INTO pay.star_books (bot_id, next_offset) VALUES (1, 5000)")
    execute(
        "INSERT INTO pay.star_transactions (bot_id, transaction_id, direction, stars, made_at, partner, purpose)"
        " VALUES (1, 'old', 'in', 700, now(), 'fragment', 'fragment')"
    )
    await pay(world, player)
    found = await book(world).reconcile()
    assert (found.from_offset, found.next_offset, found.credited, found.sums.book) == (0, 1, 1, 50)
    assert found.differences == []
    # What was kept before bots were told apart finds its bot when that is read.
    execute("UPDATE pay.star_transactions SET bot_id = 0 WHERE transaction_id <> 'old'")
    again = await book(world).reconcile(whole=True)
    assert (again.new_transactions, again.sums.book) == (0, 50)


async def test_what_has_no_other_end_an_operator_ends(world: World) -> None:
    player = await world.player()
    charge = await pay(world, player)
    await world.stars.paid(charge)
    world.telegram.fail("refundStarPayment", 400, "Bad Request: A_NEW_WORD")
    await world.stars.refund(charge.charge_id, by="op")
    assert await world.balance(player) == 0
    given_up = await world.stars.close(charge.charge_id, by="olga")
    assert (given_up.status, given_up.receipt and given_up.receipt.state) == ("ok", "credited")
    assert await world.balance(player) == 50
    assert (await world.stars.close(charge.charge_id, by="olga")).status == "conflict"

    foreign = replace(await pay(world, player), currency="EUR")
    await world.stars.paid(foreign)
    assert (await world.stars.refund(foreign.charge_id, by="op")).status == "conflict"
    for _ in range(2):
        closed = await world.stars.close(foreign.charge_id, by="olga")
        assert (closed.status, closed.receipt and closed.receipt.state) == ("ok", "refunded")
    assert (await world.stars.close("no such", by="olga")).status == "not_found"
