"""Redis comes back older than it was, in the middle of a hero room's life; see test_rewind.py."""

from dataclasses import replace

import pytest

from persistence.errors import ErrorCode
from persistence.rooms.seats import Seats
from tests.rooms.conftest import GRANT, STAKE, code_of
from tests.rooms.test_rewind import Rewindable, redis_at

__all__ = ["redis_at"]


async def test_after_create(redis_at: Rewindable) -> None:
    """At every place; where the room is lost, its organizer is free once that is certain."""
    world, cut = redis_at.world, 0
    while True:
        before = redis_at.now()
        room, organizer, _ = await world.opened(0)
        moments = redis_at.moments(before, redis_at.now())
        if cut >= len(moments):
            break
        await redis_at.back_to(moments[cut])
        cut += 1
        await world.release_orphans(void_after_s=0)
        await redis_at.world.assert_clean()
        if await world.room_of(organizer) is None:
            await world.organize(organizer, "again")
        else:
            assert await world.live.rooms.snapshot(room.room_id) is not None
    assert cut >= 2
    await redis_at.world.assert_clean()


async def test_after_join(redis_at: Rewindable) -> None:
    world, cut = redis_at.world, 0
    room, _, _ = await world.opened(1)
    while True:
        guest = await world.player()
        before = redis_at.now()
        await world.come(guest, room)
        moments = redis_at.moments(before, redis_at.now())
        if cut >= len(moments):
            break
        await redis_at.back_to(moments[cut])
        cut += 1
        await world.release_orphans(void_after_s=0)
        await redis_at.world.assert_clean()
        if await world.room_of(guest) is None:
            await world.come(guest, room, "again")
        assert await world.balance(guest) == GRANT - STAKE
    assert cut >= 3
    assert await world.start(room) == "ok"
    await redis_at.world.assert_clean()


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
async def test_after_the_organizers_leave(redis_at: Rewindable, part: float) -> None:
    """The room waits again and its key is alive, but its Stars are gone back: whoever comes finds it closed."""
    world = redis_at.world
    room, organizer, guests = await world.opened(2)
    before = redis_at.now()
    assert await world.seats.leave(organizer, room.room_id) == GRANT
    moments = redis_at.moments(before, redis_at.now())
    await redis_at.back_to(moments[int(part * (len(moments) - 1))])
    late = await world.player()
    code = await code_of(world.come(late, room))
    assert code in (ErrorCode.ROOM_CLOSED, ErrorCode.NOT_FOUND)
    await world.recover()
    assert {await world.balance(user_id) for user_id in world.players} == {GRANT}
    state = await world.live.rooms.snapshot(room.room_id)
    assert state is not None
    assert state.state == "cancelled"
    assert (await world.organize(organizer, "again")).room_id != room.room_id
    assert await world.room_of(guests[0]) is None
    await redis_at.world.assert_clean()


async def test_a_room_of_returned_stars_that_is_started_pays_nothing(redis_at: Rewindable) -> None:
    world = redis_at.world
    room, organizer, guests = await world.opened(2)
    before = redis_at.now()
    await world.seats.leave(organizer, room.room_id)
    await redis_at.back_to(before)
    assert await world.start(room) == "ok"
    await world.play(room.room_id, {guests[0]: 5})
    await world.recover()
    assert {await world.balance(user_id) for user_id in world.players} == {GRANT}
    await redis_at.world.assert_clean()


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 1.0])
async def test_from_the_start_to_the_payment(redis_at: Rewindable, part: float) -> None:
    """Whatever Redis forgot, the room is played to an end and decided once."""
    world = redis_at.world
    world.seats = Seats(world.live, world.db, replace(world.settings, hero_target=10))
    room, organizer, guests = await world.opened(2)
    before = redis_at.now()
    await world.start(room)
    await world.play(room.room_id, {guests[0]: 3, guests[1]: 10})
    assert await world.settle() == 1
    assert await world.balance(organizer) == GRANT + 10
    moments = redis_at.moments(before, redis_at.now())
    await redis_at.back_to(moments[int(part * (len(moments) - 1))])
    assert await world.start(room) == "ok"
    await world.tick_until(room.room_id, "finished", "settled")
    await world.recover()
    assert await world.balance(organizer) == GRANT + 10
    assert await world.balance(guests[1]) == GRANT + 40
    state = await world.live.rooms.snapshot(room.room_id)
    assert state is not None
    assert state.state == "settled"
    assert state.outcome is not None
    await redis_at.world.assert_clean()
    assert await world.claim() == 0
