"""Sending by processes that die, or whose stores do, at any step: paid once all the same."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from persistence.errors import GameError, StoreUnavailable
from persistence.postgres import operators
from persistence.postgres.pool import CommitUnknown
from persistence.postgres.withdrawals import Withdrawal
from persistence.ton.highload import HighloadChain
from tests.payouts.conftest import HOLD_MS, STARS, Player, World
from tests.payouts.test_sending import ready


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
        if name not in ("call", "one", "rows", "send", "transfer", "processed", "now_s"):
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
        self.id = bot.id

    async def __call__(self, method: Any) -> Any:
        fate = self._dies()
        if fate == "before":
            raise Dies
        result = await self._bot(method)
        if fate == "after":
            raise Dies
        return result


def deadly(world: World, dies: Callable[[], str | None]) -> Any:
    return world.payouts(
        db=Deadly(world.db, dies),
        chain=Deadly(HighloadChain(world.client), dies),
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

        one = call

    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await world.payouts(db=Unsure()).send_ton()
        world.pass_time(130_000)
    for _ in range(3):
        await world.round(ms=130_000)
    assert ((await world.state(asked)).state, world.times_paid(player)) == ("sent", 1)
