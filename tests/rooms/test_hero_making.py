"""Making a hero room: one for each wish, however often it is sent and whatever is lost on the way."""

import asyncio
from collections import Counter
from typing import Any

import psycopg
import pytest

from persistence.errors import ErrorCode, StoreUnavailable
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import CommitUnknown
from persistence.rooms.seats import Seats
from tests.rooms.conftest import CREATE, CREATE_ONCE, STAKE, World, code_of
from tests.rooms.faults import Instead, LostAnswers
from tests.rooms.test_hero import open_hero_rooms


async def test_creating_at_once_with_one_key_makes_one_room(world: World) -> None:
    organizer = await world.player()

    async def create(key: str) -> object:
        return await world.seats.create_hero(organizer, STAKE, IdempotencyKey(CREATE, key, b"body"))

    codes = Counter(await asyncio.gather(*(code_of(create("key")) for _ in range(10))))
    assert codes == {None: 1, ErrorCode.IDEMPOTENCY_IN_PROGRESS: 9}
    assert await open_hero_rooms(world) == [await world.room_of(organizer)]
    await world.responses.store(organizer, CREATE_ONCE, b"answer")
    assert (await world.seats.create_hero(organizer, STAKE, CREATE_ONCE)).response == b"answer"
    mismatch = world.seats.create_hero(organizer, STAKE, IdempotencyKey(CREATE, "key", b"another body"))
    assert await code_of(mismatch) == ErrorCode.IDEMPOTENCY_MISMATCH
    assert len(await open_hero_rooms(world)) == 1


async def test_creating_at_once_with_different_keys_makes_one_room(world: World) -> None:
    organizer = await world.player()
    creations = (world.organize(organizer, f"key {number}") for number in range(6))
    codes = Counter(await asyncio.gather(*(code_of(creation) for creation in creations)))
    assert codes == {None: 1, ErrorCode.ALREADY_IN_ROOM: 5}
    assert await open_hero_rooms(world) == [await world.room_of(organizer)]
    await world.settle()
    assert await world.audit() == []


async def test_a_repeated_creation_finds_its_room(world: World) -> None:
    organizer = await world.player()
    first = await world.seats.create_hero(organizer, STAKE, CREATE_ONCE)  # and the gateway died
    assert first.room_state is not None
    again = world.seats.create_hero
    assert await code_of(again(organizer, STAKE, CREATE_ONCE)) == ErrorCode.IDEMPOTENCY_IN_PROGRESS
    world.leases_run_out()
    second = await again(organizer, STAKE, CREATE_ONCE)
    assert second.room_state is not None
    assert (second.room_state.room_id, second.room_state.key) == (first.room_state.room_id, first.room_state.key)
    # Once that room is gone, the key may make another.
    await world.seats.leave(organizer, first.room_state.room_id)
    third = await again(organizer, STAKE, CREATE_ONCE)
    assert third.room_state is not None
    assert third.room_state.room_id != first.room_state.room_id
    assert await world.audit() == []


@pytest.mark.parametrize("committed", [True, False], ids=["committed", "not committed"])
async def test_a_lost_answer_to_the_creation_is_asked_for_again(world: World, committed: bool) -> None:
    organizer = await world.player()
    db: Any = LostAnswers(world.db, 2, committed=committed, function="game.organize(")
    made = await Seats(world.live, db, world.settings).create_hero(organizer, STAKE, CREATE_ONCE)
    assert made.room_state is not None
    assert await open_hero_rooms(world) == [made.room_state.room_id] == [await world.room_of(organizer)]


async def test_a_room_of_unknown_commit_is_left_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("persistence.rooms.join_requests.COMMIT_PAUSES_S", (0.0, 0.0))
    organizer = await world.player()
    db: Any = LostAnswers(world.db, 3, committed=True, function="game.organize(")
    with pytest.raises(CommitUnknown):
        await Seats(world.live, db, world.settings).create_hero(organizer, STAKE, CREATE_ONCE)
    room_id = await world.room_of(organizer)
    assert await open_hero_rooms(world) == [room_id]
    world.leases_run_out()
    made = await world.seats.create_hero(organizer, STAKE, CREATE_ONCE)
    assert made.room_state is not None
    assert made.room_state.room_id == room_id


async def test_nothing_is_left_when_postgres_is_away(world: World) -> None:
    organizer = await world.player()
    call = world.db.call

    async def away(role: Any, user_id: Any, query: str, params: Any = None) -> Any:
        if "game.organize(" in query:
            raise StoreUnavailable("postgres")
        return await call(role, user_id, query, params)

    db: Any = Instead(world.db, one=away)
    with pytest.raises(StoreUnavailable):
        await Seats(world.live, db, world.settings).create_hero(organizer, STAKE, CREATE_ONCE)
    assert await open_hero_rooms(world) == []
    await world.settle()
    assert await world.audit() == []


async def test_a_banned_organizer_makes_nothing(world: World) -> None:
    user_id = await world.player()
    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute("UPDATE auth.users SET banned_at = now() WHERE user_id = %s", (user_id,))
    assert await code_of(world.organize(user_id)) == ErrorCode.BANNED
    assert await open_hero_rooms(world) == []
