"""What SIGTERM does, step by step: not ready, no new sockets, everybody moved in slices, requests answered, the end."""

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chance_tap.settings import Settings
from gateway.lifecycle import drain
from gateway.lifecycle.drain import Drain
from gateway.live.endpoint import PATH
from gateway.server import GatewayServer
from persistence.redis.store import RedisStore
from tests.fixtures.waiting import eventually
from tests.rest.conftest import API, init_data
from tests.ws.client import Peer, Refused
from tests.ws.conftest import PLAIN, Game, Gateway, Road, StartGateway

DRAINING = 4001


class Running:
    """A whole gateway in this process; `ask` is what a signal does."""

    def __init__(self, settings: Settings) -> None:
        self.server = GatewayServer(settings)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.task = asyncio.create_task(self.server.serve(sockets=[self.listener]))
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}")

    def ask(self) -> None:
        self.server.ask_to_end()

    async def ended(self) -> None:
        async with asyncio.timeout(20):
            await self.task

    async def status(self, path: str = "/readyz") -> int:
        return (await self.http.get(path)).status_code

    async def refusal(self) -> Refused:
        with pytest.raises(Refused) as refused:
            await Peer.open(self.port, PATH)
        return refused.value


Start = Callable[..., Coroutine[Any, Any, Running]]


@pytest_asyncio.fixture
async def start(settings: Settings) -> AsyncIterator[Start]:
    """`await start(drain_notice_s=…)`: ready."""
    all_of_them: list[Running] = []

    async def begin(**changes: Any) -> Running:
        running = Running(replace(settings, **changes))
        all_of_them.append(running)
        assert await running.status() == 200
        return running

    yield begin
    for peer in Peer.opened:
        peer.abort()
    Peer.opened.clear()
    for running in all_of_them:
        running.server.should_exit = running.server.force_exit = True
        await running.ended()
        await running.http.aclose()


async def test_first_it_is_not_ready_and_takes_nobody_then_it_ends(start: Start, settings: Settings) -> None:
    running = await start(drain_notice_s=1)
    peer = await Peer.open(running.port, PATH)  # says nothing, so it is nobody's yet: moved like all others
    session = (await running.http.post(f"{API}/auth/telegram", json={"init_data": init_data(settings)})).json()
    headers = {"authorization": f"Bearer {session['token']}"}
    running.ask()
    answer = await running.http.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    refused = await running.refusal()
    assert refused.status == 503
    assert b"retry-after: 1" in refused.head
    assert json.loads(refused.body)["code"] == "temporarily_unavailable"
    assert await running.status("/healthz") == 200
    assert (await running.http.get(f"{API}/me", headers=headers)).json() == session["user"]
    assert await peer.closed() == DRAINING
    await running.ended()


async def test_connections_are_kept_until_it_leaves(start: Start) -> None:
    running = await start(drain_notice_s=300)
    paths = ("/healthz", "/readyz", f"{API}/me", "/nowhere", "/openapi.json", f"{API}/auth/telegram")

    async def asked() -> set[str | None]:
        answers = [await running.http.get(path) for path in paths]
        answers += [await running.http.post(path, content=b"{}") for path in paths]
        return {answer.headers.get("connection") for answer in answers}

    assert await asked() == {None}
    running.ask()
    assert await asked() == {"close"}


async def test_a_request_under_way_is_answered(start: Start, settings: Settings) -> None:
    running = await start(drain_notice_s=0)
    body = json.dumps({"init_data": init_data(settings)}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    head = f"POST {API}/auth/telegram HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body[:10])
    await writer.drain()
    assert await running.status() == 200  # by now the server has the beginning
    running.ask()
    await eventually("the server is told to end", lambda: running.server.should_exit)
    writer.write(body[10:])
    answer = await asyncio.wait_for(reader.read(), 10)
    assert answer.startswith(b"HTTP/1.1 200 ")
    writer.close()
    await running.ended()


async def test_a_second_signal_waits_for_nobody(start: Start) -> None:
    running = await start(drain_notice_s=300)
    peer = await Peer.open(running.port, PATH)
    running.ask()
    assert await running.status() == 503
    running.ask()
    assert await peer.closed() == DRAINING
    await running.ended()


@pytest.mark.parametrize("came", ["nobody", "one who left before", "one who leaves meanwhile"])
async def test_without_players_too_balancers_are_given_notice(start: Start, came: str) -> None:
    running = await start(drain_notice_s=300, drain_s=300)
    peers = [] if came == "nobody" else [await Peer.open(running.port, PATH)]
    if came == "one who left before":
        await _leave(running, peers)
    running.ask()
    if came == "one who leaves meanwhile":
        await _leave(running, peers)
    for _ in range(5):  # as balancers send them that have not looked yet, over connections of their own
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.port}") as client:
            assert [(await client.get(path)).status_code for path in ("/readyz", f"{API}/offers")] == [503, 200]
    assert not running.server.should_exit
    running.ask()
    await running.ended()


async def _leave(running: Running, peers: list[Peer]) -> None:
    for peer in peers:
        peer.abort()
    sockets = (await running.server._opening.open()).sockets
    await eventually("nobody is left", lambda: not sockets.clients())


async def test_without_a_balancer_nobody_waits(start: Start) -> None:
    running = await start(drain_notice_s=0, drain_s=300)
    running.ask()
    await running.ended()


async def test_an_ordered_drain_of_an_idle_gateway_is_over_after_the_notice(
    start_gateway: StartGateway, settings: Settings, live: RedisStore
) -> None:
    gateway = await start_gateway()
    waiting = Drain(gateway.endpoint, replace(settings, drain_notice_s=300))
    waiting.begin()
    for _ in range(5):
        await live.lobby.counts([20])
    assert (waiting.ready, waiting.state) == (False, "draining")
    await waiting.stop()
    done = Drain(gateway.endpoint, replace(settings, drain_notice_s=0))
    done.begin()
    await done.done()
    assert done.state == "drained"


async def test_both_roads_refuse_new_sockets(start_gateway: StartGateway, road: Road) -> None:
    gateway = await start_gateway(road=road)
    gateway.endpoint.admits = False
    with pytest.raises(Refused) as refused:
        await Peer.open(gateway.port, PATH)
    assert refused.value.status == 503
    assert b"retry-after: 1" in refused.value.head.lower()


async def moved(gateway: Gateway, settings: Settings, peers: list[Peer]) -> list[float]:
    """Drain; the moments at which these sockets were closed, all of them with 4001, from the beginning."""
    clock = asyncio.get_running_loop().time
    draining = Drain(gateway.endpoint, settings)
    began = clock()

    async def closed(peer: Peer) -> float:
        assert await peer.closed() == DRAINING
        return clock() - began

    draining.begin()
    draining.begin()
    moments = await asyncio.gather(*map(closed, peers))
    await draining.done()
    assert draining.state == "drained"
    return sorted(moments)


async def test_players_are_moved_in_slices(
    game: Game, start_gateway: StartGateway, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "EASY_RATE", 20)  # as if these few were thousands
    gateway = await start_gateway()
    users = [await game.account() for _ in range(20)]
    rooms = [await game.playing(*users[n : n + 2]) for n in range(0, 20, 2)]
    peers = [await game.peer(gateway, user, rooms[n // 2]) for n, user in enumerate(users)]
    moments = await moved(gateway, replace(settings, drain_notice_s=0, drain_s=60), peers)
    bursts = sum(later - earlier > drain.SLICE_S / 4 for earlier, later in itertools.pairwise(moments))
    assert bursts >= 4  # a second's worth of slices, not one storm
    assert not gateway.hub.rooms


async def test_taps_that_were_received_count_before_the_socket_goes(
    game: Game, start_gateway: StartGateway, settings: Settings, live: RedisStore
) -> None:
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris)
    peers = [await game.peer(gateway, user, room_id) for user in (anna, boris)]
    for seq in range(1, 6):
        await peers[0].send(game.taps(anna, 3, seq))
    await peers[0].send({"type": "ping", "t": "last"})
    assert await peers[0].next("pong")  # so all of them are with the gateway
    closing = asyncio.create_task(moved(gateway, replace(settings, drain_notice_s=0, drain_s=1), peers[1:]))
    progress = await peers[0].next("progress")
    while progress["taps"].get(anna, [0, 0])[1] < 5:
        progress = await peers[0].next("progress")
    assert progress["taps"][anna] == [15, 5]
    assert await peers[0].closed() == DRAINING
    await closing
    state = await live.rooms.snapshot(room_id)
    assert state is not None
    assert {player.user_id: (player.taps, player.seq) for player in state.players}[anna] == (15, 5)


async def test_who_is_about_to_finish_is_moved_after_the_end(
    game: Game, start_gateway: StartGateway, settings: Settings
) -> None:
    gateway = await start_gateway()
    anna, boris = await game.account(), await game.account()
    room_id = await game.playing(anna, boris, game_ms=1500)
    peer = await game.peer(gateway, anna, room_id)
    closing = asyncio.create_task(moved(gateway, replace(settings, drain_notice_s=0, drain_s=0), []))
    assert await peer.next("finished")
    assert await peer.closed() == DRAINING
    await closing


async def test_the_plain_road_is_moved_too(game: Game, start_gateway: StartGateway, settings: Settings) -> None:
    gateway = await start_gateway(road=PLAIN)
    peer = await game.peer(gateway, await game.account())
    await moved(gateway, replace(settings, drain_notice_s=0), [peer])
