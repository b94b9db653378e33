"""Whatever is delivered, however often, in any order, and wherever the process dies: every charge is credited exactly
once, and the ledger is Telegram's transactions in the end.

A death is an exception at a step that nobody catches: before a statement or a call is sent, after it took effect and
before its answer, or when an event is published.  What was in the process's memory is gone; what was committed is not.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from persistence.payments.star_reconciliation import StarReconciliation
from persistence.postgres import payments, stars
from persistence.postgres.payments import Payment
from persistence.postgres.stars import Charge
from tests.payments.conftest import Player, World

DELIVERIES = 20


class Killed(BaseException):
    """The process ends here: no handler of an Exception sees it."""


@dataclass
class Fuse:
    """Kills at the step number `at`, and at all later ones.  A call has two: before it is sent, after its effect."""

    at: int
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        if 0 < self.at <= self.steps:
            raise Killed


class Doomed:
    """Stands for something that a flow calls, and lets its process die at the ends of each call."""

    def __init__(self, target: Any, fuse: Fuse) -> None:
        self._target = target
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name == "user_events":
            return Doomed(value, self._fuse)
        if name == "publish":
            return self._sent(value)
        return self._watched(value) if inspect.iscoroutinefunction(value) else value

    def _sent(self, publish: Callable[..., None]) -> Callable[..., None]:
        def sent(*words: Any) -> None:
            self._fuse.step()
            publish(*words)

        return sent

    async def __call__(self, *args: Any) -> Any:
        return await self._watched(self._target)(*args)

    def _watched(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def watched(*args: Any, **kwargs: Any) -> Any:
            self._fuse.step()
            result = await call(*args, **kwargs)
            self._fuse.step()
            return result

        return watched


Work = Callable[[World], Awaitable[object]]


async def attempt(world: World, work: Work, at: int) -> bool:
    """Do it in a process that dies at step `at`; whether it came to its end."""
    fuse = Fuse(at)
    parts: dict[str, Any] = {name: Doomed(getattr(world, name), fuse) for name in ("live", "db", "bot")}
    doomed = replace(world, **parts)
    with suppress(Killed):
        await work(doomed)
        return True
    return False


async def steps_of(world: World, work: Callable[[], Awaitable[Work]]) -> int:
    """Let a fresh piece of work die at every step it has, one process each; how many there were."""
    for at in count(1):
        if await attempt(world, await work(), at):
            return at - 1
    raise AssertionError("unreachable")


async def pay(world: World, player: Player, amount: int = 50) -> tuple[Payment, Charge]:
    payment = await world.order(player, amount)
    assert payment.invoice_link is not None
    return payment, world.telegram.pay(payment.invoice_link, player.telegram_id)


async def settle_all(world: World) -> None:
    """What comes in the end: the worker's round, as if every wait were over, and the reading of Telegram's
    transactions."""
    assert world.bot is not None
    for each in await stars.receipts(world.db, open_only=True, user_id=None, limit=999):
        await stars.settle_refund(world.db, each.charge_id, "later", error=None, retry_s=-1)
    await world.stars.send_refunds()
    found = await StarReconciliation(world.db, world.bot, world.stars, world.settings).reconcile(grace_s=0)
    assert found.differences == []
    assert found.telegram_stars == found.sums.ledger == found.sums.book == world.telegram.balance


async def test_a_credit_dies_at_every_step(world: World) -> None:
    player = await world.player()
    charges: list[Charge] = []

    async def work() -> Work:
        charges.append((await pay(world, player))[1])
        return lambda doomed: doomed.stars.paid(charges[-1])

    assert await steps_of(world, work) >= 4  # the statement's two ends, and two events
    for charge in charges:
        await world.stars.paid(charge)
    assert await world.balance(player) == 50 * len(charges)
    await settle_all(world)


async def test_an_order_dies_at_every_step(world: World) -> None:
    player = await world.player()
    keys: list[str] = []

    async def work() -> Work:
        keys.append(f"k{len(keys)}")
        return lambda doomed: doomed.order(player, key=keys[-1])

    assert await steps_of(world, work) >= 6  # order, link, link kept
    end_leases(world)
    orders = [await world.order(player, key=key) for key in keys]
    assert await payments.page(world.db, player.user_id, None, 100) == sorted(orders, key=lambda order: -order.number)


def end_leases(world: World) -> None:
    """As time does: a dead process cannot give its key back."""
    with psycopg.connect(world.settings.database_url, autocommit=True) as connection:
        connection.execute("UPDATE game.idempotency SET lease_until = now()")


@pytest.mark.parametrize("who", ["operator", "worker"])
async def test_a_refund_dies_at_every_step(world: World, who: str) -> None:
    player = await world.player()
    charges: list[Charge] = []

    async def work() -> Work:
        charge = (await pay(world, player))[1]
        charges.append(charge)
        await world.stars.paid(charge)
        if who == "operator":
            return lambda doomed: doomed.stars.refund(charge.charge_id, by="op")
        await stars.refund(world.db, charge.charge_id, by="op")
        return lambda doomed: doomed.stars.send_refunds()

    assert await steps_of(world, work) >= 6  # due, Telegram, outcome
    for charge in charges:
        await world.stars.refund(charge.charge_id, by="op")
    await settle_all(world)
    assert await world.balance(player) == world.telegram.balance == 0


async def test_a_charge_back_and_a_reading_die_at_every_step(world: World) -> None:
    player = await world.player()

    async def reverse() -> Work:
        charge = (await pay(world, player))[1]
        await world.stars.paid(charge)
        world.telegram.take_back(charge)
        return lambda doomed: doomed.stars.reversed(charge)

    payers: list[Player] = []

    async def read() -> Work:
        payers.append(await world.player())
        await pay(world, payers[-1])
        world.telegram.take_back((await pay(world, payers[-1]))[1])

        async def reading(doomed: World) -> None:
            assert doomed.bot is not None
            await StarReconciliation(doomed.db, doomed.bot, doomed.stars, doomed.settings).reconcile()

        return reading

    assert await steps_of(world, reverse) >= 4
    await settle_all(world)
    assert await world.balance(player) == 0
    assert await steps_of(world, read) >= 16  # balances, page, note, what lacks, two records, sums, differences
    await settle_all(world)
    assert [await world.balance(payer) for payer in payers] == [50] * len(payers)


KINDS = ("plain", "cancelled", "twice", "late", "charged back", "refunded")


class Story:
    """One player's charges, and everything that may happen to them, told in an order that chance makes."""

    def __init__(self, world: World, player: Player, chance: Random) -> None:
        self.world = world
        self.player = player
        self.chance = chance
        self.kept = 0
        self.last_words: list[Work] = []

    async def prepare(self, kinds: Sequence[str]) -> list[Work]:
        """What will be delivered: each update up to 20 times, with the worker in between, shuffled."""
        deliveries: list[Work] = []
        for kind in kinds:
            updates = await self._happens(kind)
            self.last_words += updates
            for update in updates:
                deliveries += [update] * self.chance.randint(1, DELIVERIES)
            deliveries += [_worker] * self.chance.randint(0, 2)
        self.chance.shuffle(deliveries)
        return deliveries

    async def tell(self, deliveries: list[Work]) -> int:
        """Up to four processes at once; how many of all died."""
        deaths = 0
        while deliveries:
            some = [deliveries.pop() for _ in range(min(len(deliveries), self.chance.randint(1, 4)))]
            # A step beyond the last lets it live.
            ends = await asyncio.gather(*(attempt(self.world, work, self.chance.randint(1, 9)) for work in some))
            deaths += ends.count(False)
        return deaths

    async def end(self) -> None:
        """Telegram delivers until it is answered, an operator asks again, and the worker lives."""
        for work in self.last_words:
            await work(self.world)
        await settle_all(self.world)

    async def _happens(self, kind: str) -> list[Work]:
        payment, charge = await pay(self.world, self.player, self.chance.randint(1, 100))
        if kind in ("plain", "cancelled", "twice"):
            self.kept += payment.stars
        match kind:
            case "cancelled":
                await payments.cancel(self.world.db, self.player.user_id, payment.payment_id)
            case "twice":
                assert payment.invoice_link is not None
                second = self.world.telegram.pay(payment.invoice_link, self.player.telegram_id)
                return [_paid(charge), _paid(second)]
            case "late":
                late_ms = self.world.settings.stars_late_s * 1000 + 1
                return [_paid(replace(charge, at_ms=payment.expires_ms + late_ms))]
            case "charged back":
                self.world.telegram.take_back(charge)
                return [_paid(charge), _reversed(charge)]
            case "refunded":
                return [_paid(charge), _refunded(charge)]
        return [_paid(charge)]


def _paid(charge: Charge) -> Work:
    return lambda world: world.stars.paid(charge)


def _reversed(charge: Charge) -> Work:
    return lambda world: world.stars.reversed(charge)


def _refunded(charge: Charge) -> Work:
    return lambda world: world.stars.refund(charge.charge_id, by="op")


async def _worker(world: World) -> None:
    await world.stars.send_refunds()


@examples(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=6), seed=st.integers(0, 2**32))
async def test_every_story_ends_with_each_charge_credited_once(world: World, kinds: list[str], seed: int) -> None:
    story = Story(world, await world.player(), Random(seed))
    await story.tell(await story.prepare(kinds))
    await story.end()
    assert await world.balance(story.player) == story.kept
    await world.clean()
