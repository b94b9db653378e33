"""Sending: once, whatever is lost, repeated, late or refused on the way."""

import asyncio
import random
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest

from persistence.errors import GameError, StoreUnavailable
from persistence.payouts import GIFT_SURE_MS
from persistence.postgres import operators, withdrawals
from persistence.postgres.pool import CommitUnknown
from persistence.postgres.withdrawals import Withdrawal
from persistence.ton.highload import HighloadChain, HighloadWallet
from tests.payouts.conftest import HOLD_MS, KEY, RATE, STARS, Player, World
from tests.peers import highload


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


class Dies(StoreUnavailable):
    """The process, at a call that is counted."""

    def __init__(self) -> None:
        super().__init__("process")


class Deadly:
    """Stands for a store or a client: dies before or after its calls, as `chance` has it."""

    def __init__(self, target: Any, dies: Callable[[], str | None]) -> None:
        self._target = target
        self._dies = dies

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name not in ("call", "rows", "send", "transfer", "processed", "now_s"):
            return value

        async def call(*args: Any, **kwargs: Any) -> Any:
            fate = self._dies()
            if fate == "before":
                raise Dies
            result = await value(*args, **kwargs)
            if fate == "after":
                raise Dies
            return result

        return call


class DeadlyBot:
    """The same for the bot, which is called itself."""

    def __init__(self, bot: Any, dies: Callable[[], str | None]) -> None:
        self._bot = bot
        self._dies = dies
        self.token = bot.token

    async def __call__(self, method: Any) -> Any:
        fate = self._dies()
        if fate == "before":
            raise Dies
        result = await self._bot(method)
        if fate == "after":
            raise Dies
        return result


def deadly(world: World, dies: Callable[[], str | None]) -> Any:
    wallet = HighloadWallet.from_settings(world.settings)
    return world.payouts(
        db=Deadly(world.db, dies),
        chain=Deadly(HighloadChain(world.client, wallet), dies),
        bot=DeadlyBot(world.bot, dies),
    )


@pytest.mark.parametrize("months", [None, 3])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_death_at_every_step_pays_once(world: World, months: int | None, when: str) -> None:
    step = 0
    while True:
        step += 1
        player = await world.player()
        asked = await world.requested(player, months=months)
        count = 0

        def dies(at: int = step) -> str | None:
            nonlocal count
            count += 1
            return when if count == at else None

        died = False
        doomed = deadly(world, dies)
        world.pass_time(HOLD_MS)
        for _ in range(3):
            try:
                await world.round(doomed)
            except StoreUnavailable:
                died = True
                break
        for _ in range(14):
            if (await world.state(asked)).state == "sent":
                break
            await world.round(ms=130_000)
        assert (await world.state(asked)).state == "sent", step
        assert world.times_paid(player) + world.telegram.gifts(player.telegram_id) == 1, step
        if not died:
            break
    assert step > 6
    await world.clean()


@pytest.mark.parametrize("seed", range(6))
async def test_random_orders_never_pay_twice_and_lose_nothing(world: World, seed: int) -> None:
    chance = random.Random(seed)
    # A day's total is no subject here.
    world = world.having(withdrawal_account_day_stars=10**6, withdrawal_house_day_stars=10**7)
    players = [await world.player() for _ in range(4)]
    asked: list[tuple[Player, Withdrawal]] = []

    def dies() -> str | None:
        return chance.choice(("before", "after")) if chance.random() < 0.08 else None

    for _ in range(70):
        player = chance.choice(players)
        match chance.randrange(9):
            case 0 | 1:
                try:
                    months = chance.choice((None, None, 3))
                    stars = 1000 if months else chance.choice((100, 700, 2500))
                    asked.append((player, await world.requested(player, stars, months=months)))
                except GameError:
                    pass
            case 2 if asked:
                _, withdrawal = chance.choice(asked)
                await world.flow.review(withdrawal.withdrawal_id, chance.choice(("approve", "refuse")), by="olga")
            case 3:
                world.chain.wait = chance.random() < 0.4
                world.chain.make_blocks()
            case 4:
                world.chain.fail_second = chance.random() < 0.3
            case 5:
                world.toncenter.faults["message"] = [chance.choice((500, "drop", "lose"))]
                world.telegram.fail("giftPremiumSubscription", 500, "away", done=chance.random() < 0.5)
            case 6 if chance.random() < 0.4:
                await operators.ban(world.db, player.user_id, "bot", "olga")
                await operators.unban(world.db, player.user_id, "no bot", "olga")
            case _:
                workers = [world.payouts(), deadly(world, dies)]
                world.pass_time(chance.choice((1, 5_000, 30_000, 130_000, 1_000_000, 4_000_000)))
                rounds = [world.round(worker, ms=0) for worker in workers]
                results = await asyncio.gather(*rounds, return_exceptions=True)
                assert all(result is None or isinstance(result, StoreUnavailable) for result in results), results

    # The world becomes friendly, and an operator approves whatever waits.
    world.chain.wait = world.chain.fail_second = False
    world.chain.make_blocks()
    world.toncenter.faults.clear()
    world.telegram.api.mend()
    for _ in range(40):
        for _, withdrawal in asked:
            if (await world.state(withdrawal)).state == "approval":
                await world.flow.review(withdrawal.withdrawal_id, "approve", by="olga")
        await world.round(ms=1_000_000)
        states = [(await world.state(withdrawal)).state for _, withdrawal in asked]
        if set(states) <= {"sent", "returned"}:
            break
    assert set(states) <= {"sent", "returned"}
    for player in players:
        own = [await world.state(withdrawal) for owner, withdrawal in asked if owner is player]
        sent = [each for each in own if each.state == "sent"]
        assert await world.balance(player) == STARS - sum(each.stars for each in sent)
        paid = [each.nanoton for each in world.chain.paid if each.destination == player.address]
        assert sorted(paid) == sorted(each.nanoton or 0 for each in sent if each.method == "ton")
        assert world.telegram.gifts(player.telegram_id) == sum(each.method == "premium" for each in sent)
    await world.clean()


async def test_an_answer_that_postgres_lost_changes_nothing(world: World) -> None:
    """CommitUnknown at the end of an attempt: whoever comes next finds it sent, or goes on."""
    player, asked = await ready(world)

    class Unsure:
        def __getattr__(self, name: str) -> Any:
            return getattr(world.db, name)

        async def call(self, *args: Any, **kwargs: Any) -> Any:
            await world.db.call(*args, **kwargs)
            raise CommitUnknown("postgres")

    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await world.payouts(db=Unsure()).send_ton()
        world.pass_time(130_000)
    for _ in range(3):
        await world.round(ms=130_000)
    assert ((await world.state(asked)).state, world.times_paid(player)) == ("sent", 1)
