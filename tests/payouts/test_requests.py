"""Asking for a withdrawal: what leaves the balance, what is refused, the hold, operators."""

import asyncio
import contextlib
from typing import Any

import pytest

from persistence.errors import ErrorCode, GameError
from persistence.postgres import idempotency, operators, wallets, withdrawals
from persistence.postgres.idempotency import IdempotencyKey
from persistence.redis.user_events import BalanceChanged
from tests.fixtures.user_events import Ear
from tests.payouts.conftest import ENDPOINT, HOLD_MS, RATE, STARS, World


async def refusal(world: World, *args: Any, **kwargs: Any) -> GameError:
    with pytest.raises(GameError) as refused:
        await world.request(*args, **kwargs)
    return refused.value


async def test_the_stars_leave_the_balance_at_once(world: World, ear: Ear) -> None:
    player = await world.player()
    asked = await world.requested(player)
    assert (asked.state, asked.stars, asked.nanoton, asked.rate) == ("held", 1000, 1000 * RATE, RATE)
    assert (asked.address, asked.network, asked.needs_approval) == (player.address, "mainnet", False)
    assert asked.hold_until_ms == world.clock.ms + HOLD_MS
    assert await world.balance(player) == STARS - 1000
    assert await ear.next(1) == [(str(player.user_id), BalanceChanged(STARS - 1000))]
    gift = await world.requested(player, 1500, months=6)
    assert (gift.months, gift.telegram_id, gift.address) == (6, player.telegram_id, None)
    assert [each.withdrawal_id for each in await withdrawals.page(world.db, player.user_id, None, 10)] == [
        gift.withdrawal_id,
        asked.withdrawal_id,
    ]


async def test_one_key_from_many_sides_is_one_withdrawal(world: World) -> None:
    player = await world.player()
    answers = await asyncio.gather(*(world.request(player, key="k") for _ in range(20)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, GameError)]
    assert {error.code for error in refused} == {ErrorCode.IDEMPOTENCY_IN_PROGRESS}
    assert len(refused) == 19
    assert await world.balance(player) == STARS - 1000
    await idempotency.store_responses(world.db, [(player.user_id, IdempotencyKey(ENDPOINT, "k", b""), b"answer")])
    assert (await world.request(player, key="k")).response == b"answer"
    assert (await refusal(world, player, 999, key="k")).code is ErrorCode.IDEMPOTENCY_MISMATCH


async def test_many_at_once_never_pass_the_balance(world: World) -> None:
    player = await world.player(2500)
    answers = await asyncio.gather(*(world.request(player, 400) for _ in range(12)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, GameError)]
    assert {error.code for error in refused} == {ErrorCode.INSUFFICIENT_BALANCE}
    assert len(refused) == 6
    assert await world.balance(player) == 100


async def test_many_at_once_never_pass_the_totals_of_the_day(world: World) -> None:
    limited = world.having(withdrawal_account_day_stars=1000, withdrawal_house_day_stars=2500)
    players = [await world.player() for _ in range(4)]
    answers = await asyncio.gather(
        *(limited.request(player, 500) for player in players for _ in range(4)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, GameError)]
    assert len(refused) == 11
    assert {error.code for error in refused} == {ErrorCode.LIMIT_REACHED}
    assert {(error.details or {})["limit"] for error in refused} <= {"account_day", "house_day"}
    assert sum([STARS - await world.balance(player) for player in players]) == 2500


async def test_the_day_of_the_totals_is_that_of_utc(world: World) -> None:
    limited = world.having(withdrawal_account_day_stars=1000)
    player = await world.player()
    day_ms = 86_400_000
    midnight = (world.clock.ms // day_ms + 1) * day_ms
    limited.clock.ms = midnight - 1
    await limited.requested(player)
    error = await refusal(limited, player, 1)
    assert error.details == {"limit": "account_day", "until_ms": midnight}
    limited.clock.ms = midnight
    asked = await limited.requested(player)
    assert (await refusal(limited, player, 1)).code is ErrorCode.LIMIT_REACHED
    changed = await limited.flow.review(asked.withdrawal_id, "refuse", by="olga")
    assert changed.status == "ok"
    await limited.requested(player)  # what came back counts no more


async def test_what_is_refused_takes_nothing(world: World) -> None:
    player, bare = await world.player(), await world.player(wallet=False)
    off = world.having(withdrawals_ton="off", withdrawals_premium="off")
    assert (await refusal(off, player)).code is ErrorCode.FORBIDDEN
    assert (await refusal(off, player, 1000, months=3)).code is ErrorCode.FORBIDDEN
    assert (await refusal(world, bare)).code is ErrorCode.CONFLICT
    over = await refusal(world, player, STARS + 1)
    assert (over.code, over.details) == (ErrorCode.INSUFFICIENT_BALANCE, {"needed": STARS + 1, "balance": STARS})
    assert (await refusal(world, player, STARS + 1, key="same")).code is ErrorCode.INSUFFICIENT_BALANCE
    assert (await world.request(player, 500, key="same")).status == "new"  # a refusal keeps no key
    await wallets.unlink(world.db, player.user_id)
    assert (await refusal(world, player)).code is ErrorCode.CONFLICT
    assert await world.balance(player) == STARS - 500
    assert await world.balance(bare) == STARS


async def test_the_banned_are_refused_and_what_waits_is_stopped(world: World) -> None:
    player = await world.player()
    held = await world.requested(player)
    gift = await world.requested(player, 1000, months=3)
    await operators.ban(world.db, player.user_id, "bot", "olga")
    assert (await refusal(world, player)).code is ErrorCode.BANNED
    await world.round(ms=HOLD_MS)
    for each in (held, gift):
        stopped = await world.state(each)
        assert (stopped.state, stopped.waits_for) == ("approval", "banned")
        assert (await world.flow.review(each.withdrawal_id, "approve", by="olga")).status == "banned"
    assert (await world.flow.review(held.withdrawal_id, "refuse", by="olga")).status == "ok"
    await operators.unban(world.db, player.user_id, "checked", "olga")
    assert (await world.flow.review(gift.withdrawal_id, "approve", by="olga")).status == "ok"
    await world.round()
    assert (await world.state(gift)).state == "sent"
    assert await world.balance(player) == STARS - 1000
    assert (world.times_paid(player), world.telegram.gifts(player.telegram_id)) == (0, 1)


async def test_a_ban_after_the_hold_stops_it_too(world: World) -> None:
    player = await world.player()
    asked = await world.requested(player)
    world.pass_time(HOLD_MS)
    payouts = world.payouts()
    assert await payouts.release() == 1
    await operators.ban(world.db, player.user_id, "bot", "olga")
    await payouts.send_ton()
    assert (await world.state(asked)).waits_for == "banned"
    assert world.chain.paid == []


async def test_over_the_limit_an_operator_decides_once(world: World) -> None:
    player = await world.player()
    asked, other = await world.requested(player, 2001), await world.requested(player, 2500)
    assert (await world.flow.review(other.withdrawal_id, "approve", by="olga")).status == "ok"
    await world.round(ms=HOLD_MS - 1)
    assert [(await world.state(each)).state for each in (asked, other)] == ["held", "held"]
    await world.round(ms=1)
    assert [(await world.state(each)).state for each in (asked, other)] == ["approval", "sending"]
    assert (await world.state(asked)).waits_for == "limit"
    results = await asyncio.gather(
        *(world.flow.review(asked.withdrawal_id, word, by=word) for word in ("approve", "refuse") * 4)
    )
    assert sorted(result.status for result in results) == ["conflict"] * 4 + ["ok"] * 4
    assert (await world.flow.review(asked.withdrawal_id, "paid", by="x")).status == "conflict"
    missing = "00000000-0000-4000-8000-000000000000"
    assert (await world.flow.review(missing, "refuse", by="x")).status == "not_found"
    for _ in range(3):
        await world.round()
    final = await world.state(asked)
    assert (final.state, world.times_paid(player)) in (("sent", 2), ("returned", 1))
    found = await withdrawals.report(world.db, asked.withdrawal_id)
    assert found is not None
    steps = [(step["by"], step["state"]) for step in found[1]]
    assert steps[:2] == [("player", "held"), ("worker", "approval")]
    assert steps[2][0] in ("postgres (approve)", "postgres (refuse)")
    assert found[1][2]["login"]


async def test_what_an_operator_refuses_comes_back_to_the_balance_on_the_screen(world: World, ear: Ear) -> None:
    player = await world.player()
    asked = await world.requested(player, 2001)
    assert (await world.flow.review(asked.withdrawal_id, "refuse", by="olga")).status == "ok"
    balances = [BalanceChanged(STARS - 2001), BalanceChanged(STARS)]
    assert await ear.next(2) == [(str(player.user_id), event) for event in balances]


async def test_an_approved_one_repeats_and_a_returned_one_stays(world: World) -> None:
    player = await world.player()
    asked = await world.requested(player)
    for _ in range(3):
        changed = await world.flow.review(asked.withdrawal_id, "refuse", by="olga")
        assert (changed.status, changed.balance) == ("ok", STARS)
    assert (await world.flow.review(asked.withdrawal_id, "approve", by="olga")).status == "conflict"
    for _ in range(3):
        await world.round(ms=HOLD_MS)
    assert world.chain.paid == []


async def test_what_is_asked_while_off_later_waits(world: World) -> None:
    player = await world.player()
    asked = await world.requested(player)
    payouts = world.payouts()
    payouts._ton = None
    world.pass_time(HOLD_MS)
    await payouts.release()
    with contextlib.suppress(KeyError):
        await payouts.send_ton()
    assert (await world.state(asked)).state == "sending"
    await world.round()
    await world.round()
    assert (await world.state(asked)).state == "sent"
