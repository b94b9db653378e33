"""What a server may do to its clients: forget scripts, cut, fall silent, restart."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
import pytest_asyncio
import redis

from chance_tap.resources import LUA
from cli.embedded.valkey import EmbeddedValkey
from persistence.errors import StoreUnavailable
from persistence.redis import keys
from persistence.redis.codes import TapFrame, TapStatus
from persistence.redis.connection import MAX_IN_FLIGHT
from persistence.redis.rooms import RoomTerms
from persistence.redis.scripts import ScriptSet
from persistence.redis.store import RedisStore
from tests.fixtures.waiting import eventually

TERMS = RoomTerms("standard", 50, 2, 2, 60_000, 0, 60_000, 0)


async def playing_room(live: RedisStore, room_id: str | None = None) -> str:
    """A room of two whose game has begun, by the server's own clock."""
    room_id = room_id or keys.new_room_id()
    for user_id in ("1", "2"):
        seat_id = f"00000000-0000-4000-8000-00000000000{user_id}"
        await live.rooms.reserve(room_id, seat_id, user_id, "a", TERMS)
        await live.rooms.confirm(room_id, seat_id, user_id, b"{}")
    await live.rooms.tick(room_id)
    return room_id


def tap(live: RedisStore, room_id: str, seq: int) -> "asyncio.Future[list[int] | Exception]":
    """One tap of player 1, on its way."""
    done: asyncio.Future[list[int] | Exception] = asyncio.get_running_loop().create_future()
    live.rooms.tap_batch(room_id, [TapFrame("1", 1, live.now_ms(), seq)], done.set_result)
    return done


@pytest_asyncio.fixture
async def private(make_valkey: Callable[..., EmbeddedValkey]) -> AsyncIterator[tuple[EmbeddedValkey, RedisStore]]:
    server = make_valkey()
    live = await RedisStore.open(server.url)
    yield server, live
    await live.close()


async def answers(live: RedisStore) -> None:
    async def due() -> bool:
        await live.due()
        return True

    await eventually("the store answers again", due, despite=StoreUnavailable)


def test_every_script_declares_what_it_is() -> None:
    for path in (LUA / "scripts").glob("*.lua"):
        text = path.read_text()
        assert all(f"\n-- {word} " in text for word in ("KEYS  ", "ARGV  ", "Answer", "Events", "Cost  ")), path.name
    assert all("@include" not in script.body for script in ScriptSet().all())


async def test_scripts_forgotten_in_the_middle_of_pipelines(live: RedisStore) -> None:
    """NOSCRIPT: loaded and sent again, and no frame of a player overtakes another."""
    room_id = await playing_room(live)
    slot = keys.room(room_id).slot
    taps = []
    for seq in range(1, 41):
        taps.append(tap(live, room_id, seq))
        if seq % 5 == 0:
            live.router.send(slot, ("SCRIPT", "FLUSH"), lambda _reply: None)
            await asyncio.sleep(0)
    others = [live.rooms.tick(room_id) for _ in range(20)]
    assert [await done for done in taps] == [[TapStatus.OK]] * 40
    assert {reply.code for reply in await asyncio.gather(*others)} == {"ok"}
    state = await live.rooms.snapshot(room_id)
    assert state is not None
    assert state.players[0].taps == 40


async def test_a_cut_connection_fails_what_was_in_flight_and_comes_back(live: RedisStore, redis_url: str) -> None:
    room_id = await playing_room(live)
    with redis.Redis.from_url(redis_url) as client:
        asks = [asyncio.ensure_future(live.rooms.snapshot(room_id)) for _ in range(50)]
        await asyncio.sleep(0)
        client.client_kill_filter(_type="normal", skipme=True)
        outcomes = await asyncio.gather(*asks, return_exceptions=True)
    assert all(isinstance(outcome, StoreUnavailable) or outcome is not None for outcome in outcomes)
    await answers(live)
    assert await tap(live, room_id, 1) == [TapStatus.OK]


async def test_what_is_in_flight_is_bounded(live: RedisStore) -> None:
    outcomes: Counter[bool] = Counter()
    answered = asyncio.Event()

    def done(reply: object) -> None:
        outcomes[isinstance(reply, StoreUnavailable)] += 1
        if outcomes.total() == MAX_IN_FLIGHT + 10:
            answered.set()

    for _ in range(MAX_IN_FLIGHT + 10):
        live.router.send(0, ("PING",), done)
    assert outcomes[True] >= 10
    await answered.wait()


async def test_a_callback_that_fails_costs_the_others_nothing(live: RedisStore) -> None:
    loop = asyncio.get_running_loop()
    seen: list[object] = []
    loop.set_exception_handler(lambda _loop, context: seen.append(context["exception"]))

    def fail(_reply: object) -> None:
        raise RuntimeError("a bug")

    live.router.send(0, ("PING",), fail)
    assert await live.router.execute(0, "PING") == b"PONG"
    assert [str(error) for error in seen] == ["a bug"]


async def test_a_silent_server_is_noticed(private: tuple[EmbeddedValkey, RedisStore]) -> None:
    """Nothing is closed and nothing answers: commands fail in time, and the subscription is made anew."""
    server, live = private
    room_id = await playing_room(live)
    resynced: asyncio.Future[Sequence[bytes]] = asyncio.get_running_loop().create_future()
    subscriber = live.subscriber(lambda _channel, _message: None, resynced.set_result)
    channel = keys.room(room_id).channel
    await subscriber.subscribe(channel)
    os.kill(server.child.pid, signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailable):
            await live.rooms.exists(room_id)
        await eventually("the subscriber knows that it misses messages", lambda: not subscriber.whole)
    finally:
        os.kill(server.child.pid, signal.SIGCONT)
    async with asyncio.timeout(20):
        assert list(await resynced) == [channel]
    await answers(live)
    assert await live.rooms.exists(room_id)


async def test_a_server_that_is_loading_is_away_and_not_unfit() -> None:
    """A process that starts beside it must try again, and not end for good."""

    async def loading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            commands = max(1, data.count(b"\r\n$6\r\nSCRIPT\r\n"))
            writer.write(b"-LOADING Valkey is loading the dataset in memory\r\n" * commands)
        writer.close()

    server = await asyncio.start_server(loading, "127.0.0.1", 0)
    try:
        with pytest.raises(StoreUnavailable):
            await RedisStore.open(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    finally:
        server.close()


async def test_a_restart_keeps_the_room_and_changes_the_epoch(private: tuple[EmbeddedValkey, RedisStore]) -> None:
    server, live = private
    room_id = await playing_room(live)
    assert await tap(live, room_id, 1) == [TapStatus.OK]
    before = await live.rooms.snapshot(room_id)
    resynced: asyncio.Future[Sequence[bytes]] = asyncio.get_running_loop().create_future()
    got: asyncio.Queue[bytes] = asyncio.Queue()
    subscriber = live.subscriber(lambda _channel, message: got.put_nowait(message), resynced.set_result)
    await subscriber.subscribe(keys.room(room_id).channel)
    server.restart()
    await answers(live)
    async with asyncio.timeout(20):
        await resynced
        after = await live.rooms.snapshot(room_id)
        assert before is not None
        assert after is not None
        assert after.players == before.players
        assert after.epoch.split(".")[0] == before.epoch.split(".")[0]
        assert after.epoch != before.epoch
        assert await tap(live, room_id, 2) == [TapStatus.OK]
        assert f'"epoch":"{after.epoch}"'.encode() in await got.get()


async def test_a_killed_subscriber_comes_back_and_says_so(live: RedisStore, redis_url: str) -> None:
    resyncs: asyncio.Queue[bytes] = asyncio.Queue()
    got: asyncio.Queue[tuple[bytes, bytes]] = asyncio.Queue()

    def resync(channels: Sequence[bytes]) -> None:
        for channel in channels:
            resyncs.put_nowait(channel)

    subscriber = live.subscriber(lambda channel, message: got.put_nowait((channel, message)), resync)
    channels = [keys.room(keys.new_room_id()).channel for _ in range(20)]
    await asyncio.gather(*(subscriber.subscribe(channel) for channel in channels))
    with redis.Redis.from_url(redis_url) as client:
        client.client_kill_filter(_type="pubsub")
    async with asyncio.timeout(20):
        assert {await resyncs.get() for _ in channels} == set(channels)
        for channel in channels:
            await live.router.execute(keys.slot_of_key(channel), "SPUBLISH", channel, b"message")
            assert await got.get() == (channel, b"message")
    subscriber.unsubscribe(channels[0])
    await subscriber.subscribe(channels[0])
    assert resyncs.empty()


async def test_the_servers_time_is_known(live: RedisStore) -> None:
    seconds, micros = await live.router.execute(0, "TIME")
    assert abs(live.now_ms() - (int(seconds) * 1000 + int(micros) // 1000)) < 500
