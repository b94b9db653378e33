"""`bonus_taps` over real sockets: in order, without waiting, restored when Redis forgot, refused with a reason."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from chance_tap.settings import Settings
from cli.embedded.postgres import EmbeddedPostgres
from cli.embedded.valkey import EmbeddedValkey
from gateway.live.bonus import RESTORES_BURST
from gateway.live.endpoint import PATH
from persistence.errors import StoreUnavailable
from persistence.postgres.pool import Database
from persistence.redis.bonus import TapsDone
from persistence.redis.store import RedisStore
from tests.bonus.conftest import REWARD, World
from tests.ws.client import Peer
from tests.ws.conftest import Game, Road, StartGateway


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, bonus_goal=100, bonus_s=3600)


@pytest_asyncio.fixture
async def behind(settings: Settings, live: RedisStore, db: Database) -> AsyncIterator[World]:
    yield World(settings, live, db)


def taps(game: Game, count: int, seq: int | None, *, ago_ms: int = 0, **more: Any) -> dict[str, Any]:
    frame = {"type": "bonus_taps", "count": count, "timestamp": game.live.now_ms() - ago_ms, **more}
    return frame if seq is None else {**frame, "seq": seq}


async def until_seq(peer: Peer, seq: int) -> dict[str, Any]:
    """The first state in which that frame was dealt with."""
    while True:
        state = await peer.next("bonus")
        if state["seq"] >= seq:
            return state


async def test_taps_are_answered_by_the_run(start_gateway: StartGateway, game: Game, behind: World, road: Road) -> None:
    gateway = await start_gateway(road=road)
    user_id = await game.account()
    run = await behind.runs.start(int(user_id))
    peer = await game.peer(gateway, user_id)
    await peer.send(taps(game, 5, 1, user_id=user_id))
    assert await peer.next() == {
        "type": "bonus",
        "taps": 5,
        "goal": 100,
        "started_ms": run.started_ms,
        "ends_ms": run.ends_ms,
        "state": "running",
        "seq": 1,
        "reason": None,
    }
    for seq in range(2, 12):
        await peer.send(taps(game, 4, seq))
    assert (await until_seq(peer, 11))["taps"] == 45
    await peer.send(taps(game, 1, None))
    assert (await peer.next("bonus"))["taps"] == 46


async def test_the_goal_the_reward_and_the_balance(start_gateway: StartGateway, game: Game, behind: World) -> None:
    near = behind.with_settings(bonus_goal=30)
    gateway = await start_gateway()
    user_id = await game.account()
    await near.runs.start(int(user_id))
    peer = await game.peer(gateway, user_id)
    await peer.send(taps(game, 20, 1))
    await peer.send(taps(game, 20, 2))
    state = await until_seq(peer, 2)
    assert (state["taps"], state["state"]) == (30, "done")
    await peer.send(taps(game, 1, 3))
    assert (await peer.next("error"))["code"] == "room_closed"
    await near.worker.round()
    while (await peer.next("bonus"))["state"] != "rewarded":
        pass
    assert (await peer.next("balance"))["balance"] == REWARD


async def test_refusals_name_the_frame(start_gateway: StartGateway, game: Game, behind: World) -> None:
    gateway = await start_gateway()
    user_id = await game.account()
    peer = await game.peer(gateway, user_id)

    async def refused(frame: dict[str, Any]) -> tuple[str, str, int | None]:
        await peer.send(frame)
        error = await peer.next("error")
        return error["code"], error["for"], error.get("seq")

    assert await refused(taps(game, 1, 1)) == ("not_found", "bonus_taps", 1)
    await behind.runs.start(int(user_id))
    assert await refused(taps(game, 1, 1, user_id="999")) == ("forbidden", "bonus_taps", 1)
    for wrong in ({"count": 0}, {"count": 21}, {"count": "1"}, {"timestamp": -1}, {"seq": -1}, {"count": True}):
        code, kind, _ = await refused({**taps(game, 1, 1), **wrong})
        assert (code, kind) == ("invalid_request", "bonus_taps"), wrong
    assert await refused(taps(game, 1, 2**32)) == ("invalid_request", "bonus_taps", 2**32)
    assert await refused(taps(game, 1, 1, ago_ms=12_500)) == ("clock", "bonus_taps", 1)
    assert await refused(taps(game, 1, 2, ago_ms=-2_500)) == ("clock", "bonus_taps", 2)
    for seq, count in ((3, 20), (4, 20), (5, 10)):
        await peer.send(taps(game, count, seq))
    assert (await until_seq(peer, 5))["taps"] == 50
    assert await refused(taps(game, 1, 6)) == ("forbidden", "bonus_taps", 6)
    state = await peer.next("bonus")
    assert (state["taps"], state["state"], state["reason"]) == (50, "cancelled", "too_fast")
    assert await refused(taps(game, 1, 7)) == ("forbidden", "bonus_taps", 7)


async def test_a_run_that_redis_forgot_is_restored_by_the_next_frame(
    start_gateway: StartGateway, game: Game, behind: World, flush: Callable[[], None]
) -> None:
    gateway = await start_gateway()
    user_id = await game.account()
    await behind.runs.start(int(user_id))
    peer = await game.peer(gateway, user_id)
    await peer.send(taps(game, 10, 1))
    await until_seq(peer, 1)
    await behind.worker.round()
    flush()
    for seq in range(2, 5):
        await peer.send(taps(game, 10, seq))
    assert (await until_seq(peer, 4))["taps"] == 40

    await behind.runs.cancel(int(user_id))
    flush()
    await peer.send(taps(game, 10, 5))
    assert (await peer.next("error"))["code"] == "room_closed"


async def test_asking_postgres_for_runs_that_are_not_there_is_limited(
    start_gateway: StartGateway, game: Game, behind: World
) -> None:
    gateway = await start_gateway()
    user_id = await game.account()
    peer = await game.peer(gateway, user_id)
    codes = []
    for seq in range(RESTORES_BURST + 1):
        await peer.send(taps(game, 1, seq))
        codes.append((await peer.next("error"))["code"])
    assert codes == ["not_found"] * RESTORES_BURST + ["rate_limited"]
    await behind.runs.start(int(user_id))
    await peer.send(taps(game, 1, 1))
    assert (await peer.next("bonus"))["taps"] == 1


async def test_one_device_after_another_and_two_at_once(start_gateway: StartGateway, game: Game, behind: World) -> None:
    first, second = await start_gateway(), await start_gateway()
    user_id = await game.account()
    await behind.runs.start(int(user_id))
    phone = await game.peer(first, user_id)
    for seq in range(1, 4):
        await phone.send(taps(game, 5, seq))
    await until_seq(phone, 3)
    phone.abort()

    seen = await behind.seen(int(user_id))
    assert (seen.taps, seen.seq) == (15, 3)
    tablet, watch = await game.peer(second, user_id), await game.peer(second, user_id)
    await tablet.send(taps(game, 5, seen.seq + 1))
    assert (await until_seq(watch, 4))["taps"] == 20
    await tablet.send(taps(game, 5, 2))  # of the other device, sent again: it had counted
    state = await until_seq(tablet, 4)
    assert (state["taps"], state["seq"]) == (20, 4)


async def test_frames_before_the_welcome_are_kept(start_gateway: StartGateway, game: Game, behind: World) -> None:
    gateway = await start_gateway()
    user_id = await game.account()
    await behind.runs.start(int(user_id))
    peer = await Peer.open(gateway.port, PATH)
    await peer.send({"type": "hello", "token": game.token(user_id)})
    await peer.send(taps(game, 7, 1))
    assert (await peer.next("bonus"))["taps"] == 7


async def test_while_redis_is_away_frames_are_refused_and_count_once(
    start_gateway: StartGateway,
    game: Game,
    db: Database,
    settings: Settings,
    make_valkey: Callable[..., EmbeddedValkey],
) -> None:
    server = make_valkey()
    live = await RedisStore.open(server.url, heartbeat=False)
    behind = World(replace(settings, redis_url=server.url), live, db)
    gateway = await start_gateway(live=live)
    user_id = await game.account()
    await behind.runs.start(int(user_id))
    peer = await game.peer(gateway, user_id)
    await peer.send(taps(game, 5, 1))
    await until_seq(peer, 1)
    server.kill()
    await peer.send(taps(game, 5, 2))
    error = await peer.next("error")
    assert (error["code"], error["for"], error["seq"]) == ("temporarily_unavailable", "bonus_taps", 2)
    glance = await behind.runs.glance(int(user_id))
    assert glance is not None
    assert glance.state == "running"
    server.start()
    state: dict[str, Any] = {"seq": 0}
    while state["seq"] < 2:
        for seq in (1, 2):
            await peer.send(taps(game, 5, seq))
        state = await peer.next()
        state = state if state["type"] == "bonus" else {"seq": 0}
    assert state["taps"] == 10
    await live.close()


async def test_no_frame_overtakes_one_that_is_to_be_sent_again(
    start_gateway: StartGateway, game: Game, behind: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await start_gateway()
    user_id = await game.account()
    await behind.runs.start(int(user_id))
    peer = await game.peer(gateway, user_id)
    under_way: list[TapsDone] = []
    with monkeypatch.context() as lost:
        lost.setattr(game.live.bonus, "taps", lambda _user_id, _frames, done: under_way.append(done))
        await peer.send(taps(game, 5, 1))
        await peer.send(taps(game, 5, 2))
        await peer.send({"type": "ping", "t": 0})
        await peer.next("pong")
    [done] = under_way
    done(StoreUnavailable("lost"))
    for seq in (1, 2):
        error = await peer.next()
        assert (error["type"], error["code"], error["seq"]) == ("error", "temporarily_unavailable", seq)
    for seq in (1, 2):
        await peer.send(taps(game, 5, seq))
    assert (await until_seq(peer, 2))["taps"] == 10


async def test_while_postgres_is_away_taps_go_on(
    start_gateway: StartGateway, game: Game, behind: World, postgres_server: EmbeddedPostgres
) -> None:
    gateway = await start_gateway()
    user_id = await game.account()
    await behind.runs.start(int(user_id))
    peer = await game.peer(gateway, user_id)
    postgres_server.stop()
    await peer.send(taps(game, 20, 1))
    assert (await until_seq(peer, 1))["taps"] == 20
    with pytest.raises(StoreUnavailable):
        await behind.worker.round()
    postgres_server.start()
    flushed = 0
    while flushed < 20:
        with contextlib.suppress(StoreUnavailable):
            await behind.worker.round()
            flushed = (await behind.stored(int(user_id))).taps
    assert await behind.live.bonus.dirty(10) == []
