"""A price is never the player's option: what is late, cancelled or in excess, and quotes that are collected."""

import pytest

from persistence.postgres import payments
from tests.ton.conftest import HOUSE, RATE, World, nanoton


@pytest.mark.parametrize("now", [RATE * 2, RATE, RATE // 2])
@pytest.mark.parametrize("over", ["late", "cancelled", "excess"])
async def test_an_old_price_is_never_the_players_option(world: World, over: str, now: int) -> None:
    """Whichever way the price went: what was ordered and is paid in time has its price, all else the worse one."""
    player = await world.player()
    in_time, order = [await world.order(player, 100) for _ in range(2)]
    paid = world.chain.send(HOUSE, nanoton(100), in_time.ton_memo)
    if over == "late":
        world.chain.now_s += world.settings.ton_quote_s + 1
    elif over == "cancelled":
        assert (await payments.cancel(world.db, player, order.payment_id))[0] == "ok"
    tx = world.chain.send(HOUSE, nanoton(400 if over == "excess" else 100), order.ton_memo)
    world.price.nanoton = now
    await world.read()
    worse = max(now, RATE)
    assert await world.outcome(paid) == ("credited", None, 100)
    stars = 100 + nanoton(300) // worse if over == "excess" else nanoton(100) // worse
    assert await world.outcome(tx) == ("credited", over, stars)
    assert await world.balance(player) == 100 + stars


@pytest.mark.parametrize("over", ["late", "cancelled", "excess"])
async def test_without_a_price_of_now_what_is_over_waits_and_an_operator_can(world: World, over: str) -> None:
    player = await world.player()
    order = await world.order(player, 100)
    if over == "late":
        world.chain.now_s += world.settings.ton_quote_s + 1
    elif over == "cancelled":
        await payments.cancel(world.db, player, order.payment_id)
    tx = world.chain.send(HOUSE, nanoton(200), order.ton_memo)
    world.price.nanoton = None
    await world.read()
    assert await world.outcome(tx) == ("review", over, None)
    assert (await world.payment(order)).state == "review"

    receipt = await world.receipt(tx)
    assert receipt is not None
    decide = world.deposits.assign
    assert (await decide(receipt.receipt_id, payment_id=None, user_id=None, by="ann"))[0] == "no_rate"
    status, given = await decide(receipt.receipt_id, payment_id=None, user_id=None, by="ann", rate=RATE * 2)
    assert (status, given and given.receipt.stars) == ("ok", 100)
    assert (await world.payment(order)).state == "paid"


async def test_an_operators_yes_is_no_old_price_either(world: World) -> None:
    player = await world.player()
    order = await world.order(player, 100)
    short = world.chain.send(HOUSE, nanoton(100) - 1, order.ton_memo)
    await world.read()
    world.price.nanoton = RATE * 2
    receipt = await world.receipt(short)
    assert receipt is not None
    _, given = await world.deposits.assign(receipt.receipt_id, payment_id=None, user_id=None, by="ann")
    assert given is not None
    assert given.receipt.stars == 49


async def test_more_than_an_order_may_be_waits_for_an_operator(world: World) -> None:
    """A cheap order, cancelled, and paid with a fortune once the price is up."""
    player = await world.player()
    order, largest = await world.order(player, 10), await world.order(player, 100_000)
    await payments.cancel(world.db, player, order.payment_id)
    fortune = world.chain.send(HOUSE, nanoton(1_000_000), order.ton_memo)
    bound = world.chain.send(HOUSE, nanoton(100_000) + RATE - 1, largest.ton_memo)
    await world.read()
    assert await world.outcome(fortune) == ("review", "bound", None)
    assert await world.outcome(bound) == ("credited", None, 100_000)
    assert await world.balance(player) == 100_000
    receipt = await world.receipt(fortune)
    assert receipt is not None
    assert (await world.deposits.dismiss(receipt.receipt_id, by="ann"))[0] == "ok"


async def test_orders_cannot_be_collected(world: World) -> None:
    """Each order is a price that is kept: twenty an hour, given up or not."""
    player = await world.player()
    for _ in range(20):
        order = await world.order(player)
        await payments.cancel(world.db, player, order.payment_id)
    with pytest.raises(AssertionError, match="rate_limited"):
        await world.order(player)
    await world.order(await world.player())
    world.chain.now_s += 3601
    await world.order(player)
