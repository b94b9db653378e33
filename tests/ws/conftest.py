"""Real uvicorn on uvloop, in the test's own loop, with the parts that a test wants to look into."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from chance_tap.settings import Settings
from gateway.auth.tokens import Tokens
from gateway.live.endpoint import PATH, GameEndpoint
from gateway.live.hub import Hub
from gateway.ws.adapter import websocket_endpoint
from gateway.ws.connection import ENDPOINT_KEY, Limits, SocketEndpoint
from gateway.ws.protocol import WebSocketProtocol
from persistence.postgres.pool import Database
from persistence.redis.keys import new_room_id, new_room_key, partition_of_key
from persistence.redis.rooms import RoomTerms
from persistence.redis.store import RedisStore
from tests.fixtures.accounts import new_player
from tests.fixtures.stores import JWT_SECRET
from tests.ws.client import Peer, hang_up_all

Road = type[WebSocketProtocol] | str
FAST: Road = WebSocketProtocol
PLAIN: Road = "websockets-sansio"


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What the gateway runs on."""
    return {"uvloop": uvloop.new_event_loop}


class RunningServer:
    """uvicorn in this process; `stop` is what SIGTERM does."""

    def __init__(self, server: uvicorn.Server, task: asyncio.Task[None]) -> None:
        self.server = server
        self._task = task
        self.port: int = server.servers[0].sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.server.should_exit = True
        await self._task


Serve = Callable[..., Coroutine[Any, Any, RunningServer]]


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """`await serve(endpoint, road)`: a server whose sockets belong to the endpoint."""
    running: list[RunningServer] = []

    async def start(endpoint: SocketEndpoint, road: Road = FAST) -> RunningServer:
        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
            yield {ENDPOINT_KEY: endpoint}

        app = Starlette(routes=[WebSocketRoute(PATH, websocket_endpoint)], lifespan=lifespan)
        config = uvicorn.Config(
            app, port=0, ws=road, http="httptools", lifespan="on", log_level="critical", ws_per_message_deflate=False
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:
            assert not task.done(), task.exception()
            await asyncio.sleep(0)
        running.append(RunningServer(server, task))
        return running[-1]

    yield start
    hang_up_all()
    await asyncio.gather(*(each.stop() for each in running))


class Gateway:
    """One hub behind one server."""

    def __init__(self, hub: Hub, endpoint: GameEndpoint, server: RunningServer) -> None:
        self.hub = hub
        self.endpoint = endpoint
        self.server = server
        self.port = server.port


StartGateway = Callable[..., Coroutine[Any, Any, Gateway]]


class Game:
    """Accounts and rooms, made without paying."""

    def __init__(self, db: Database, live: RedisStore, tokens: Tokens) -> None:
        self.db = db
        self.live = live
        self.tokens = tokens

    async def account(self) -> str:
        return str(await new_player(self.db, is_demo=True))

    def token(self, user_id: str) -> str:
        return self.tokens.issue(user_id, None, "user")[0]

    async def sit(self, room_id: str, user_id: str, *, capacity: int = 10, game_ms: int = 60_000) -> None:
        terms = RoomTerms("standard", 50, capacity, 2, 60_000, 0, game_ms, 0, 0)
        assert (await self.live.rooms.reserve(room_id, f"seat-{user_id}", user_id, "a", terms)).code == "ok"
        profile = b'{"name":"Player %s","photo_url":null}' % user_id.encode()
        assert (await self.live.rooms.confirm(room_id, f"seat-{user_id}", user_id, profile)).code == "ok"

    async def room(self, *user_ids: str, capacity: int = 10, game_ms: int = 60_000) -> str:
        """A waiting room with these players; full, its countdown of 0 s begins."""
        room_id = new_room_id()
        for user_id in user_ids:
            await self.sit(room_id, user_id, capacity=capacity, game_ms=game_ms)
        return room_id

    async def playing(self, *user_ids: str, game_ms: int = 60_000) -> str:
        """A room in which these players play."""
        room_id = await self.room(*user_ids, capacity=len(user_ids), game_ms=game_ms)
        assert (await self.live.rooms.tick(room_id)).state == "playing"
        return room_id

    async def hero(
        self, organizer: str, *user_ids: str, wait_ms: int = 300_000, game_ms: int = 60_000, target: int = 200
    ) -> tuple[str, str]:
        """A waiting hero room with these players: its id and its key."""
        room_key = new_room_key()
        room_id = new_room_id(partition_of_key(room_key))
        terms = RoomTerms(
            "hero", 50, 50, 2, wait_ms, 0, game_ms, 1000, target,
            organizer_id=organizer, organizer_seat_id=f"seat-{organizer}", key=room_key,
        )  # fmt: skip
        assert (await self.live.rooms.make(room_id, terms)).code == "ok"
        for user_id in user_ids:
            await self.come(room_id, user_id)
        return room_id, room_key

    async def come(self, room_id: str, user_id: str) -> None:
        """Sit down in a hero room."""
        assert (await self.live.rooms.reserve(room_id, f"seat-{user_id}", user_id, "a", None)).code == "ok"
        profile = b'{"name":"Player %s","photo_url":null}' % user_id.encode()
        assert (await self.live.rooms.confirm(room_id, f"seat-{user_id}", user_id, profile)).code == "ok"

    def taps(self, user_id: str, count: int = 1, seq: int | None = None, **more: Any) -> dict[str, Any]:
        """A taps frame of this moment."""
        frame = {"type": "taps", "user_id": user_id, "count": count, "timestamp": self.live.now_ms(), **more}
        return frame if seq is None else {**frame, "seq": seq}

    async def peer(self, gateway: Gateway, user_id: str, room_id: str | None = None) -> Peer:
        """A client that said hello, and entered the room if there is one."""
        peer = await Peer.open(gateway.port, PATH)
        await peer.send({"type": "hello", "token": self.token(user_id)})
        assert (await peer.next())["type"] == "welcome"
        if room_id is not None:
            await peer.send({"type": "enter", "room_id": room_id})
            assert (await peer.next("snapshot"))["room"]["room_id"] == room_id
        return peer


@pytest.fixture
def game(db: Database, live: RedisStore) -> Game:
    return Game(db, live, Tokens([JWT_SECRET], 3600))


@pytest_asyncio.fixture
async def start_gateway(
    game: Game, settings: Settings, serve: Serve
) -> AsyncIterator[Callable[..., Coroutine[Any, Any, Gateway]]]:
    """`await start_gateway(road=…, limits=…)`; several share the stores."""
    hubs: list[Hub] = []

    async def start(*, road: Road = FAST, limits: Limits | None = None, live: RedisStore | None = None) -> Gateway:
        hub = Hub(live or game.live, JWT_SECRET)
        endpoint = GameEndpoint(hub, game.db, settings, game.tokens, limits)
        await hub.start()
        hubs.append(hub)
        return Gateway(hub, endpoint, await serve(endpoint, road))

    yield start
    for hub in hubs:
        await hub.stop()


@pytest.fixture(params=[FAST, PLAIN], ids=["class", "adapter"])
def road(request: pytest.FixtureRequest) -> Road:
    """Both roads have to behave alike."""
    chosen: Road = request.param
    return chosen
