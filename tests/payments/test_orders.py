"""Orders of Stars: made once for a key with one link, the same from everywhere, cancelled, expired."""

import asyncio

import pytest

from persistence.errors import ErrorCode, GameError, RateLimited, TelegramRefused, TelegramUnavailable
from persistence.postgres import idempotency, payments
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.payments import Ordered
from tests.fixtures.postgres import Execute
from tests.payments.conftest import ENDPOINT, INVOICE, Player, World


async def order(world: World, player: Player, key: str, amount: int = 50) -> Ordered:
    return await world.stars.order(player.user_id, amount, INVOICE, IdempotencyKey(ENDPOINT, key, b"%d" % amount))


async def test_an_order_has_a_link_with_a_payload_of_its_own(world: World) -> None:
    player = await world.player()
    first, second = await world.order(player), await world.order(player, 70)
    assert (first.state, first.method, first.stars, first.credited) == ("pending", "stars", 50, 0)
    assert first.expires_ms - first.created_ms == world.settings.stars_invoice_s * 1000
    assert first.invoice_link is not None
    invoice = world.telegram.invoices[first.invoice_link]
    assert (invoice.payload, invoice.stars) == (first.invoice_payload, 50)
    assert first.invoice_payload != second.invoice_payload
    assert await payments.page(world.db, player.user_id, None, 10) == [second, first]
    assert await payments.page(world.db, player.user_id, second.number, 10) == [first]


async def test_the_same_key_from_many_sides_makes_one_order(world: World) -> None:
    player = await world.player()
    answers = await asyncio.gather(*(order(world, player, "k") for _ in range(20)), return_exceptions=True)
    made = [answer for answer in answers if isinstance(answer, Ordered)]
    refused = [answer for answer in answers if isinstance(answer, GameError)]
    assert len(made) == 1
    assert {error.code for error in refused} == {ErrorCode.IDEMPOTENCY_IN_PROGRESS}
    assert len(await payments.page(world.db, player.user_id, None, 10)) == 1
    assert world.telegram.count("createInvoiceLink") == 1
    await idempotency.store_responses(world.db, [(player.user_id, IdempotencyKey(ENDPOINT, "k", b""), b"answer")])
    assert (await order(world, player, "k")).response == b"answer"
    with pytest.raises(GameError, match="idempotency_mismatch"):
        await order(world, player, "k", 51)


async def test_an_account_without_telegram_orders_no_stars(world: World, execute: Execute) -> None:
    """Nobody could pay them: Telegram's payer must be who logs in here."""
    player = await world.player()
    execute("UPDATE auth.users SET telegram_id = NULL WHERE user_id = %s", player.user_id)
    for _ in range(2):  # only successes are kept under a key
        with pytest.raises(GameError, match="telegram_needed"):
            await order(world, player, "k")
    assert await payments.page(world.db, player.user_id, None, 10) == []
    assert world.telegram.count("createInvoiceLink") == 0


@pytest.mark.parametrize("status", [500, 429, 502])
async def test_a_link_that_could_not_be_made_is_made_by_the_retry(world: World, status: int) -> None:
    player = await world.player()
    world.telegram.fail("createInvoiceLink", status, "away", done=status == 500)
    with pytest.raises(TelegramUnavailable):
        await order(world, player, "k")
    (waiting,) = await payments.page(world.db, player.user_id, None, 10)
    assert (waiting.state, waiting.invoice_link) == ("pending", None)
    again = (await order(world, player, "k")).payment
    assert again is not None
    assert (again.payment_id, again.invoice_link is not None) == (waiting.payment_id, True)


async def test_what_telegram_refuses_is_told_without_the_token(world: World) -> None:
    assert world.bot is not None
    world.telegram.fail("createInvoiceLink", 400, f"Bad Request: {world.bot.token}")
    with pytest.raises(TelegramRefused) as refused:
        await world.order(await world.player())
    assert str(refused.value) == "Bad Request: <token>"


async def test_two_links_made_at_once_are_one_in_the_end(world: World) -> None:
    player = await world.player()
    payment = await world.order(player)
    kept = await payments.set_invoice_link(world.db, player.user_id, payment.payment_id, "https://t.me/$other")
    assert kept == payment
    stranger = await world.player()
    assert await payments.set_invoice_link(world.db, stranger.user_id, payment.payment_id, "https://x") is None


async def test_off_banned_and_too_many(world: World) -> None:
    player = await world.player()
    with pytest.raises(GameError, match="forbidden"):
        await world.with_settings(stars_deposits="off").order(player)
    for _ in range(20):
        await world.order(player)
    with pytest.raises(GameError, match="conflict"):
        await order(world, player, "k")
    (last, *_) = await payments.page(world.db, player.user_id, None, 1)
    await payments.cancel(world.db, player.user_id, last.payment_id)
    with pytest.raises(RateLimited) as refused:  # given up, it still counts
        await order(world, player, "k")
    assert 3500 < refused.value.retry_after_s <= 3600
    assert refused.value.details == {"limit": "unpaid_orders"}


async def test_orders_that_were_paid_are_no_collection(world: World) -> None:
    player = await world.player()
    for _ in range(20):
        payment = await world.order(player)
        await payments.cancel(world.db, player.user_id, payment.payment_id)
    with pytest.raises(RateLimited):
        await world.order(player)
    assert payment.invoice_link is not None
    await world.stars.paid(world.telegram.pay(payment.invoice_link, player.telegram_id))
    assert (await world.order(player)).state == "pending"


async def test_cancelled_by_its_owner_alone_and_again(world: World) -> None:
    player, stranger = await world.player(), await world.player()
    payment = await world.order(player)
    assert await payments.cancel(world.db, stranger.user_id, payment.payment_id) == ("not_found", None)
    assert await payments.one(world.db, stranger.user_id, payment.payment_id) is None
    status, cancelled = await payments.cancel(world.db, player.user_id, payment.payment_id)
    assert (status, cancelled and cancelled.state) == ("ok", "cancelled")
    assert await payments.cancel(world.db, player.user_id, payment.payment_id) == ("ok", cancelled)


async def test_what_nobody_pays_expires(world: World) -> None:
    player = await world.player()
    payment = await world.order(player)
    assert await world.stars.expire() == 0
    ended = await payments.expire(world.db, payment.expires_ms, 10)
    assert [each.payment_id for each in ended] == [payment.payment_id]
    assert (await world.payment(payment)).state == "expired"
    assert (await payments.cancel(world.db, player.user_id, payment.payment_id))[0] == "conflict"
