"""What join does when a store answers late, wrongly or not at all, and when Redis came back older than it was."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import games
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.pool import CommitUnknown
from persistence.redis.keys import new_room_id
from persistence.rooms.seats import MAX_TRIES, Seats, standard_terms
from tests.rooms.conftest import GRANT, JOIN, JOIN_ONCE, STAKE, World
from tests.rooms.faults import Instead, LostAnswers

pytestmark = pytest.mark.on_cluster_too


def seats_on(world: World, *, live: Any = None, db: Any = None) -> Seats:
    return Seats(live or world.live, db or world.db, replace(world.settings, capacity=10, wait_s=60))


@pytest.mark.parametrize("committed", [True, False], ids=["committed", "not committed"])
async def test_a_lost_answer_to_the_stake_is_asked_for_again(world: World, committed: bool) -> None:
    user_id = await world.player()
    seats = seats_on(world, db=LostAnswers(world.db, 2, committed=committed))
    joined = await seats.join(user_id, STAKE, JOIN_ONCE)
    assert joined.balance == GRANT - STAKE
    assert joined.room_state is not None
    assert [player.user_id for player in joined.room_state.players] == [str(user_id)]
    assert await world.balance(user_id) == GRANT - STAKE
    assert await world.audit() == []


async def test_a_postgres_that_hangs_is_asked_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("persistence.rooms.join_requests.COMMIT_PATIENCE_S", -1.0)
    user_id = await world.player()
    with pytest.raises(CommitUnknown):
        await seats_on(world, db=LostAnswers(world.db, 1, committed=False)).join(user_id, STAKE, JOIN_ONCE)
    assert await world.balance(user_id) == GRANT


async def test_a_seat_of_unknown_payment_is_never_released(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("persistence.rooms.join_requests.COMMIT_PAUSES_S", (0.0, 0.0))
    user_id = await world.player()
    seats = seats_on(world, db=LostAnswers(world.db, 3, committed=True))
    with pytest.raises(CommitUnknown):
        await seats.join(user_id, STAKE, JOIN_ONCE)
    seat = await games.live_seat(world.db, user_id)
    assert seat is not None
    held = await world.live.rooms.seats(seat.room_id)
    assert held is not None
    assert [(other.seat_id, other.state) for other in held] == [(seat.seat_id, "reserved")]
    await world.release_orphans()
    assert await world.balance(user_id) == GRANT
    assert await world.audit() == []


async def test_a_seat_is_released_when_postgres_is_away(world: World) -> None:
    user_id = await world.player()

    async def away(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("postgres")

    with pytest.raises(StoreUnavailable):
        await seats_on(world, db=Instead(world.db, one=away)).join(user_id, STAKE, JOIN_ONCE)
    for room_id in await world.live.open_rooms():
        assert await world.live.rooms.seats(room_id) == []
    assert (await world.sit(user_id)).players != []


async def test_a_seat_that_goes_before_it_is_confirmed_is_refunded_and_the_next_taken(world: World) -> None:
    user_id = await world.player()
    refused: list[str] = []

    async def confirm(room_id: str, seat_id: str, *rest: Any) -> Any:
        if len(refused) < 2:
            refused.append(seat_id)
            await world.live.rooms.leave(room_id, seat_id)
        return await world.live.rooms.confirm(room_id, seat_id, *rest)

    live = Instead(world.live, rooms=Instead(world.live.rooms, confirm=confirm))
    joined = await seats_on(world, live=live).join(user_id, STAKE, JOIN_ONCE)
    assert joined.balance == GRANT - STAKE
    states = [seat.state for seat in [await games.seat(world.db, seat_id) for seat_id in refused] if seat]
    assert states == ["refunded", "refunded"]
    assert await world.balance(user_id) == GRANT - STAKE
    assert await world.audit() == []


async def test_five_rooms_that_fill_meanwhile_are_enough(world: World) -> None:
    first, second, late = await world.player(), await world.player(), await world.player()
    room_id = (await world.sit(first)).room_id
    await world.sit(second)
    asked: list[int] = []

    async def ticket(stake: int, *_: Any) -> str:
        asked.append(stake)
        return room_id

    live = Instead(world.live, lobby=Instead(world.live.lobby, ticket=ticket))
    with pytest.raises(GameError) as refusal:
        await seats_on(world, live=live).join(late, STAKE, JOIN_ONCE)
    assert refusal.value.code == ErrorCode.TEMPORARILY_UNAVAILABLE
    assert asked == [STAKE] * MAX_TRIES
    assert await world.balance(late) == GRANT


async def test_a_banned_player_is_refused_without_a_trace(world: World) -> None:
    user_id = await world.player()
    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute("UPDATE auth.users SET banned_at = now() WHERE user_id = %s", (user_id,))
    with pytest.raises(GameError) as refusal:
        await world.join(user_id, "key")
    assert refusal.value.code == ErrorCode.BANNED
    assert await world.live.rooms.seats((await world.live.open_rooms())[0]) == []


async def test_a_retry_after_the_lease_finishes_the_seat(world: World) -> None:
    user_id = await world.player()
    seats = seats_on(world)
    first = await seats.join(user_id, STAKE, JOIN_ONCE)  # and the gateway died before it stored the answer
    with pytest.raises(GameError) as refusal:
        await seats.join(user_id, STAKE, JOIN_ONCE)
    assert refusal.value.code == ErrorCode.IDEMPOTENCY_IN_PROGRESS
    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute("UPDATE game.idempotency SET lease_until = now()")
    again = await seats.join(user_id, STAKE, JOIN_ONCE)
    assert first.room_state is not None
    assert again.room_state is not None
    assert again.room_state.room_id == first.room_state.room_id
    assert again.balance == GRANT - STAKE
    assert await world.audit() == []


async def test_a_seat_that_redis_has_back_is_dropped(world: World) -> None:
    """Redis forgot the leave: the seat plays there, but its stake was returned."""
    user_id = await world.player()
    seats = seats_on(world)
    room_id = await _room_with_ghost(world, user_id)
    joined = await seats.join(user_id, STAKE, JOIN_ONCE)
    assert joined.room_state is not None
    assert joined.room_state.room_id == room_id
    assert len(joined.room_state.players) == 1
    assert await world.audit() == []


async def _room_with_ghost(world: World, user_id: int) -> str:
    room_id = await world.live.lobby.ticket(STAKE, new_room_id(), 10)
    terms = standard_terms(replace(world.settings, capacity=10, wait_s=60), STAKE)
    ghost = "00000000-0000-4000-8000-000000000000"
    await world.live.rooms.reserve(room_id, ghost, str(user_id), "an old attempt", terms)
    await world.live.rooms.confirm(room_id, ghost, str(user_id), b"{}")
    return room_id


@pytest.mark.parametrize("finder", ["join", "worker"])
async def test_a_room_that_postgres_decided_is_closed_in_redis(world: World, finder: str) -> None:
    """Redis came back older than the decision: the room waits there for players."""
    first, second = await world.player(), await world.player()
    seats = seats_on(world)
    joined = await seats.join(first, STAKE, JOIN_ONCE)
    assert joined.room_state is not None
    room_id = joined.room_state.room_id
    await games.void(world.db, room_id, "outage")
    if finder == "join":
        other = await seats.join(second, STAKE, JOIN_ONCE)
        assert other.room_state is not None
        assert other.room_state.room_id != room_id
    else:
        await world.live.rooms.cancel(room_id, "outage")
        await world.settle()
    state = await world.live.rooms.snapshot(room_id)
    assert state is not None
    assert state.state == "cancelled"
    assert state.outcome is not None
    assert await world.balance(first) == GRANT
    assert await world.audit() == []


async def test_a_leave_that_died_half_way_does_not_bind_the_player(world: World) -> None:
    user_id = await world.player()
    seats = seats_on(world)
    joined = await seats.join(user_id, STAKE, JOIN_ONCE)
    assert joined.room_state is not None
    await world.live.rooms.leave(joined.room_state.room_id, joined.room_state.players[0].seat_id)
    again = await seats.join(user_id, 20, IdempotencyKey(JOIN, "another key", b"body"))
    assert again.balance == GRANT - 20
    assert await world.audit() == []


async def test_leave_of_a_room_that_redis_lost_waits_for_the_verdict(world: World, flush: Callable[[], None]) -> None:
    user_id = await world.player()
    room_id = (await world.sit(user_id)).room_id
    flush()
    with pytest.raises(StoreUnavailable):
        await world.seats.leave(user_id, room_id)
    await world.release_orphans(void_after_s=0)
    assert await world.balance(user_id) == GRANT
    with pytest.raises(GameError) as refusal:
        await world.seats.leave(user_id, room_id)
    assert refusal.value.code == ErrorCode.ROOM_CLOSED
    assert await world.audit() == []
