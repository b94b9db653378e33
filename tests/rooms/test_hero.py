"""A hero room's life through the flows, and what its organizer and players may try."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import games, ledger, users
from persistence.postgres.idempotency import IdempotencyKey
from persistence.redis import keys
from persistence.redis.room_state import RoomState
from persistence.redis.user_events import BalanceChanged, Settled
from persistence.rooms.seats import Seats
from tests.fixtures.user_events import Ear
from tests.rooms.conftest import GRANT, JOIN_BY_KEY, JOIN_BY_KEY_ONCE, STAKE, World, code_of
from tests.rooms.faults import Instead


async def assert_all_is_back(world: World) -> None:
    for user_id in world.players:
        assert await world.balance(user_id) == GRANT
        assert await world.room_of(user_id) is None
    assert await world.audit() == []


@pytest.mark.parametrize("taps", [(0, 3, 20), (7, 8, 9)], ids=["by target", "by time"])
async def test_a_whole_room_pays_nine_tenths_and_one(world: World, taps: tuple[int, int, int]) -> None:
    room, organizer, guests = await world.opened(3, fee=37)
    assert await world.room_of(organizer) == room.room_id
    assert (await users.hello(world.db, [organizer]))[organizer].room_id == room.room_id
    assert await world.balance(organizer) == GRANT
    assert await world.start(room) == "ok"
    await world.play(room.room_id, {guest: count for guest, count in zip(guests, taps, strict=True) if count})
    assert await world.settle() == 1
    winner = guests[2]
    assert await world.balance(organizer) == GRANT + 3 * 37 // 10
    assert await world.balance(winner) == GRANT - 37 + 3 * 37 - 3 * 37 // 10
    assert await world.total() == GRANT * 4
    assert {await world.room_of(user_id) for user_id in world.players} == {None}
    state = await world.live.rooms.snapshot(room.room_id)
    assert state is not None
    assert (state.state, state.outcome is not None) == ("settled", True)
    assert await world.settle() == 0
    assert await world.audit() == []


async def test_everybody_is_notified(world: World, ear: Ear) -> None:
    room, organizer, guests = await world.opened()
    paid = BalanceChanged(GRANT - STAKE)
    assert await ear.by_user(2) == {str(guest): paid for guest in guests}

    assert await world.start(room) == "ok"
    await world.play(room.room_id, {guests[0]: 20})
    assert await world.settle() == 1
    results = {user_id: event for user_id, event in (await ear.by_user(3)).items() if isinstance(event, Settled)}
    assert {user_id: (event.payout, event.balance) for user_id, event in results.items()} == {
        str(organizer): (10, GRANT + 10),
        str(guests[0]): (90, GRANT + 40),
        str(guests[1]): (0, GRANT - STAKE),
    }
    assert [line.user_id for line in results[str(organizer)].standings] == [str(guest) for guest in guests]

    await world.seats.leave(organizer, (await world.organize(organizer, "second")).room_id)
    assert await ear.next(1) == [(str(organizer), BalanceChanged(GRANT + 10))]


@pytest.mark.parametrize("players", [0, 1, 3])
async def test_a_room_that_is_not_started_in_time_returns_everything(world: World, players: int) -> None:
    world.seats = Seats(world.live, world.db, replace(world.settings, hero_wait_s=1))
    room, organizer, _ = await world.opened(players)
    assert room.deadline_ms == room.created_ms + 1000
    await world.tick_until(room.room_id, "cancelled")
    state = await world.live.rooms.snapshot(room.room_id)
    assert state is not None
    assert state.reason == "not_started"
    assert await world.start(room) == "room_closed"
    assert room.key is not None
    assert await world.live.rooms.by_key(room.key) is None
    assert await world.settle() == 1
    await assert_all_is_back(world)
    assert await code_of(world.seats.leave(organizer, room.room_id)) == ErrorCode.ROOM_CLOSED


async def test_nobody_tapped_returns_everything(world: World) -> None:
    room, _, _ = await world.opened()
    await world.start(room)
    await world.play(room.room_id, {})
    await world.settle()
    await assert_all_is_back(world)


async def test_the_organizer_takes_the_room_back(world: World) -> None:
    room, organizer, guests = await world.opened(3)
    balances = await asyncio.gather(*(world.seats.leave(organizer, room.room_id) for _ in range(5)))
    assert balances == [GRANT] * 5
    await assert_all_is_back(world)  # and no worker had a hand in it
    assert await world.seats.leave(organizer, room.room_id) == GRANT
    assert await code_of(world.seats.leave(guests[0], room.room_id)) == ErrorCode.ROOM_CLOSED
    assert await code_of(world.come(guests[0], room, "late")) == ErrorCode.NOT_FOUND
    assert await world.settle() == 1
    await assert_all_is_back(world)


async def test_the_organizer_cannot_leave_a_game(world: World) -> None:
    room, organizer, guests = await world.opened()
    await world.start(room)
    assert await code_of(world.seats.leave(organizer, room.room_id)) == ErrorCode.ROOM_CLOSED
    await world.play(room.room_id, {guests[0]: 5})
    assert await code_of(world.seats.leave(organizer, room.room_id)) == ErrorCode.ROOM_CLOSED
    await world.settle()
    assert await code_of(world.seats.leave(organizer, room.room_id)) == ErrorCode.ROOM_CLOSED
    assert await world.balance(organizer) == GRANT + 10
    stranger = await world.player()
    assert await code_of(world.seats.leave(stranger, room.room_id)) == ErrorCode.NOT_FOUND


async def test_a_player_leaves_and_comes_back(world: World) -> None:
    room, _, [guest] = await world.opened(1)
    assert await world.seats.leave(guest, room.room_id) == GRANT
    assert await world.live.rooms.snapshot(room.room_id) is not None
    again = await world.come(guest, room, "again")
    assert [player.user_id for player in again.players] == [str(guest)]
    assert await world.balance(guest) == GRANT - STAKE
    assert await world.audit() == []


async def test_starting(world: World) -> None:
    room, organizer, [guest] = await world.opened(1)
    start = world.live.rooms.start
    assert await world.start(room) == "conflict"
    other = await world.player()
    await world.come(other, room)
    for player in (guest, other):
        assert (await start(room.room_id, str(player))).code == "forbidden"
    assert (await start(room.room_id, str(await world.player()))).code == "not_found"
    assert (await start(keys.new_room_id(), str(organizer))).code == "not_found"
    first, second = await asyncio.gather(*(start(room.room_id, str(organizer)) for _ in range(2)))
    assert first.code == second.code == "ok"
    assert first.room is not None
    assert second.room is not None
    assert (first.room.starts_ms, first.room.ends_ms) == (second.room.starts_ms, second.room.ends_ms)
    late = await world.player()
    assert await code_of(world.come(late, room)) == ErrorCode.NOT_FOUND
    await world.play(room.room_id, {guest: 1})
    assert await world.start(room) == "ok"
    await world.settle()
    assert await world.audit() == []


async def test_one_room_a_user_whichever_way(world: World) -> None:
    room, organizer, [guest] = await world.opened(1)
    other_room, _, _ = await world.opened(0)

    async def refused(request: Awaitable[object]) -> str:
        with pytest.raises(GameError) as refusal:
            await request
        assert refusal.value.code == ErrorCode.ALREADY_IN_ROOM
        assert refusal.value.details is not None
        return str(refusal.value.details["room_id"])

    assert await refused(world.organize(organizer, "second")) == room.room_id
    assert await refused(world.join(organizer, "standard")) == room.room_id
    assert await refused(world.come(organizer, room, "own")) == room.room_id
    assert await refused(world.come(organizer, other_room, "another's")) == room.room_id
    assert await refused(world.organize(guest, "guest's")) == room.room_id
    assert await refused(world.come(guest, other_room, "two")) == room.room_id
    assert await refused(world.come(guest, room, "the same twice")) == room.room_id
    seated = await world.player()
    standard = await world.sit(seated)
    assert await refused(world.organize(seated, "hero")) == standard.room_id
    assert await refused(world.come(seated, room, "hero")) == standard.room_id
    held = await world.live.rooms.seats(room.room_id)
    assert held is not None
    assert [(seat.user_id, seat.state) for seat in held] == [(str(guest), "paid")]
    assert await world.audit() == []


async def open_hero_rooms(world: World) -> list[str]:
    """Rooms with an organizer that still wait in Redis."""
    states = [await world.live.rooms.snapshot(room_id) for room_id in await world.live.open_rooms()]
    return [state.room_id for state in states if state is not None and state.state == "waiting"]


async def test_a_full_room_and_an_empty_purse(world: World) -> None:
    room, _, _ = await world.opened(4)
    late = await world.player()
    assert await code_of(world.come(late, room)) == ErrorCode.ROOM_FULL
    dear, _, _ = await world.opened(0, fee=GRANT + 1)
    with pytest.raises(GameError) as refusal:
        await world.come(late, dear)
    assert refusal.value.code == ErrorCode.INSUFFICIENT_BALANCE
    assert refusal.value.details == {"needed": GRANT + 1, "balance": GRANT}
    assert await world.live.rooms.seats(dear.room_id) == []
    assert await world.start(room) == "ok"


async def test_a_repeated_join_is_answered_when_the_key_is_dead(world: World) -> None:
    """The answers of two got lost: one was stored before, the other not even that."""
    room, _, [stored] = await world.opened(1)
    resumed = await world.player()
    assert room.key is not None
    await world.seats.join_by_key(resumed, room.key, JOIN_BY_KEY_ONCE)
    assert await world.start(room) == "ok"
    again = world.seats.join_by_key
    assert (await again(stored, room.key, JOIN_BY_KEY_ONCE)).response == b"answer"
    assert await code_of(again(resumed, room.key, JOIN_BY_KEY_ONCE)) == ErrorCode.IDEMPOTENCY_IN_PROGRESS
    world.leases_run_out()
    joined = await again(resumed, room.key, JOIN_BY_KEY_ONCE)
    assert joined.room_state is not None
    assert joined.room_state.state in ("countdown", "playing")
    assert await code_of(again(resumed, room.key, IdempotencyKey(JOIN_BY_KEY, "other", b"body"))) == ErrorCode.NOT_FOUND
    assert await world.balance(resumed) == GRANT - STAKE


async def test_a_room_that_starts_behind_its_look_up(world: World) -> None:
    """Between finding the room and asking for a seat: newcomers are late, a repetition still gets its answer."""
    room, _, [before, other] = await world.opened(2)
    assert room.key is not None

    async def by_key(key: str) -> RoomState | None:
        state = await world.live.rooms.by_key(key)
        return room if state is None else state

    assert await world.start(room) == "ok"
    live: Any = Instead(world.live, rooms=Instead(world.live.rooms, by_key=by_key))
    seats = Seats(live, world.db, world.settings)
    assert (await seats.join_by_key(before, room.key, JOIN_BY_KEY_ONCE)).response == b"answer"
    late = await world.player()
    for user_id in (late, other):
        another = seats.join_by_key(user_id, room.key, IdempotencyKey(JOIN_BY_KEY, "another key", b"body"))
        assert await code_of(another) == ErrorCode.ROOM_CLOSED
    assert await world.balance(late) == GRANT


@pytest.mark.parametrize("then", ["create", "join", "come"])
async def test_the_next_room_does_not_wait_for_the_worker(world: World, then: str) -> None:
    room, organizer, guests = await world.opened()
    await world.start(room)
    await world.play(room.room_id, {guests[1]: 20})
    if then == "create":
        await world.organize(organizer, "again")
    elif then == "join":
        await world.sit(organizer, "again")
    else:
        other, _, _ = await world.opened(0)
        await world.come(organizer, other, "again")
    assert await world.balance(guests[1]) == GRANT - STAKE + 90
    assert await ledger.balance(world.db, organizer) in (GRANT + 10, GRANT + 10 - STAKE)
    assert await world.settle() == 1
    assert await world.audit() == []


async def test_the_sweep_ends_a_room_that_nobody_watches(world: World) -> None:
    world.seats = Seats(world.live, world.db, replace(world.settings, hero_wait_s=1))
    room, _, _ = await world.opened()
    remaining_ms = (await world.live.rooms.tick(room.room_id)).remaining_ms
    assert 0 < remaining_ms <= 1000
    await world.deadlines.round()
    assert await open_hero_rooms(world) == [room.room_id]
    await asyncio.sleep(remaining_ms / 1000)
    await world.deadlines.round()
    await world.settle()
    await assert_all_is_back(world)


@pytest.mark.parametrize("end", ["leave", "start"])
async def test_joins_racing_the_organizer(world: World, end: str) -> None:
    """Whoever is seated in time shares the room's fate; nobody else pays."""
    world.seats = Seats(world.live, world.db, replace(world.settings, hero_capacity=50))
    for turn in range(4):
        room, organizer, _ = await world.opened(2)
        guests = [await world.player() for _ in range(8)]
        requests: list[Awaitable[object]] = [world.come(guest, room) for guest in guests]
        requests.insert(turn * 2, world.seats.leave(organizer, room.room_id) if end == "leave" else world.start(room))
        codes = await asyncio.gather(*(code_of(request) for request in requests))
        assert set(codes) <= {None, ErrorCode.NOT_FOUND, ErrorCode.ROOM_CLOSED}
        assert codes[turn * 2] is None
        if end == "start":
            state = await world.live.rooms.snapshot(room.room_id)
            assert state is not None
            seated = {int(player.user_id) for player in state.players}
            del codes[turn * 2]
            assert {guest for guest, code in zip(guests, codes, strict=True) if code is None} == seated & set(guests)
    if end == "leave":
        await assert_all_is_back(world)
    assert await world.total() == len(world.players) * GRANT
    assert await world.audit() == []


async def test_an_organizer_without_players_is_no_orphan(world: World) -> None:
    room, organizer, _ = await world.opened(0)
    for _ in range(2):
        await world.release_orphans(void_after_s=0)
    assert await world.room_of(organizer) == room.room_id
    assert await world.audit() == []


async def test_a_room_that_redis_lost_frees_everybody(world: World, flush: Callable[[], None]) -> None:
    room, organizer, guests = await world.opened()
    flush()
    with pytest.raises(StoreUnavailable):
        await world.seats.leave(organizer, room.room_id)
    assert await code_of(world.organize(organizer, "again")) == ErrorCode.ALREADY_IN_ROOM
    assert await code_of(world.come(await world.player(), room)) == ErrorCode.NOT_FOUND
    await world.release_orphans(void_after_s=0)
    await assert_all_is_back(world)
    assert (await world.organize(organizer, "again")).room_id != room.room_id
    assert (await world.organize(guests[0])).key is not None


async def test_a_room_that_postgres_decided_is_closed_to_all(world: World) -> None:
    """Redis came back older than the decision, with the key alive."""
    room, organizer, _ = await world.opened()
    await games.void(world.db, room.room_id, "outage")
    late = await world.player()
    assert await code_of(world.come(late, room)) == ErrorCode.ROOM_CLOSED
    state = await world.live.rooms.snapshot(room.room_id)
    assert state is not None
    assert state.state == "cancelled"
    await assert_all_is_back(world)
    assert (await world.organize(organizer, "again")).room_id != room.room_id


async def test_an_organizer_whose_process_is_gone_changes_nothing(world: World) -> None:
    """Nothing that an organizer's gateway holds matters: the room waits, is started from elsewhere, and pays."""
    room, organizer, guests = await world.opened()
    await world.recover()
    assert await world.room_of(organizer) == room.room_id
    elsewhere = await world.live.rooms.snapshot(room.room_id)
    assert elsewhere is not None
    assert (elsewhere.state, elsewhere.key) == ("waiting", room.key)
    await world.start(room)
    await world.play(room.room_id, {guests[0]: 20})
    await world.recover()
    assert await world.balance(organizer) == GRANT + 10
    assert await world.audit() == []
