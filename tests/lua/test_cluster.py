"""A real small cluster: every key of a command in one slot, and a slot that moves under running games."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest_asyncio
import redis

from cli.embedded.valkey import EmbeddedValkey
from persistence.redis import keys
from persistence.redis.codes import TapStatus
from persistence.redis.store import RedisStore
from tests.lua.test_connection import TERMS, playing_room, tap

MakeCluster = Callable[[int], list[EmbeddedValkey]]


class Node:
    """One master, spoken to directly."""

    def __init__(self, server: EmbeddedValkey) -> None:
        self.port = server.port
        self.client = redis.Redis.from_url(server.url)
        self.id = self.run("CLUSTER", "MYID").decode()

    def run(self, *words: str | int | bytes) -> bytes:
        reply: bytes = self.client.execute_command(*words)  # type: ignore[no-untyped-call]
        return reply

    def send_keys(self, target: "Node", *names: bytes) -> None:
        self.run("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *names)


@pytest_asyncio.fixture
async def cluster(make_valkey_cluster: MakeCluster) -> AsyncIterator[tuple[RedisStore, Node, Node]]:
    servers = make_valkey_cluster(2)
    live = await RedisStore.open(servers[0].url)
    nodes = [Node(server) for server in servers]
    yield live, nodes[0], nodes[1]
    await live.close()
    for node in nodes:
        node.client.close()


async def test_a_whole_game_on_a_cluster(cluster: tuple[RedisStore, Node, Node]) -> None:
    live, *_ = cluster
    assert len(live.router.masters()) == 2
    for partition in ("00", "3f"):  # one on each master
        got: asyncio.Queue[bytes] = asyncio.Queue()
        subscriber = live.subscriber(lambda _channel, message, got=got: got.put_nowait(message), lambda _channels: None)  # type: ignore[misc]
        room_id = partition + keys.new_room_id()[2:]
        await subscriber.subscribe(keys.room(room_id).channel)
        await live.results.read("one")
        await playing_room(live, room_id)
        assert await tap(live, room_id, 1) == [TapStatus.OK]
        assert (await live.rooms.cancel(room_id, "operator")).changed
        (entry,) = await live.results.read("one")
        await live.results.barrier([entry.partition])
        await live.results.ack([entry])
        async with asyncio.timeout(10):
            while b'"type":"cancelled"' not in await got.get():
                pass
    assert await live.lobby.ticket(TERMS.stake, keys.new_room_id(), 2)
    assert await live.rebuild_lobbies([20, 50]) == 0


async def test_a_slot_moves_under_a_running_game(cluster: tuple[RedisStore, Node, Node]) -> None:
    """TRYAGAIN while its keys are in two places, ASK (and NOSCRIPT there) while it moves, MOVED when it has."""
    live, source, target = cluster
    await live.results.read("one")  # a stream that does not exist could not be found on either side
    room_id = await playing_room(live, "00" + keys.new_room_id()[2:])
    at = keys.room(room_id)
    resyncs: asyncio.Queue[Sequence[bytes]] = asyncio.Queue()
    got: asyncio.Queue[bytes] = asyncio.Queue()
    subscriber = live.subscriber(lambda _channel, message: got.put_nowait(message), resyncs.put_nowait)
    await subscriber.subscribe(at.channel)
    assert await tap(live, room_id, 1) == [TapStatus.OK]

    target.run("CLUSTER", "SETSLOT", at.slot, "IMPORTING", source.id)
    source.run("CLUSTER", "SETSLOT", at.slot, "MIGRATING", target.id)
    source.send_keys(target, at.data)
    waiting = tap(live, room_id, 2)
    assert await live.rooms.exists(room_id)  # a command of one key goes through: ASK
    assert not waiting.done()
    target.run("SCRIPT", "FLUSH")
    source.send_keys(target, at.due, at.heartbeat, at.results, at.gone, at.log)
    async with asyncio.timeout(10):
        assert await waiting == [TapStatus.OK]
        assert await tap(live, room_id, 3) == [TapStatus.OK]

    for node in (target, source):
        node.run("CLUSTER", "SETSLOT", at.slot, "NODE", target.id)
    async with asyncio.timeout(20):
        assert await tap(live, room_id, 4) == [TapStatus.OK]
        assert live.router.owner(at.slot).address.port == target.port
        assert list(await resyncs.get()) == [at.channel]
        assert await tap(live, room_id, 5) == [TapStatus.OK]
        while b'"1":[5,5]' not in await got.get():
            pass
    state = await live.rooms.snapshot(room_id)
    assert state is not None
    assert state.players[0].taps == 5
