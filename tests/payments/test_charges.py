"""Charges: credited once, or kept for review; sent back by rule or by an operator; taken back by Telegram."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.notifications import message_of
from persistence.postgres import games, payments, stars, users
from persistence.postgres.notices import Delivery
from persistence.postgres.payments import Payment
from persistence.postgres.pool import Database
from persistence.postgres.stars import Charge
from persistence.redis.user_events import BalanceChanged, Banned, PaymentChanged
from tests.fixtures.postgres import Execute
from tests.fixtures.user_events import Ear
from tests.payments.conftest import Player, World
from tests.postgres.play import Finisher, finished, new_room
from tests.postgres.play import pay as stake


def ledger_sum(execute: Execute, kind: str) -> int:
    query = "SELECT coalesce(sum(e.amount), 0) FROM ledger.entries AS e JOIN ledger.accounts AS a USING (account_id)"
    return int(execute(f"{query} WHERE a.kind = %s", kind)[0][0])


async def pay(world: World, player: Player, amount: int = 50) -> tuple[Payment, Charge]:
    """An order that was paid; we have not heard of it."""
    payment = await world.order(player, amount)
    assert payment.invoice_link is not None
    return payment, world.telegram.pay(payment.invoice_link, player.telegram_id)


async def spend(world: World, player: Player, amount: int) -> None:
    """Stars that went to the house, as a fee of all that was staked."""
    room = new_room()
    seat = (await stake(world.db, player.user_id, room, amount=amount, fee_bps=10_000)).seat_id
    assert seat is not None
    await games.settle(world.db, room, finished(room, [Finisher(seat, player.user_id, 9)]))


async def test_a_payment_is_credited_once_however_often_it_comes(world: World, execute: Execute) -> None:
    player = await world.player()
    payment, charge = await pay(world, player)
    answers = await asyncio.gather(*(world.stars.paid(charge) for _ in range(20)))
    assert sorted(answer.status for answer in answers) == ["credited"] + ["repeated"] * 19
    assert {answer.balance for answer in answers} == {50}
    assert await world.balance(player) == 50
    paid = await world.payment(payment)
    assert (paid.state, paid.credited, paid.paid_ms) == ("paid", 50, charge.at_ms)
    assert ledger_sum(execute, "telegram") == -world.telegram.balance == -50


@pytest.mark.parametrize("end", ["cancelled", "expired"])
async def test_a_payment_after_the_end_is_credited(world: World, end: str) -> None:
    player = await world.player()
    payment, charge = await pay(world, player)
    if end == "cancelled":
        await payments.cancel(world.db, player.user_id, payment.payment_id)
    else:
        await payments.expire(world.db, payment.expires_ms, 10)
    assert (await world.payment(payment)).state == end
    assert (await world.stars.paid(charge)).status == "credited"
    assert (await world.payment(payment)).state == "paid"
    assert await world.balance(player) == 50


async def test_the_pre_checkout_says_what_stands_against_a_payment(world: World, execute: Execute) -> None:
    player, stranger = await world.player(), await world.player()
    payment = await world.order(player)
    assert payment.invoice_payload is not None
    asked: dict[str, Any] = {
        "payload": payment.invoice_payload,
        "payer_id": player.telegram_id,
        "amount": 50,
        "currency": "XTR",
    }

    async def check(**changes: object) -> str:
        return await world.stars.check(**{**asked, **changes})

    assert await check() == "ok"
    assert await check(payer_id=stranger.telegram_id) == "foreign"
    assert await check(payer_id=1) == "foreign"
    assert await check(amount=49) == "amount"
    assert await check(currency="USD") == "currency"
    for payload in ("", "x", payment.payment_id, payment.invoice_payload + "0", "\0", "x" * 4096):
        assert await check(payload=payload) == "unknown"
    execute("UPDATE auth.users SET banned_at = now() WHERE user_id = %s", player.user_id)
    assert await check() == "banned"
    execute("UPDATE auth.users SET banned_at = NULL WHERE user_id = %s", player.user_id)
    await payments.cancel(world.db, player.user_id, payment.payment_id)
    assert await check() == "cancelled"

    late = await world.order(player)
    execute(
        "UPDATE pay.payments SET created_at = now() - interval '1 day', expires_at = now() - interval '1 second'"
        " WHERE state = 'pending'"
    )
    assert await check(payload=late.invoice_payload) == "expired"
    paid, charge = await pay(world, player)
    await world.stars.paid(charge)
    assert await check(payload=paid.invoice_payload) == "paid"


async def test_without_postgres_nothing_may_be_paid(world: World, database_url: str) -> None:
    away = await Database.open(database_url, name="test")
    await away.close()
    blind = replace(world, db=away)
    assert await blind.stars.check(payload="p", payer_id=1, amount=1, currency="XTR") == "unavailable"


@pytest.mark.parametrize("reason", ["unknown", "foreign", "amount", "currency"])
async def test_what_fits_no_order_is_kept_for_review_and_in_the_books(
    world: World, execute: Execute, reason: str
) -> None:
    player = await world.player()
    payment, charge = await pay(world, player)
    if reason == "unknown":
        charge = replace(charge, payload="someone else's \0 payload")
    elif reason == "foreign":
        charge = replace(charge, payer_id=123456789)
    elif reason == "amount":
        charge = replace(charge, stars=20)
    else:
        charge = replace(charge, currency="USD")
    for status in ("review", "repeated"):
        standing = await world.stars.paid(charge)
        assert standing.status == status
        assert standing.receipt is not None
        assert (standing.receipt.state, standing.receipt.reason) == ("review", reason)
    assert await world.balance(player) == 0
    in_books = 0 if reason == "currency" else charge.stars
    assert (ledger_sum(execute, "telegram"), ledger_sum(execute, "suspense")) == (-in_books, in_books)
    assert (await world.payment(payment)).state == ("review" if reason == "amount" else "pending")
    if reason == "unknown":
        sent = await world.stars.refund(charge.charge_id, by="operator")
        assert sent.status == "ok"
        assert sent.receipt is not None
        assert (sent.receipt.state, sent.receipt.reason) == ("refunded", "unknown")
        assert ledger_sum(execute, "telegram") == ledger_sum(execute, "suspense") == world.telegram.balance == 0


async def test_a_link_paid_twice_gives_the_surplus_back(world: World, execute: Execute) -> None:
    player = await world.player()
    payment, first = await pay(world, player)
    assert payment.invoice_link is not None
    second = world.telegram.pay(payment.invoice_link, player.telegram_id)
    assert (await world.stars.paid(second)).status == "credited"
    assert (await world.stars.paid(first)).status == "refunding"
    assert await world.stars.send_refunds() == 1
    assert await world.stars.send_refunds() == 0
    assert await world.balance(player) == 50 == world.telegram.balance == -ledger_sum(execute, "telegram")
    assert (await world.payment(payment)).state == "paid"


async def test_what_comes_beyond_the_limit_goes_back(world: World, execute: Execute) -> None:
    player = await world.player()
    payment, charge = await pay(world, player)
    late = replace(charge, at_ms=payment.expires_ms + world.settings.stars_late_s * 1000 + 1)
    assert (await world.stars.paid(late)).status == "refunding"
    assert (await world.payment(payment)).state == "refunded"
    assert await world.stars.send_refunds() == 1
    assert await world.balance(player) == ledger_sum(execute, "suspense") == world.telegram.balance == 0


async def test_a_blocked_account_is_credited_and_gets_its_stars_back(world: World, execute: Execute) -> None:
    player = await world.player()
    payment, charge = await pay(world, player)
    execute("UPDATE auth.users SET banned_at = now() WHERE user_id = %s", player.user_id)
    assert (await world.stars.paid(charge)).status == "refunding"
    await world.clean()
    assert await world.stars.send_refunds() == 1
    assert (await world.payment(payment)).state == "refunded"
    kinds = execute("SELECT kind::text FROM ledger.transfers WHERE kind::text LIKE 'deposit%%' ORDER BY transfer_id")
    assert kinds == [("deposit",), ("deposit_refund",), ("deposit_refund",)]
    assert await world.balance(player) == world.telegram.balance == 0


async def test_an_operators_refund(world: World) -> None:
    player = await world.player()
    payment, charge = await pay(world, player)
    assert (await world.stars.refund(charge.charge_id, by="op")).status == "not_found"
    await world.stars.paid(charge)
    for _ in range(2):
        refunded = await world.stars.refund(charge.charge_id, by="op")
        assert refunded.status == "ok"
        assert refunded.receipt is not None
        assert (refunded.receipt.state, refunded.receipt.asked_by) == ("refunded", "postgres (op)")
    assert (await world.payment(payment)).state == "refunded"
    assert await world.balance(player) == world.telegram.balance == 0
    assert world.telegram.count("refundStarPayment") == 1
    assert (await world.stars.reversed(charge)).status == "repeated"


async def test_spent_stars_are_not_refunded(world: World) -> None:
    player = await world.player()
    _, charge = await pay(world, player)
    await world.stars.paid(charge)
    await spend(world, player, 1)
    assert (await world.stars.refund(charge.charge_id, by="op")).status == "insufficient_balance"
    assert await world.balance(player) == 49


@pytest.mark.parametrize("answer", ["died", "lost", "again", "refused", "flood", "puzzle"])
async def test_what_telegram_says_to_a_refund_is_recorded_once(world: World, execute: Execute, answer: str) -> None:
    player = await world.player()
    payment, charge = await pay(world, player)
    await world.stars.paid(charge)
    if answer == "died":  # after Telegram had done it, before we had written it down
        await stars.refund(world.db, charge.charge_id, by="op")
        world.telegram.take_back(charge)
    elif answer == "lost":
        world.telegram.fail("refundStarPayment", 0, "", done=True)
    elif answer == "again":
        world.telegram.take_back(charge)
    elif answer == "refused":
        world.telegram.fail("refundStarPayment", 400, "Bad Request: USER_ID_INVALID")
    elif answer == "flood":
        world.telegram.fail("refundStarPayment", 429, "Too Many Requests: retry after 30")
    else:
        world.telegram.fail("refundStarPayment", 400, "Bad Request: BALANCE_TOO_LOW")
    standing = await world.stars.refund(charge.charge_id, by="op")
    assert standing.receipt is not None
    await world.clean()
    if answer == "refused":
        assert (standing.receipt.state, standing.receipt.error) == ("credited", "Bad Request: USER_ID_INVALID")
        assert await world.balance(player) == 50
        assert (await world.payment(payment)).state == "paid"
        await world.stars.refund(charge.charge_id, by="op")  # it may be tried again
    elif answer in ("lost", "flood", "puzzle"):
        assert standing.receipt.state == "refunding"
        assert await world.balance(player) == 0
        assert await world.stars.send_refunds() == 0  # not yet
        execute("UPDATE pay.star_receipts SET next_try_at = now() WHERE state = 'refunding'")
        assert await world.stars.send_refunds() == 1
    assert (await stars.refund(world.db, charge.charge_id, by="op")).status == "ok"
    assert execute("SELECT state::text FROM pay.star_receipts") == [("refunded",)]
    assert await world.balance(player) == world.telegram.balance == ledger_sum(execute, "telegram") == 0


async def test_a_refund_that_telegram_refused_is_not_told_as_one_on_its_way(world: World, execute: Execute) -> None:
    player = await world.player()
    _, charge = await pay(world, player)
    await world.stars.paid(charge)
    world.telegram.fail("refundStarPayment", 400, "Bad Request: USER_ID_INVALID")
    await world.stars.refund(charge.charge_id, by="op")
    told = execute("SELECT kind, amount, reason FROM bot.notices WHERE user_id = %s ORDER BY notice_id", player.user_id)
    assert told == [("payment_refund", 50, "operator"), ("payment_refund", 50, "refused")]
    languages = {"ru": ("возвращается", "не удалось"), "en": ("is being refunded", "could not be refunded")}
    for language, words in languages.items():
        for (kind, amount, reason), said in zip(told, words, strict=True):
            delivery = Delivery(1, player.telegram_id, language, kind, None, amount, reason, "s")
            assert said in message_of(delivery, "https://play.example/").text


async def test_the_player_hears_of_every_step(world: World, ear: Ear) -> None:
    player, stranger = await world.player(), await world.player()
    payment, charge = await pay(world, player)
    user_id, paid = str(player.user_id), PaymentChanged(payment.payment_id, "paid")
    assert (await world.stars.paid(charge)).status == "credited"
    assert await ear.next(2) == [(user_id, paid), (user_id, BalanceChanged(50))]

    assert payment.invoice_link is not None
    again = world.telegram.pay(payment.invoice_link, stranger.telegram_id)
    await world.stars.paid(again)
    assert await ear.next(1) == [(user_id, paid)]  # of the balance it says nothing: the money is a stranger's

    await spend(world, player, 30)
    world.telegram.take_back(charge)
    assert (await world.stars.reversed(charge)).status == "charged_back"
    refunded = PaymentChanged(payment.payment_id, "refunded")
    assert await ear.next(3) == [(user_id, refunded), (user_id, BalanceChanged(0)), (user_id, Banned())]

    waiting = await world.order(stranger)
    await payments.cancel(world.db, stranger.user_id, waiting.payment_id)
    world.stars.publish_payment(await world.payment(waiting))
    assert await ear.next(1) == [(str(stranger.user_id), PaymentChanged(waiting.payment_id, "cancelled"))]


@pytest.mark.parametrize("spent", [0, 30, 50])
async def test_a_charge_back_never_makes_a_balance_negative(world: World, execute: Execute, spent: int) -> None:
    player = await world.player()
    payment, charge = await pay(world, player)
    await world.stars.paid(charge)
    if spent:
        await spend(world, player, spent)
    world.telegram.take_back(charge)
    answers = await asyncio.gather(*(world.stars.reversed(charge) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == ["charged_back"] + ["repeated"] * 4
    assert await world.balance(player) == 0
    assert ledger_sum(execute, "loss") == -spent
    assert ledger_sum(execute, "telegram") == world.telegram.balance == 0
    assert (await world.payment(payment)).state == "refunded"
    assert (await users.hello(world.db, [player.user_id]))[player.user_id].banned is (spent > 0)
    assert (await world.stars.refund(charge.charge_id, by="op")).status == "conflict"


async def test_a_charge_that_went_back_before_it_was_known_is_never_credited(world: World) -> None:
    player = await world.player()
    payment, charge = await pay(world, player)
    world.telegram.take_back(charge)
    assert (await world.stars.reversed(charge)).status == "unknown"
    assert (await world.stars.paid(charge)).status == "repeated"
    assert (await world.stars.reversed(charge)).status == "repeated"
    assert (await world.payment(payment)).state == "refunded"
    assert await world.balance(player) == world.telegram.balance == 0


async def test_a_charge_back_of_what_was_under_review_or_on_its_way_back(world: World, execute: Execute) -> None:
    player = await world.player()
    _, charge = await pay(world, player)
    odd = replace(charge, payload="odd")
    await world.stars.paid(odd)
    world.telegram.take_back(charge)
    assert (await world.stars.reversed(odd)).status == "charged_back"
    _, other = await pay(world, player)
    await world.stars.paid(other)
    await stars.refund(world.db, other.charge_id, by="op")
    world.telegram.take_back(other)
    assert (await world.stars.reversed(other)).status == "refunded"
    assert await world.stars.send_refunds() == 0
    assert ledger_sum(execute, "suspense") == ledger_sum(execute, "telegram") == world.telegram.balance == 0


async def test_a_telegram_that_is_away_is_asked_for_one_refund_only(world: World, execute: Execute) -> None:
    player = await world.player()
    for _ in range(3):
        _, charge = await pay(world, player)
        await world.stars.paid(charge)
        await stars.refund(world.db, charge.charge_id, by="op")
    world.telegram.fail("refundStarPayment", 502, "Bad Gateway")
    assert await world.stars.send_refunds() == 1
    assert await world.stars.send_refunds() == 0  # the others are leased
    execute("UPDATE pay.star_receipts SET next_try_at = now() WHERE state = 'refunding'")
    assert await world.stars.send_refunds() == 3
    assert world.telegram.balance == 0
