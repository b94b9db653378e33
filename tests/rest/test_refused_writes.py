"""A store that answers and cannot write: joins are refused as unavailable, one warning and a metric tell of it, the
gateway is not ready, and games that run go on as far as the store lets them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
import pytest_asyncio
import redis
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chance_tap.settings import Settings
from cli.embedded.valkey import EmbeddedValkey
from gateway.app import build_app
from persistence.redis import router
from persistence.redis.codes import TapFrame, TapStatus
from persistence.redis.store import RedisStore
from tests.fixtures.postgres import Execute
from tests.fixtures.waiting import eventually
from tests.rest.conftest import API, LogIn, Player, as_gateway, code_of, hold_against_the_document
from tests.rest.test_rooms import join


@dataclass
class Place:
    """A gateway's application on a Redis of its own."""

    client: httpx.AsyncClient
    live: RedisStore
    redis: Any

    def set(self, **options: str) -> None:
        for name, value in options.items():
            self.redis.config_set(name.replace("_", "-"), value)


@pytest.fixture
def settings(settings: Settings, make_valkey: Callable[..., EmbeddedValkey]) -> Settings:
    server = make_valkey()
    return replace(settings, redis_url=server.url, queue_redis_url=server.url, countdown_s=1, game_s=60)


@pytest_asyncio.fixture
async def place(settings: Settings) -> AsyncIterator[Place]:
    app = build_app(as_gateway(settings))
    with redis.Redis.from_url(settings.redis_url) as direct:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
        ):
            client.event_hooks["response"].append(hold_against_the_document)
            yield Place(client, app.state.services.live, direct)


@pytest.fixture
def client(place: Place) -> httpx.AsyncClient:
    return place.client


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs() as captured:
        yield captured


def metric(store: str) -> float | None:
    return REGISTRY.get_sample_value("chance_tap_store_refuses_writes", {"store": store})


async def tap(live: RedisStore, room_id: str, player: Player, seq: int) -> int:
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    live.rooms.tap_batch(room_id, [TapFrame(player.user_id, 1, live.now_ms(), seq)], answer.set_result)
    (status,) = await answer
    return int(status)


async def assert_refused(client: httpx.AsyncClient, player: Player, store: str, logs: list[Any]) -> None:
    for number in range(5):
        answer = await join(client, player, f"refused-{number}")
        assert code_of(answer) == (503, "temporarily_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    answer = await client.get("/readyz")
    assert code_of(answer) == (503, "temporarily_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert (await client.get("/healthz")).status_code == 200
    assert metric(store) == 1
    told = [(line["event"], line["store"]) for line in logs if line["log_level"] in ("warning", "error", "critical")]
    assert told == [("store refuses to write", store)]
    logs.clear()


async def test_a_redis_that_is_full_takes_nothing_new_and_its_games_go_on(
    place: Place, log_in: LogIn, logs: list[Any]
) -> None:
    players = [await log_in(number) for number in (7, 8, 9)]
    room_id = (await join(place.client, players[0])).json()["room"]["room_id"]
    await join(place.client, players[1])
    await eventually("the game runs", lambda: _plays(place, room_id))
    logs.clear()
    place.set(maxmemory="1")
    await assert_refused(place.client, players[2], "redis", logs)
    for seq in (1, 2, 3):
        assert await tap(place.live, room_id, players[0], seq) == TapStatus.OK
    await place.live.heartbeat()
    await place.live.results.barrier([int(room_id[:2], 16)])
    left = await place.client.get(f"{API}/rooms/{room_id}", headers=players[1].headers)
    assert (left.status_code, left.json()["room"]["state"]) == (200, "playing")
    place.set(maxmemory="0")
    assert (await place.client.get("/readyz")).status_code == 200
    assert (await join(place.client, players[2], "after")).status_code == 200
    assert metric("redis") == 0
    assert [line["event"] for line in logs if line["event"].startswith("store")] == ["store takes writes again"]


async def _plays(place: Place, room_id: str) -> bool:
    await place.live.rooms.tick(room_id)
    state = await place.live.rooms.snapshot(room_id)
    return state is not None and state.state == "playing"


async def test_without_replicas_with_a_full_disk_or_as_a_replica_it_is_the_same(
    place: Place, log_in: LogIn, logs: list[Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "MAX_ATTEMPTS", 2)
    player = await log_in()
    logs.clear()

    place.set(min_replicas_to_write="1")
    await assert_refused(place.client, player, "redis", logs)
    place.set(min_replicas_to_write="0")
    assert (await place.client.get("/readyz")).status_code == 200
    assert metric("redis") == 0
    logs.clear()

    place.redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    await assert_refused(place.client, player, "redis", logs)
    place.redis.execute_command("REPLICAOF", "NO", "ONE")
    assert (await place.client.get("/readyz")).status_code == 200
    logs.clear()

    where = place.redis.config_get("dir")["dir"]
    shutil.rmtree(where)  # whatever it saves now fails, as on a full disk
    place.set(save="3600 1", stop_writes_on_bgsave_error="yes")
    place.redis.execute_command("BGSAVE")
    await eventually("a save failed", lambda: place.redis.info("persistence")["rdb_last_bgsave_status"] != "ok")
    await assert_refused(place.client, player, "redis", logs)
    place.set(stop_writes_on_bgsave_error="no")  # by itself, without anybody who asks
    await eventually("it is seen", lambda: metric("redis") == 0)
    assert (await join(place.client, player, "after")).status_code == 200


async def test_a_postgres_that_cannot_write(
    place: Place, log_in: LogIn, logs: list[Any], execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = await log_in()
    logs.clear()
    execute("ALTER SYSTEM SET default_transaction_read_only = on")
    try:
        execute("SELECT pg_reload_conf()")
        await eventually("it is read-only", lambda: execute("SHOW default_transaction_read_only") == [("on",)])
        await assert_refused(place.client, player, "postgres", logs)
    finally:
        execute("ALTER SYSTEM RESET default_transaction_read_only")
        execute("SELECT pg_reload_conf()")
    await eventually("it is writable", lambda: execute("SHOW default_transaction_read_only") == [("off",)])
    monkeypatch.setattr("persistence.postgres.pool._REFUSED_S", -1)
    assert (await place.client.get("/readyz")).status_code == 200
    assert metric("postgres") == 0
    monkeypatch.undo()
    logs.clear()

    for code in ("53100", "58030", "53200"):  # a full disk, one that fails, no memory
        execute(
            f"""
            CREATE FUNCTION pg_temp_refuse_{code}() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '{code}'; END$$
            """
        )
        execute(f"CREATE TRIGGER refuse BEFORE INSERT ON game.seats EXECUTE FUNCTION pg_temp_refuse_{code}()")
        await assert_refused(place.client, player, "postgres", logs)
        execute("DROP TRIGGER refuse ON game.seats")
        with monkeypatch.context() as later:
            later.setattr("persistence.postgres.pool._REFUSED_S", -1)
            assert (await place.client.get("/readyz")).status_code == 200
        logs.clear()
    assert (await join(place.client, player, "after")).status_code == 200
