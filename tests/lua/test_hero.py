"""Hero rooms: made with a key, started by hand, and closed to everything that comes from the wrong one or too late."""

import asyncio
import struct

import pytest

from persistence.redis import keys
from persistence.redis.codes import TapFrame, TapStatus
from persistence.redis.room_state import RoomState
from persistence.redis.rooms import RoomTerms
from persistence.redis.store import RedisStore
from tests.lua.clocked import NOON_MS, set_clock

ORGANIZER, WAIT_MS = "900", 300_000


def hero_terms(key: str, *, target: int = 200, capacity: int = 50, organizer_id: str = ORGANIZER) -> RoomTerms:
    return RoomTerms(
        kind="hero",
        stake=30,
        capacity=capacity,
        min_players=2,
        wait_ms=WAIT_MS,
        countdown_ms=3000,
        game_ms=60_000,
        fee_bps=1000,
        target=target,
        organizer_id=organizer_id,
        organizer_seat_id="00000000-0000-4000-8000-000000000900",
        key=key,
    )


def _seat_id(user_id: str) -> str:
    return f"00000000-0000-4000-8000-{int(user_id):012d}"


class HeroRoom:
    """One hero room on the real scripts, in virtual time."""

    def __init__(self, store: RedisStore) -> None:
        self.store = store
        self.key = keys.new_room_key()
        self.room_id = keys.new_room_id(keys.partition_of_key(self.key))

    async def make(self, *players: str, target: int = 200, capacity: int = 50) -> "HeroRoom":
        reply = await self.store.rooms.make(self.room_id, hero_terms(self.key, target=target, capacity=capacity))
        assert reply.code == "ok"
        for user_id in players:
            assert await self.join(user_id) == "ok"
        return self

    async def join(self, user_id: str) -> str:
        held = await self.store.rooms.reserve(self.room_id, _seat_id(user_id), user_id, "a", None)
        if held.code != "ok":
            return held.code
        return (await self.store.rooms.confirm(self.room_id, _seat_id(user_id), user_id, b"{}")).code

    async def start(self, user_id: str = ORGANIZER) -> str:
        return (await self.store.rooms.start(self.room_id, user_id)).code

    async def tap(self, *frames: TapFrame) -> list[TapStatus]:
        done: asyncio.Future[list[int] | Exception] = asyncio.get_running_loop().create_future()
        self.store.rooms.tap_batch(self.room_id, list(frames), done.set_result)
        reply = await done
        assert isinstance(reply, list)
        return [TapStatus(number) for number in reply]

    async def state(self) -> RoomState:
        state = await self.store.rooms.snapshot(self.room_id)
        assert state is not None
        return state


async def test_a_room_is_made_once_with_its_key(store: RedisStore) -> None:
    room = await HeroRoom(store).make()
    await room.make()
    state = await store.rooms.by_key(room.key)
    assert state == await room.state()
    assert (state.kind, state.state, state.organizer_id, state.key) == ("hero", "waiting", ORGANIZER, room.key)
    assert (state.deadline_ms, state.target, state.fee_bps) == (NOON_MS + WAIT_MS, 200, 1000)
    name = keys.room_key(room.key)
    assert await store.router.execute(keys.slot_of_key(name), "PTTL", name) > WAIT_MS


async def test_the_organizer_starts_when_two_have_paid(store: RedisStore) -> None:
    room = await HeroRoom(store).make("1")
    assert await room.start() == "conflict"
    assert await room.join("2") == "ok"
    await store.rooms.reserve(room.room_id, _seat_id("3"), "3", "a", None)
    assert await room.start("1") == "forbidden"
    assert await room.start("3") == await room.start("4") == "not_found"
    reply = await store.rooms.start(room.room_id, ORGANIZER)
    assert reply.code == "ok"
    assert reply.room is not None
    assert (reply.room.state, reply.room.starts_ms) == ("countdown", NOON_MS + 3000)
    assert [seat.user_id for seat in await store.rooms.seats(room.room_id) or ()] == ["1", "2"]  # the unpaid is out
    assert await room.start() == "ok"
    assert (await room.state()).version == reply.room.version


async def test_the_first_to_the_target_ends_it_at_once(store: RedisStore) -> None:
    room = await HeroRoom(store).make("1", "2", target=30)
    assert await room.start() == "ok"
    start_ms = NOON_MS + 3000
    await set_clock(store, start_ms + 2500)
    frames = TapFrame("2", 15, start_ms + 100, 1), TapFrame("1", 20, start_ms + 200), TapFrame(ORGANIZER, 5, start_ms)
    assert await room.tap(*frames) == [TapStatus.OK, TapStatus.OK, TapStatus.FORBIDDEN]
    last = TapFrame("2", 20, start_ms + 2400, 2), TapFrame("1", 20, start_ms + 2400)
    assert await room.tap(*last) == [TapStatus.OK, TapStatus.ROOM_CLOSED]
    state = await room.state()
    assert state.state == "finished"
    assert [(player.user_id, player.place) for player in state.players] == [("1", 2), ("2", 1)]
    log = struct.pack("<IH", 2500, 2) + _entry(2, 100, 15) + _entry(1, 200, 20)
    assert await store.rooms.log(room.room_id) == log + struct.pack("<IH", 2500, 1) + _entry(2, 2400, 20)


def _entry(index: int, stamp: int, taps: int) -> bytes:
    return struct.pack("<H", index) + stamp.to_bytes(3, "little") + bytes([taps])


@pytest.mark.parametrize("word", ["start", "cancel", "expire"])
async def test_a_key_is_dead_after_start_and_end(store: RedisStore, word: str) -> None:
    room = await HeroRoom(store).make("1", "2")
    match word:
        case "start":
            assert await room.start() == "ok"
        case "cancel":
            assert (await store.rooms.cancel(room.room_id, "organizer_left", ORGANIZER)).code == "ok"
        case _:
            await set_clock(store, NOON_MS + WAIT_MS)
    assert await store.rooms.by_key(room.key) is None
    assert await room.join("3") == "room_closed"


async def test_a_key_or_a_room_of_another_is_not_taken_over(store: RedisStore) -> None:
    first, second = await HeroRoom(store).make("1"), HeroRoom(store)
    second.key = first.key
    second.room_id = keys.new_room_id(keys.partition_of_key(first.key))
    assert (await store.rooms.make(second.room_id, hero_terms(first.key))).code == "conflict"
    assert await store.rooms.snapshot(second.room_id) is None
    assert (await store.rooms.make(first.room_id, hero_terms(first.key, organizer_id="901"))).code == "conflict"
    found = await store.rooms.by_key(first.key)
    assert found is not None
    assert (found.room_id, found.organizer_id) == (first.room_id, ORGANIZER)


async def test_a_room_lies_where_its_key_does(store: RedisStore) -> None:
    key = keys.new_room_key()
    elsewhere = keys.new_room_id((keys.partition_of_key(key) + 1) % keys.PARTITIONS)
    with pytest.raises(ValueError, match="partition of its key"):
        await store.rooms.make(elsewhere, hero_terms(key))


async def test_reactions_are_among_those_in_the_room_and_end_with_the_start(store: RedisStore) -> None:
    room = await HeroRoom(store).make("1", "2")
    for user_id, to in (("1", "1"), ("1", "2"), (ORGANIZER, "1"), ("2", ORGANIZER)):
        assert await store.rooms.react(room.room_id, user_id, to, "🔥") == "ok"
    for user_id, to in (("1", "3"), ("3", "1"), ("1", "hot"), ("organizer", "1")):
        assert await store.rooms.react(room.room_id, user_id, to, "🔥") == "not_found"
    assert await store.rooms.react(keys.new_room_id(), "1", "1", "🔥") == "not_found"
    assert await room.start() == "ok"
    await set_clock(store, NOON_MS + 3000)
    await store.rooms.tick(room.room_id)
    assert await store.rooms.react(room.room_id, "1", "2", "🔥") == "conflict"
    assert await store.rooms.react(room.room_id, "1", "3", "🔥") == "not_found"


async def test_fifty_play_in_one_room(store: RedisStore) -> None:
    users = [str(n + 1) for n in range(50)]
    room = await HeroRoom(store).make(*users, target=0)
    assert await room.join("51") == "room_full"
    assert (await room.state()).state == "waiting"  # a full room waits for its organizer
    assert await room.start() == "ok"
    await set_clock(store, NOON_MS + 4000)
    frames = [TapFrame(user, 20, NOON_MS + 4000, seq) for seq in (1, 2) for user in users]
    assert set(await room.tap(*frames)) == {TapStatus.OK}
    assert {player.taps for player in (await room.state()).players} == {40}
    assert len(await store.rooms.log(room.room_id)) == 6 + 6 * 100
