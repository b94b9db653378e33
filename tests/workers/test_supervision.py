"""The worker: it settles by itself, comes back when a store does, gives up what cannot be settled, ends in order."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from chance_tap.settings import Settings
from cli.embedded.postgres import EmbeddedPostgres
from cli.embedded.valkey import EmbeddedValkey
from persistence.errors import StoreUnavailable
from persistence.postgres.pool import Database
from persistence.redis import keys
from persistence.redis.store import RedisStore
from tests.fixtures.waiting import eventually
from tests.rooms.conftest import GRANT, STAKE, World
from workers.jobs import audit_ledger, purge_keys
from workers.loops.results import MAX_FAILURES
from workers.main import supervise


@contextlib.asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """A supervised worker inside this process."""
    stop = asyncio.Event()
    worker = asyncio.create_task(supervise(settings, stop))
    yield
    stop.set()
    await asyncio.wait_for(worker, 30)


async def played(world: World, key: str) -> tuple[str, int]:
    """A room played to its end with nobody but the worker to move it there; and its winner."""
    loser, winner = await world.player(), await world.player()
    room_id = (await world.sit(loser, key)).room_id
    await world.sit(winner, key)
    await world.tick_until(room_id, "playing")
    assert await world.tap(room_id, winner, 5, 1) == 1
    return room_id, winner


async def settled(world: World, room_id: str) -> None:
    async def has_outcome() -> bool:
        state = await world.live.rooms.snapshot(room_id)
        return state is not None and state.outcome is not None

    await eventually("the room is settled", has_outcome, within_s=60, despite=StoreUnavailable)


async def reachable(world: World) -> None:
    """Both stores answer this process again."""

    async def answer() -> bool:
        await world.live.heartbeat()
        await world.balance(world.players[0])
        return True

    await eventually("both stores answer", answer, despite=StoreUnavailable)


async def test_it_outlives_both_stores(
    make_valkey: Callable[..., EmbeddedValkey], postgres_server: EmbeddedPostgres, quick: Settings, db: Database
) -> None:
    server = make_valkey(password="a-pass:word/")
    mine = replace(quick, redis_url=server.url)
    live = await RedisStore.open(server.url)
    world = World(mine, live, db)
    async with working(mine):
        rooms = [await played(world, "first")]
        await settled(world, rooms[0][0])

        rooms.append(await played(world, "Redis goes"))
        server.kill()
        server.start()
        await reachable(world)
        await settled(world, rooms[1][0])

        rooms.append(await played(world, "Postgres goes"))
        postgres_server.stop()
        await world.tick_until(rooms[2][0], "finished")
        postgres_server.start()
        await settled(world, rooms[2][0])
    await reachable(world)
    for _, winner in rooms:
        assert await world.balance(winner) == GRANT + STAKE
    assert await world.audit() == []
    await live.close()


@pytest.mark.parametrize("lost", ["kept", "ack"])
async def test_what_a_worker_could_not_finish_is_its_own_again_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """No ten seconds of idleness have to pass, and no other worker has to come."""
    room_id, winner = await played(world, "key")
    await world.tick_until(room_id, "finished")
    await world.results.read()  # makes the groups

    async def away(*_: object) -> None:
        raise StoreUnavailable("redis")

    with monkeypatch.context() as patch:
        patch.setattr(world.live.results, lost, away)
        with pytest.raises(StoreUnavailable):
            await world.results.settle(await world.results.read())
    assert await world.settle() == 1
    assert await world.balance(winner) == GRANT + STAKE
    assert await world.live.results.waiting(keys.partition_of(room_id)) == 0
    assert await world.settle() == 0


async def test_the_process_ends_on_sigterm(world: World) -> None:
    environment = {
        "PATH": os.defpath,
        "DATABASE_URL": world.settings.database_url,
        "REDIS_URL": world.settings.redis_url,
        "DATA_DIR": str(world.settings.data_dir),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "worker"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    room_id, winner = await played(world, "key")
    await settled(world, room_id)
    process.send_signal(signal.SIGTERM)
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert b"worker started" in output
    assert b"Traceback" not in output
    assert await world.balance(winner) == GRANT + STAKE


async def test_an_entry_that_cannot_be_settled_becomes_a_dead_letter(world: World) -> None:
    room_id, winner = await played(world, "key")
    await world.tick_until(room_id, "finished")
    poisoned = keys.new_room_id()
    at = keys.room(poisoned)
    poison = {"not JSON": b"{", "another room": b'{"outcome":"finished","room_id":"%s"}' % room_id.encode()}
    for result in poison.values():
        await world.live.router.execute(at.slot, "XADD", at.results, "*", "room_id", poisoned, "result", result)
    await world.live.router.execute(at.slot, "XADD", at.results, "*", "nothing", b"\xff\0")
    with capture_logs() as logs:
        await world.settle()
        for _ in range(MAX_FAILURES - 2):
            assert await world.claim() == len(poison) + 1
        assert [line for line in logs if line["log_level"] == "error"] == []
        assert await world.claim() == len(poison) + 1
        assert await world.claim() == 0
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["dead letter"] * (len(poison) + 1)
    with psycopg.connect(world.settings.database_url) as connection:
        rows = connection.execute("SELECT room_id, payload FROM game.dead_letters ORDER BY payload").fetchall()
    assert rows == [(None, b""), *((poisoned, payload) for payload in sorted(poison.values()))]
    assert await world.balance(winner) == GRANT + STAKE
    assert await world.audit() == []


async def test_an_outage_inside_a_game_returns_the_stakes(world: World) -> None:
    room_id, winner = await played(world, "key")
    at = keys.room(room_id)
    before = world.live.now_ms() - 5_100
    await world.live.router.execute(at.slot, "HSET", at.heartbeat, "at", before)  # nobody was heard for so long
    await world.deadlines.round()
    await world.settle()
    state = await world.live.rooms.snapshot(room_id)
    assert state is not None
    assert (state.state, state.reason) == ("cancelled", "outage")
    assert await world.balance(winner) == GRANT
    assert await world.audit() == []


async def test_a_result_whose_stream_entry_was_lost_is_settled_by_the_sweep(world: World) -> None:
    room_id, winner = await played(world, "key")
    await world.tick_until(room_id, "finished")
    at = keys.room(room_id)
    await world.live.router.execute(at.slot, "ZADD", at.due, 0, room_id)  # as after half a minute
    await world.deadlines.round()
    assert await world.balance(winner) == GRANT - STAKE  # the readers are only late

    await world.live.router.execute(at.slot, "XTRIM", at.results, "MAXLEN", 0)
    assert await world.settle() == 0
    await world.live.router.execute(at.slot, "ZADD", at.due, 0, room_id)
    await world.deadlines.round()
    assert await world.balance(winner) == GRANT + STAKE
    assert await world.audit() == []


async def test_a_lost_room_is_void_after_two_reads_a_minute_apart(world: World, flush: Callable[[], None]) -> None:
    user_id = await world.player()
    room_id = (await world.sit(user_id)).room_id
    at = keys.room(room_id)
    dump = await world.live.router.execute(at.slot, "DUMP", at.data)
    flush()
    await world.release_orphans(void_after_s=60)
    assert await world.balance(user_id) == GRANT - STAKE

    await world.live.router.execute(at.slot, "RESTORE", at.data, 0, dump)
    await world.release_orphans(void_after_s=0)
    assert await world.balance(user_id) == GRANT - STAKE

    flush()
    await world.release_orphans(void_after_s=60)
    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute("UPDATE game.rooms SET missing_since = missing_since - interval '61 s'")
    await world.release_orphans(void_after_s=60)
    assert await world.balance(user_id) == GRANT
    assert await world.room_of(user_id) is None
    assert await world.audit() == []


async def test_a_lost_room_is_not_void_while_redis_is_away(
    make_valkey: Callable[..., EmbeddedValkey], quick: Settings, db: Database
) -> None:
    server = make_valkey()
    live = await RedisStore.open(server.url, heartbeat=False)
    world = World(replace(quick, redis_url=server.url), live, db)
    user_id = await world.player()
    await world.sit(user_id)
    server.kill()
    with pytest.raises(StoreUnavailable):
        await world.release_orphans(void_after_s=0)
    assert await world.balance(user_id) == GRANT - STAKE
    await live.close()


async def test_periodic_jobs(world: World) -> None:
    user_id = await world.player()
    await world.sit(user_id)
    context: dict[Any, Any] = {"live": world.live, "db": world.db}
    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute("UPDATE game.idempotency SET created_at = now() - interval '25 h'")
    await purge_keys(context)
    with psycopg.connect(world.settings.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM game.idempotency").fetchone() == (0,)
    with capture_logs() as logs:
        await audit_ledger(context)
        assert [line for line in logs if line["log_level"] == "error"] == []
        with psycopg.connect(world.settings.database_url) as connection:
            connection.execute("UPDATE ledger.balances SET balance = balance + 1")
        await audit_ledger(context)
    assert [line["rule"] for line in logs if line["log_level"] == "error"] == ["balance_differs"]
