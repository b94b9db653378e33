"""What went out is identified by its own mark, never by elimination: where there is none, an operator decides."""

from dataclasses import replace

from persistence.payments.payouts import GIFT_SURE_MS
from persistence.postgres import withdrawals
from persistence.postgres.withdrawals import Withdrawal
from persistence.telegram import make_bot
from tests.fixtures.postgres import Execute
from tests.payouts.conftest import HOLD_MS, Player, World


async def ready(world: World, player: Player, *, months: int | None = 3) -> Withdrawal:
    asked = await world.requested(player, 1000, months=months)
    world.pass_time(HOLD_MS)
    await world.payouts().release()
    return asked


async def lost(world: World, player: Player, *, done: bool) -> Withdrawal:
    """A gift whose answer nobody saw."""
    asked = await ready(world, player)
    world.telegram.fail("giftPremiumSubscription", 502, "Bad Gateway", done=done)
    await world.round()
    assert (await world.state(asked)).state == "sending"
    return asked


async def sure(world: World) -> None:
    """Until the absence of a gift is sure, and one round more."""
    await world.round(ms=60_000)
    await world.round(ms=GIFT_SURE_MS)
    await world.round(ms=130_000)


async def test_a_gift_takes_no_transaction_of_another_that_was_not_named(world: World) -> None:
    player = await world.player()
    first = await ready(world, player)
    world.telegram.fail("getStarTransactions", 502, "Bad Gateway")
    await world.round()
    assert ((await world.state(first)).state, (await world.state(first)).reference) == ("sent", None)
    transaction = world.telegram.book[-1]["id"]

    second = await lost(world, player, done=False)
    await sure(world)
    waits = await world.state(second)
    assert (waits.state, waits.waits_for, transaction in (waits.error or "")) == ("approval", "unknown", True)
    assert world.telegram.gifts(player.telegram_id) == 1

    # An operator says whose it is; from then on the search is sure.
    name = withdrawals.name_transaction
    for _ in range(2):
        assert (await name(world.db, first.withdrawal_id, transaction, by="olga")).status == "ok"
    assert (await name(world.db, first.withdrawal_id, "another", by="olga")).status == "conflict"
    taken = await world.flow.review(second.withdrawal_id, "paid", by="olga", reference=transaction)
    assert taken.status == "taken"
    assert (await world.flow.review(second.withdrawal_id, "search", by="olga")).status == "ok"
    await sure(world)
    await world.round(ms=130_000)
    sent = await world.state(second)
    assert (sent.state, sent.attempt) == ("sent", 2)
    assert world.telegram.gifts(player.telegram_id) == 2


async def test_a_transaction_counts_for_one_withdrawal(world: World) -> None:
    player = await world.player()
    one, two = await ready(world, player, months=None), await ready(world, player, months=None)
    assert (await withdrawals.end(world.db, one, "sent", reference="tx")).status == "sent"
    assert (await withdrawals.end(world.db, two, "sent", reference="tx")).status == "unknown"
    assert (await world.state(two)).waits_for == "unknown"
    assert (await world.flow.review(two.withdrawal_id, "paid", by="olga", reference="ty")).status == "ok"
    assert (await world.state(two)).reference == "ty"


async def test_another_bot_neither_finds_nor_repeats_a_gift(world: World) -> None:
    player = await world.player()
    asked = await lost(world, player, done=True)
    other = make_bot(replace(world.settings, bot_token="777:another-bot-of-later"))
    try:
        for _ in range(3):
            await world.round(world.payouts(bot=other), ms=GIFT_SURE_MS)
    finally:
        await other.session.close()
    waits = await world.state(asked)
    assert (waits.state, waits.waits_for, waits.attempt) == ("approval", "unknown", 1)
    assert "777" in (waits.error or "")
    assert world.telegram.gifts(player.telegram_id) == 1
    # The bot that made it is back: it finds it.
    assert (await world.flow.review(asked.withdrawal_id, "search", by="olga")).status == "ok"
    await world.round()
    assert ((await world.state(asked)).state, world.telegram.gifts(player.telegram_id)) == ("sent", 1)


async def test_an_earlier_bots_long_list_hides_no_gift(world: World, execute: Execute) -> None:
    execute(
        "INSERT INTO pay.star_reconciliations (bot_id, from_offset, next_offset, new_transactions, credited, reversed,"
        " telegram_stars, book_stars, ledger_stars, outside_stars, settled, differences)"
        " VALUES (1, 0, 1000, 0, 0, 0, 0, 0, 0, 0, true, '[]')"
    )
    execute("INSERT INTO pay.star_books (bot_id, next_offset) VALUES (1, 1000)")
    player = await world.player()
    asked = await lost(world, player, done=True)
    await sure(world)
    sent = await world.state(asked)
    assert (sent.state, sent.attempt, world.telegram.gifts(player.telegram_id)) == ("sent", 1, 1)


async def test_a_gift_that_telegram_calls_something_new_is_not_made_again(world: World) -> None:
    player = await world.player()
    asked = await lost(world, player, done=True)
    world.telegram.api.grow_newer()
    world.telegram.book[-1]["receiver"]["transaction_type"] = "present_of_a_new_kind"
    await sure(world)
    waits = await world.state(asked)
    assert (waits.state, waits.waits_for) == ("approval", "unknown")
    assert world.telegram.book[-1]["id"] in (waits.error or "")
    assert world.telegram.gifts(player.telegram_id) == 1
    assert (await world.flow.review(asked.withdrawal_id, "paid", by="olga")).status == "ok"


async def test_what_is_new_at_telegram_stops_no_search(world: World) -> None:
    player = await world.player()
    asked = await lost(world, player, done=True)
    world.telegram.api.grow_newer()
    world.telegram.book.insert(0, {"id": "odd", "amount": "many", "date": None, "receiver": {"type": 7}})
    world.telegram.book.insert(0, {"id": "new", "amount": 5, "date": 1, "receiver": {"type": "star_bank", "x": [1]}})
    await world.round(ms=60_000)
    sent = await world.state(asked)
    assert (sent.state, sent.reference) == ("sent", world.telegram.book[-1]["id"])


async def test_a_message_is_asked_for_at_the_wallet_that_signed_it(world: World) -> None:
    """With the key of another wallet the old one's memory still counts: else the same would be paid twice."""
    player = await world.player()
    asked = await ready(world, player, months=None)
    world.chain.lose_index = True
    await world.round()
    first = await world.state(asked)
    assert (world.times_paid(player), first.wallet) == (1, world.chain.address)
    assert first.message_expires is not None
    world.clock.ms = (first.message_expires + 600) * 1000
    await world.round(world.having(ton_payout_key="22" * 32).payouts())
    later = await world.state(asked)
    assert (later.state, later.attempt, later.error) == ("sending", 1, "accepted, not seen yet")


async def test_one_withdrawal_that_is_not_understood_holds_up_no_other_and_ends_with_an_operator(world: World) -> None:
    odd, other = await world.player(), await world.player()
    puzzling = await ready(world, odd, months=None)
    world.chain.wait = True
    await world.round()
    world.chain.make_blocks()
    world.chain.wait = False
    for transaction in world.chain.transactions.values():
        transaction["out_msgs"] = [{"hash": "no hash"}]
    fine = await ready(world, other, months=None)
    for _ in range(3):
        await world.round(ms=130_000)
    assert (await world.state(fine)).state == "sent"
    assert (await world.state(puzzling)).state == "sending"
    await world.round(ms=3_600_000)
    waits = await world.state(puzzling)
    assert (waits.state, waits.waits_for) == ("approval", "unknown")
