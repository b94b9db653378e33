"""What was answered holds: once a ban or a limit is told, nothing that it forbids is answered with yes.

Two transactions are held against each other at the one moment that matters: the first has done its work and is not yet
committed.  So whichever comes second has to wait, and decides by what the first one did.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import psycopg
import pytest

from persistence.chain import PayoutMessage
from persistence.postgres import games, operators, spending_limits, withdrawals
from persistence.postgres.pool import Database
from tests.fixtures.accounts import earn
from tests.fixtures.waiting import eventually
from tests.postgres import money
from tests.postgres.money import Payer, payer, withdraw, withdrawn
from tests.postgres.play import STAKE, assert_clean, hero_room, new_room, new_seat, organize, pay

_CLAIM = "SELECT set_config('jwt.claims.user_id', '{user}', true); "
FORBIDDING = {
    "a ban": "SELECT auth.ban({user}, NULL)",
    "an exclusion": _CLAIM + "SELECT pay.set_spending_limits(false, NULL, true, now() + interval '1 day', now())",
    "a daily limit": _CLAIM + f"SELECT pay.set_spending_limits(true, {STAKE - 1}, false, NULL, now())",
}
WORDS = {"a ban": "banned", "an exclusion": "limit_reached", "a daily limit": "limit_reached"}
Act = Callable[[Database, Payer], Awaitable[Callable[[], Awaitable[str]]]]


async def _stake(db: Database, player: Payer) -> Callable[[], Awaitable[str]]:
    async def act() -> str:
        return (await pay(db, player.user_id, new_room())).status

    return act


async def _stake_in_a_hero_room(db: Database, player: Payer) -> Callable[[], Awaitable[str]]:
    room = await hero_room(db, (await payer(db)).user_id)

    async def act() -> str:
        return (await pay(db, player.user_id, room, kind="hero")).status

    return act


async def _organize(db: Database, player: Payer) -> Callable[[], Awaitable[str]]:
    async def act() -> str:
        return (await organize(db, player.user_id, new_room())).status

    return act


async def _withdraw(db: Database, player: Payer) -> Callable[[], Awaitable[str]]:
    async def act() -> str:
        return (await withdraw(db, player, 100)).status

    return act


async def _pay_out(db: Database, player: Payer) -> Callable[[], Awaitable[str]]:
    asked = await withdrawn(db, player, 100)
    (released,) = await withdrawals.release(db, money.NOW_MS, 10)
    assert (released.withdrawal_id, released.state) == (asked, "sending")

    async def act() -> str:
        message = PayoutMessage(1, 2, 3, "ab" * 32, "boc")
        return (await withdrawals.begin(db, released, money.NOW_MS, message)).status

    return act


@asynccontextmanager
async def meeting(url: str, first: str, second: Callable[[], Awaitable[Any]]) -> Any:
    """`first` has run and is not committed; `second` waits for it; then it is, and the task of `second` ends."""
    async with (
        await psycopg.AsyncConnection.connect(url) as rival,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as watcher,
    ):
        await rival.execute(first.encode())
        task = asyncio.ensure_future(second())
        blocked = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

        async def waits() -> bool:
            assert not task.done(), "it did not wait"
            return await (await watcher.execute(blocked)).fetchone() is not None

        await eventually("it waits for the other one's end", waits)
        await rival.commit()
        yield await task


@pytest.mark.parametrize(
    ("act", "forbids"),
    [
        *((_stake, each) for each in FORBIDDING),
        *((_stake_in_a_hero_room, each) for each in FORBIDDING),
        (_organize, "a ban"),
        (_organize, "an exclusion"),
        (_withdraw, "a ban"),
        (_pay_out, "a ban"),
    ],
)
async def test_what_is_being_forbidden_is_waited_for(db: Database, database_url: str, act: Act, forbids: str) -> None:
    player = await payer(db)
    await earn(db, player.user_id, 1000)
    later = await act(db, player)
    async with meeting(database_url, FORBIDDING[forbids].format(user=player.user_id), later) as status:
        assert status == ("stopped" if act is _pay_out else WORDS[forbids])
    await assert_clean(db)


@pytest.mark.parametrize("forbids", ["a ban", "an exclusion"])
async def test_a_payment_is_not_waved_through_either(db: Database, database_url: str, forbids: str) -> None:
    player = await payer(db)
    async with await psycopg.AsyncConnection.connect(database_url) as asking:

        async def ask() -> str:
            row = await (await asking.execute("SELECT pay.deposit_refusal(%s, 1)", [player.user_id])).fetchone()
            assert row is not None
            return str(row[0])

        async with meeting(database_url, FORBIDDING[forbids].format(user=player.user_id), ask) as status:
            assert status == WORDS[forbids]


@pytest.mark.parametrize("forbids", FORBIDDING)
async def test_a_stake_under_way_is_waited_for_before_it_is_told(db: Database, database_url: str, forbids: str) -> None:
    player = await payer(db)
    await earn(db, player.user_id, 1000)
    stake = _CLAIM + ("SELECT game.stake({user}, '{room}', '{seat}', 50, 'standard', 10, 0, 'e', 'k', '\\x01', 30)")
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        "a ban": partial(operators.ban, db, player.user_id, None, "olga"),
        "an exclusion": partial(
            spending_limits.put, db, player.user_id, daily_stars=None, excluded_until_ms=4_102_444_800_000
        ),
        "a daily limit": partial(spending_limits.put, db, player.user_id, daily_stars=1, excluded_until_ms=None),
    }
    text = stake.format(user=player.user_id, room=new_room(), seat=new_seat())
    async with meeting(database_url, text, calls[forbids]):
        assert await games.live_seat(db, player.user_id) is not None
        assert (await pay(db, player.user_id, new_room())).status in (WORDS[forbids], "already_in_room")
    await assert_clean(db)
