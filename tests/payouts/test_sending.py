"""Sending: once, whatever is lost, repeated, late or refused on the way."""

import asyncio
from base64 import b64decode
from typing import Any

import pytest

from persistence.payments.payouts import GIFT_SURE_MS
from persistence.postgres import withdrawals
from persistence.postgres.withdrawals import Withdrawal
from persistence.ton.highload import HighloadWallet
from tests.payouts.conftest import HOLD_MS, KEY, RATE, STARS, Player, World
from tests.stand_ins import highload


async def ready(world: World, *, months: int | None = None, stars: int = 1000) -> tuple[Player, Withdrawal]:
    """A withdrawal whose hold is over and of which nothing was sent."""
    player = await world.player()
    asked = await world.requested(player, stars, months=months)
    world.pass_time(HOLD_MS)
    await world.payouts().release()
    assert (await world.state(asked)).state == "sending"
    return player, asked


async def test_ton_goes_to_the_wallet_once(world: World) -> None:
    player, asked = await ready(world)
    for _ in range(5):
        await world.round()
    sent = await world.state(asked)
    assert (sent.state, sent.error) == ("sent", None)
    assert sent.reference is not None
    (paid,) = world.chain.paid
    assert (paid.destination, paid.nanoton, paid.query_id) == (player.address, 1000 * RATE, sent.query_id)
    assert world.toncenter.bocs == [sent.boc]
    assert await world.balance(player) == STARS - 1000


async def test_premium_is_given_once(world: World) -> None:
    player, asked = await ready(world, months=3)
    for _ in range(5):
        await world.round()
    sent = await world.state(asked)
    assert (sent.state, sent.reference) == ("sent", world.telegram.book[-1]["id"])
    assert world.telegram.count("giftPremiumSubscription") == 1
    assert world.telegram.gifts(player.telegram_id) == 1


async def test_the_message_is_in_the_books_before_it_leaves_and_stays_the_same(world: World) -> None:
    _, asked = await ready(world)
    world.toncenter.faults["message"] = [500, "drop", 500, "lose"]
    seen = set()
    for _ in range(8):
        await world.round()
        seen.add((await world.state(asked)).boc)
    assert len(seen) == 1
    assert set(world.toncenter.bocs) == seen
    assert len(world.chain.paid) == 1
    assert (await world.state(asked)).attempt == 1


@pytest.mark.parametrize("blocks_at_last", [True, False])
async def test_only_after_the_time_out_another_message_follows(world: World, blocks_at_last: bool) -> None:
    player, asked = await ready(world)
    world.chain.wait = True
    await world.round()
    first = await world.state(asked)
    assert first.message_expires is not None
    for _ in range(4):
        await world.round()
    assert (await world.state(asked)).boc == first.boc
    if blocks_at_last:
        world.chain.now_s = first.message_expires - 1
        world.chain.make_blocks()
    world.clock.ms = (first.message_expires + 60) * 1000
    await world.round(ms=0)
    late = await world.state(asked)
    assert (late.state, late.attempt) == (("sent", 1) if blocks_at_last else ("sending", 1))
    world.chain.wait = False
    world.chain.make_blocks()
    for _ in range(3):
        await world.round(ms=130_000)
    sent = await world.state(asked)
    assert (sent.state, sent.attempt) == ("sent", 1 if blocks_at_last else 2)
    assert world.times_paid(player) == 1
    assert (sent.query_id == first.query_id) == blocks_at_last


async def test_a_message_that_the_wallet_remembers_is_never_replaced(world: World) -> None:
    player, asked = await ready(world)
    world.chain.lose_index = True
    await world.round()
    assert world.times_paid(player) == 1
    first = await world.state(asked)
    assert first.message_expires is not None
    world.clock.ms = (first.message_expires + 600) * 1000
    await world.round()
    assert (await world.state(asked)).boc == first.boc
    world.clock.ms = (first.message_expires + 7200) * 1000
    await world.round(ms=0)
    stopped = await world.state(asked)
    assert (stopped.state, stopped.waits_for, stopped.boc) == ("approval", "unknown", first.boc)
    assert (await world.flow.review(asked.withdrawal_id, "paid", by="olga")).status == "ok"
    await world.round()
    assert ((await world.state(asked)).state, world.times_paid(player)) == ("sent", 1)


async def test_the_first_transaction_is_not_the_payment(world: World) -> None:
    player, asked = await ready(world)
    world.chain.fail_second = True
    await world.round()
    await world.round()
    failed = await world.state(asked)
    assert (failed.state, failed.waits_for, failed.boc) == ("approval", "failed", None)
    assert "37" in (failed.error or "")
    world.chain.fail_second = False
    assert (await world.flow.review(asked.withdrawal_id, "approve", by="olga")).status == "ok"
    await world.round()
    await world.round()
    assert ((await world.state(asked)).state, world.times_paid(player)) == ("sent", 1)


async def test_an_empty_wallet_pays_nothing_and_loses_nothing(world: World) -> None:
    player, asked = await ready(world)
    for stars in (0, highload.FEES + 60_000_000):
        world.chain.nanoton = stars
        await world.round()
        await world.round()
        assert (await world.state(asked)).waits_for == "failed"
        await world.flow.review(asked.withdrawal_id, "approve", by="olga")
    world.chain.nanoton = 10**12
    await world.round()
    await world.round()
    assert ((await world.state(asked)).state, world.times_paid(player)) == ("sent", 1)


async def test_what_is_not_final_is_not_believed(world: World) -> None:
    _, asked = await ready(world)
    world.chain.final = False
    for _ in range(4):
        await world.round()
    assert (await world.state(asked)).state == "sending"
    world.chain.finalise()
    await world.round()
    assert (await world.state(asked)).state == "sent"


async def test_messages_hold_against_the_contracts_own_checks(world: World) -> None:
    wallet = HighloadWallet.from_settings(world.settings)
    made: dict[str, Any] = {
        "query_id": (8191 << 10) | 1022,
        "chain_now_s": world.chain.now_s,
        "destination": "0:" + "cd" * 32,
        "nanoton": 5,
    }
    message = wallet.message(**made)
    assert world.chain.take(message.boc) == 0
    assert world.chain.take(message.boc) == highload.ALREADY_EXECUTED
    assert world.chain.processed(message.query_id)
    other = HighloadWallet(bytes.fromhex(KEY), subwallet=4269, timeout_s=60)
    other.address = wallet.address
    assert world.chain.take(other.message(**made).boc) == highload.INVALID_TIMEOUT
    other = HighloadWallet(bytes.fromhex(KEY), subwallet=1, timeout_s=wallet.timeout_s)
    other.address = wallet.address
    assert world.chain.take(other.message(**made).boc) == highload.INVALID_SUBWALLET
    other = HighloadWallet(bytes.fromhex("22" * 32), subwallet=4269, timeout_s=wallet.timeout_s)
    other.address = wallet.address
    assert world.chain.take(other.message(**made).boc) == highload.INVALID_SIGNATURE
    future = wallet.message(**{**made, "chain_now_s": world.chain.now_s + 41, "query_id": 1})
    assert world.chain.take(future.boc) == highload.INVALID_CREATED_AT
    world.chain.now_s += wallet.timeout_s
    assert (
        world.chain.take(
            wallet.message(**{**made, "query_id": 2, "chain_now_s": world.chain.now_s - wallet.timeout_s}).boc
        )
        == highload.INVALID_CREATED_AT
    )
    assert len(b64decode(message.boc)) < 1000


async def test_query_ids_are_ones_that_the_wallet_can_keep(world: World) -> None:
    async def next_after(number: int) -> int:
        await asyncio.to_thread(set_sequence, world, number)
        return await withdrawals.next_query(world.db)

    assert await next_after(0) == 1
    assert await next_after(1021) == 1022
    assert await next_after(1022) == 1 << 10
    assert await next_after(8_380_415) == 0
    ids = await asyncio.gather(*(withdrawals.next_query(world.db) for _ in range(50)))
    assert len(set(ids)) == 50


def set_sequence(world: World, number: int) -> None:
    import psycopg

    with psycopg.connect(world.settings.database_url, autocommit=True) as connection:
        connection.execute("SELECT setval('pay.highload_queries', %s)", [number])


@pytest.mark.parametrize("done", [True, False])
async def test_a_gift_whose_answer_was_lost_is_looked_for(world: World, done: bool) -> None:
    player, asked = await ready(world, months=3)
    world.telegram.fail("giftPremiumSubscription", 500, "Internal Server Error", done=done)
    await world.round()
    for _ in range(3):
        await world.round(ms=60_000)
    assert world.telegram.count("giftPremiumSubscription") == int(done)  # the server does not count what it refuses
    assert (await world.state(asked)).state == ("sent" if done else "sending")
    await world.round(ms=GIFT_SURE_MS)
    await world.round()
    sent = await world.state(asked)
    assert (sent.state, sent.attempt) == ("sent", 1 if done else 2)
    assert world.telegram.gifts(player.telegram_id) == 1


async def test_two_gifts_to_one_person_are_told_apart(world: World) -> None:
    player = await world.player()
    both = [await world.requested(player, 1000, months=3) for _ in range(2)]
    world.pass_time(HOLD_MS)
    await world.payouts().release()
    world.telegram.fail("giftPremiumSubscription", 502, "Bad Gateway", done=True)
    for _ in range(8):
        await world.round(ms=130_000)
    states = [await world.state(each) for each in both]
    assert [each.state for each in states] == ["sent", "sent"]
    assert len({each.reference for each in states}) == 2
    assert world.telegram.gifts(player.telegram_id) == 2


async def test_a_gift_that_is_refused(world: World) -> None:
    player, asked = await ready(world, months=3)
    world.telegram.hold(999)
    await world.round()
    assert (await world.state(asked)).waits_for == "failed"
    world.telegram.hold(5000)
    world.telegram.forget(player.telegram_id)
    await world.flow.review(asked.withdrawal_id, "approve", by="olga")
    await world.round()
    returned = await world.state(asked)
    assert (returned.state, "chat not found" in (returned.error or "")) == ("returned", True)
    assert await world.balance(player) == STARS


async def test_flood_control_is_waited_for(world: World) -> None:
    player, asked = await ready(world, months=3)
    world.telegram.fail("giftPremiumSubscription", 429, "Too Many Requests: retry after 30")
    await world.round()
    await world.round(ms=30_000)
    assert (await world.state(asked)).state == "sending"
    assert world.telegram.count("giftPremiumSubscription") == 0
    await world.round(ms=70_000)
    assert ((await world.state(asked)).state, world.telegram.gifts(player.telegram_id)) == ("sent", 1)
