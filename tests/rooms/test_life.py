"""A room's whole life through the flows, and what players may try in it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace

import msgspec
import pytest

from persistence.errors import ErrorCode, GameError
from persistence.postgres import games, ledger
from persistence.postgres.idempotency import IdempotencyKey
from persistence.redis import keys
from persistence.redis.user_events import BalanceChanged, RankedPlayer, Settled
from persistence.rooms.seats import Seats
from tests.fixtures.user_events import Ear
from tests.rooms.conftest import GRANT, JOIN, JOIN_ONCE, STAKE, World, code_of

pytestmark = pytest.mark.on_cluster_too


async def test_a_whole_room_pays_the_winner(world: World) -> None:
    slow, fast = await world.player(), await world.player()
    first = await world.sit(slow)
    second = await world.sit(fast)
    assert second.room_id == first.room_id
    assert second.state == "countdown"
    assert await world.balance(slow) == GRANT - STAKE

    await world.play(first.room_id, {slow: 3, fast: 7})
    assert await world.settle() == 1

    assert await world.balance(slow) == GRANT - STAKE
    assert await world.balance(fast) == GRANT + STAKE
    state = await world.live.rooms.snapshot(first.room_id)
    assert state is not None
    assert state.state == "settled"
    assert state.outcome is not None
    assert await world.room_of(fast) is None
    assert await world.settle() == 0
    assert await world.audit() == []


async def test_players_are_notified(world: World, ear: Ear) -> None:
    slow, fast, lonely = await world.player(), await world.player(), await world.player()
    room_id = (await world.sit(slow)).room_id
    await world.sit(fast)
    lonely_room = (await world.sit(lonely)).room_id
    paid = BalanceChanged(GRANT - STAKE)
    assert await ear.by_user(3) == {str(slow): paid, str(fast): paid, str(lonely): paid}

    await world.play(room_id, {slow: 3, fast: 7})
    await world.tick_until(lonely_room, "cancelled")
    assert await world.settle() == 2
    recorded = Settled(
        room_id=room_id,
        winner=str(fast),
        prize=2 * STAKE,
        standings=[RankedPlayer(1, str(fast), 7, 2 * STAKE), RankedPlayer(2, str(slow), 3, 0)],
        payout=0,
        balance=GRANT - STAKE,
    )
    assert await ear.by_user(3) == {
        str(fast): msgspec.structs.replace(recorded, payout=2 * STAKE, balance=GRANT + STAKE),
        str(slow): recorded,
        str(lonely): BalanceChanged(GRANT),
    }


async def test_nobody_tapped_returns_the_stakes(world: World) -> None:
    one, other = await world.player(), await world.player()
    room_id = (await world.sit(one)).room_id
    await world.sit(other)
    await world.play(room_id, {})
    await world.settle()
    assert await world.balance(one) == await world.balance(other) == GRANT
    assert await world.audit() == []


async def test_leaving_and_coming_back_to_the_same_room_pays_again(world: World) -> None:
    user_id = await world.player()
    first = await world.sit(user_id, "first")
    assert await world.seats.leave(user_id, first.room_id) == GRANT
    assert await world.seats.leave(user_id, first.room_id) == GRANT
    again = await world.sit(user_id, "again")
    assert again.room_id == first.room_id
    assert await world.balance(user_id) == GRANT - STAKE
    lines = await ledger.statement(world.db, user_id, None, 10)
    assert [line.kind for line in lines] == ["stake", "refund", "stake", "grant"]
    other = await world.player()
    await world.sit(other)
    await world.play(first.room_id, {user_id: 1})
    await world.settle()
    assert await world.balance(user_id) == GRANT + STAKE
    assert await world.audit() == []


async def test_leave_is_only_for_those_who_wait(world: World) -> None:
    one, other, stranger = await world.player(), await world.player(), await world.player()
    room_id = (await world.sit(one)).room_id
    assert await code_of(world.seats.leave(stranger, room_id)) == ErrorCode.NOT_FOUND
    assert await code_of(world.seats.leave(one, keys.new_room_id())) == ErrorCode.NOT_FOUND
    await world.sit(other)
    assert await code_of(world.seats.leave(one, room_id)) == ErrorCode.ROOM_CLOSED
    await world.play(room_id, {one: 1})
    assert await code_of(world.seats.leave(one, room_id)) == ErrorCode.ROOM_CLOSED
    await world.settle()
    assert await code_of(world.seats.leave(one, room_id)) == ErrorCode.ROOM_CLOSED
    assert await world.audit() == []


async def test_one_key_sent_twenty_times_takes_one_stake(world: World) -> None:
    user_id = await world.player()
    codes = Counter(await asyncio.gather(*(code_of(world.join(user_id, "key")) for _ in range(20))))
    assert codes == {None: 1, ErrorCode.IDEMPOTENCY_IN_PROGRESS: 19}
    assert await world.balance(user_id) == GRANT - STAKE
    await world.responses.store(user_id, JOIN_ONCE, b"answer")
    assert {(await world.join(user_id, "key")).response for _ in range(3)} == {b"answer"}
    assert (
        await code_of(world.seats.join(user_id, STAKE, IdempotencyKey(JOIN, "key", b"other body")))
        == ErrorCode.IDEMPOTENCY_MISMATCH
    )
    assert await world.audit() == []


async def test_six_joins_at_once_get_one_seat(world: World) -> None:
    user_id = await world.player()
    stakes = world.settings.stakes
    codes = Counter(await asyncio.gather(*(code_of(world.join(user_id, f"key {n}", stakes[n % 2])) for n in range(6))))
    assert codes == {None: 1, ErrorCode.ALREADY_IN_ROOM: 5}
    with pytest.raises(GameError) as refusal:
        await world.join(user_id, "another key")
    assert refusal.value.details == {"room_id": await world.room_of(user_id)}
    assert await world.audit() == []


async def test_too_little_balance_holds_no_seat(world: World) -> None:
    user_id = await world.player()
    with pytest.raises(GameError) as refusal:
        await world.join(user_id, "key", GRANT + 1)
    assert refusal.value.code == ErrorCode.INSUFFICIENT_BALANCE
    assert refusal.value.details == {"needed": GRANT + 1, "balance": GRANT}
    for room_id in await world.live.open_rooms():
        assert await world.live.rooms.seats(room_id) == []


async def test_play_again_does_not_wait_for_the_worker(world: World) -> None:
    loser, winner = await world.player(), await world.player()
    room_id = (await world.sit(loser, "first")).room_id
    await world.sit(winner, "first")
    await world.play(room_id, {winner: 9})
    assert (await world.sit(winner, "again")).room_id != room_id
    assert await world.balance(winner) == GRANT
    assert await world.settle() == 1
    assert await world.balance(loser) == GRANT - STAKE
    assert await world.audit() == []


async def test_racers_fill_rooms_exactly(world: World) -> None:
    world.seats = Seats(world.live, world.db, replace(world.settings, capacity=3, wait_s=60))
    players = [await world.player() for _ in range(30)]
    codes = await asyncio.gather(*(code_of(world.join(user_id, "key")) for user_id in players))
    rooms = Counter([await world.room_of(user_id) for user_id in players])
    assert set(codes) <= {None, ErrorCode.TEMPORARILY_UNAVAILABLE}
    assert max(rooms[room_id] for room_id in rooms if room_id) == 3
    assert await world.total() == 30 * GRANT
    await world.release_orphans()
    assert await world.audit() == []


async def test_settle_refund_and_void_race_to_one_outcome(world: World) -> None:
    async def race(stake: int) -> None:
        loser, winner = await world.player(), await world.player()
        room_id = (await world.sit(loser, stake=stake)).room_id
        await world.sit(winner, stake=stake)
        seat = await games.live_seat(world.db, loser)
        assert seat is not None
        await world.play(room_id, {winner: 2})
        result = await world.live.rooms.result(room_id)
        assert result is not None
        outcomes = await asyncio.gather(
            world.settlement.settle_room(room_id, result),
            world.settlement.void_room(room_id, "outage"),
            world.settlement.settle_room(room_id, result),
            world.settlement.refund(seat.seat_id, "seat_lost"),
        )
        assert outcomes[0] == outcomes[1] == outcomes[2]
        state = await world.live.rooms.snapshot(room_id)
        assert state is not None
        assert state.outcome == msgspec.json.encode(outcomes[0])
        balances = await world.balance(loser), await world.balance(winner)
        # Returned before the settlement, the loser's stake is not in the pool.
        assert balances in {(GRANT - stake, GRANT + stake), (GRANT, GRANT)}

    await asyncio.gather(*(race(stake) for stake in range(1, 7)))
    assert await world.settle() == 6
    assert await world.total() == 12 * GRANT
    assert await world.audit() == []


async def test_join_racing_leave(world: World) -> None:
    world.seats = Seats(world.live, world.db, replace(world.settings, capacity=10, wait_s=60))
    players = [await world.player() for _ in range(6)]
    room_id = (await world.sit(players[0])).room_id
    for turn in range(4):
        requests: list[Awaitable[object]] = [world.join(user_id, f"turn {turn}") for user_id in players]
        requests += [world.seats.leave(user_id, room_id) for user_id in players]
        codes = await asyncio.gather(*(code_of(request) for request in requests))
        assert set(codes) <= {None, ErrorCode.ALREADY_IN_ROOM, ErrorCode.NOT_FOUND}
    assert await world.total() == len(players) * GRANT
    assert await world.audit() == []


async def test_a_stream_entry_that_comes_twice_changes_nothing(world: World) -> None:
    loser, winner = await world.player(), await world.player()
    room_id = (await world.sit(loser)).room_id
    await world.sit(winner)
    await world.play(room_id, {winner: 4})
    entries = [*await world.results.read(), *await world.results.read()]
    await world.results.settle([*entries, *entries])
    at = keys.room(room_id)
    await world.live.router.execute(at.slot, "XADD", at.results, "*", "room_id", room_id, "result", entries[0].result)
    assert await world.settle() == 1
    assert await world.balance(winner) == GRANT + STAKE
    assert await world.audit() == []
