"""The results streams: read once, taken over from the dead, safe before anything is settled on them."""

from collections.abc import Callable

import orjson
import pytest

from cli.embedded.valkey import EmbeddedValkey
from persistence.errors import StoreUnavailable
from persistence.redis import keys
from persistence.redis.rooms import RoomTerms
from persistence.redis.store import RedisStore, UnfitStore
from tests.lua.clocked import flush

pytestmark = pytest.mark.on_cluster_too

TERMS = RoomTerms("standard", 50, 10, 2, 60_000, 3000, 60_000, 0)


async def _cancelled(live: RedisStore, seat_id: str = "00000000-0000-4000-8000-000000000001") -> str:
    room_id = keys.new_room_id()
    await live.rooms.reserve(room_id, seat_id, "1", "a", TERMS)
    await live.rooms.confirm(room_id, seat_id, "1", b"{}")
    await live.rooms.cancel(room_id, "operator")
    return room_id


async def test_entries_are_read_once_and_gone_after_ack(live: RedisStore) -> None:
    await live.results.read("one")  # makes the groups
    rooms = {await _cancelled(live) for _ in range(5)}
    entries = await live.results.read("one")
    assert {entry.room_id for entry in entries} == rooms
    assert {entry.deliveries for entry in entries} == {1}
    assert {orjson.loads(entry.result)["outcome"] for entry in entries} == {"cancelled"}
    assert await live.results.read("two") == []
    await live.results.ack(entries)
    assert await live.results.claim("two", idle_ms=0) == []
    at = keys.partition(entries[0].partition)
    assert await live.router.execute(at.slot, "XLEN", at.results) == 0


async def test_what_a_dead_reader_left_is_taken_over(live: RedisStore) -> None:
    await live.results.read("dead")
    room_id = await _cancelled(live)
    assert len(await live.results.read("dead")) == 1
    (entry,) = await live.results.claim("heir", idle_ms=0)
    assert (entry.room_id, entry.deliveries) == (room_id, 2)
    (entry,) = await live.results.claim("heir", idle_ms=0)
    assert entry.deliveries == 3


async def test_groups_are_made_again_after_redis_was_lost(live: RedisStore) -> None:
    await live.results.read("one")
    await flush(live)
    room_id = await _cancelled(live)
    assert await live.results.read("one") == []
    assert [entry.room_id for entry in await live.results.read("one")] == [room_id]


async def test_the_barrier_returns_once_the_disk_has_it(live: RedisStore) -> None:
    await live.results.barrier([0, 1, 63])
    await live.results.barrier([0])


async def test_the_barrier_fails_without_a_server(make_valkey: Callable[..., EmbeddedValkey]) -> None:
    server = make_valkey()
    live = await RedisStore.open(server.url)
    await live.results.barrier([0])
    server.kill()
    with pytest.raises(StoreUnavailable):
        await live.results.barrier([0])
    await live.close()


async def test_settled_rooms_go_after_a_while(live: RedisStore) -> None:
    room_id = await _cancelled(live)
    outcome = orjson.dumps({"outcome": "refunded", "winner": None, "prize": 0, "standings": []})
    await live.rooms.mark_settled(room_id, outcome)
    await live.rooms.mark_settled(room_id, outcome)
    at = keys.room(room_id)
    assert 0 < await live.router.execute(at.slot, "TTL", at.data) <= 600
    assert room_id not in await live.open_rooms()
    assert (await live.rooms.tick(room_id)).code == "ok"  # by who saw it due just before
    assert room_id not in await live.open_rooms()
    await live.rooms.mark_settled(keys.new_room_id(), outcome)  # a room that is gone is none the worse


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [("maxmemory-policy", "allkeys-lru", "noeviction"), ("appendonly", "no", "appendonly yes")],
)
async def test_a_server_that_could_lose_games_is_refused(
    make_valkey: Callable[..., EmbeddedValkey], setting: str, value: str, message: str
) -> None:
    import redis

    server = make_valkey(password="a-secret/with:odd@signs")
    with redis.Redis.from_url(server.url) as client:
        client.config_set(setting, value)
    with pytest.raises(UnfitStore, match=message):
        await RedisStore.open(server.url)


async def test_a_wrong_password_is_said(make_valkey: Callable[..., EmbeddedValkey]) -> None:
    server = make_valkey(password="right")
    with pytest.raises(UnfitStore, match="WRONGPASS"):
        await RedisStore.open(server.url.replace("right", "wrong"))


async def test_nobody_there(make_valkey: Callable[..., EmbeddedValkey]) -> None:
    server = make_valkey()
    server.kill()
    with pytest.raises(StoreUnavailable):
        await RedisStore.open(server.url)
