"""`chance-tap drain`: the list of gateways, and the order that one of them lets go of its players."""

import asyncio
import json
from collections.abc import Callable

import httpx
import msgspec
import pytest

from cli.main import main
from cli.simulate.run import Simulation
from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from persistence.redis.gateways import WORD_MS, GatewayInfo
from persistence.redis.store import RedisStore
from tests.drain.test_rolling import assert_nothing_lost, plan
from tests.fixtures.balancer import Balancer
from tests.fixtures.stack import Stack
from tests.lua.clocked import NOON_MS, open_clocked, set_clock
from tests.simulate.games import all_play
from tests.ws.client import Peer, Refused

PLAYERS = 20
ONE = GatewayInfo(
    name="one:1", instance="a", address="http://one:1", pid=7, sockets=3, since_ms=NOON_MS, state="serving"
)
TWO = GatewayInfo(
    name="two:1", instance="b", address="http://two:1", pid=8, sockets=0, since_ms=NOON_MS, state="serving"
)


async def names(store: RedisStore) -> list[str]:
    return [info.name for info, _ in await store.gateways.all()]


@pytest.mark.on_cluster_too
async def test_who_falls_silent_is_forgotten(redis_url: str) -> None:
    store = await open_clocked(redis_url)
    assert await names(store) == []
    assert await store.gateways.beat(TWO) is False
    assert await store.gateways.beat(ONE) is False
    assert await store.gateways.all() == [(ONE, False), (TWO, False)]
    await set_clock(store, NOON_MS + WORD_MS - 1)
    assert await names(store) == ["one:1", "two:1"]
    await store.gateways.beat(ONE)
    await set_clock(store, NOON_MS + WORD_MS)
    assert await names(store) == ["one:1"]
    assert await store.gateways.order_drain("two:1") is False
    await store.gateways.leave(ONE)
    await store.gateways.leave(ONE)
    assert await names(store) == []
    await store.close()


@pytest.mark.on_cluster_too
async def test_an_order_is_for_one_process(redis_url: str) -> None:
    store = await open_clocked(redis_url)
    assert await store.gateways.order_drain("one:1") is False
    await store.gateways.beat(ONE)
    assert await store.gateways.order_drain("one:1")
    assert await store.gateways.order_drain("one:1")
    assert await store.gateways.all() == [(ONE, True)]
    assert await store.gateways.beat(ONE) is True
    assert await store.gateways.beat(ONE) is True
    heir = msgspec.structs.replace(ONE, instance="c")
    assert await store.gateways.beat(heir) is False
    await store.gateways.leave(ONE)  # late: the name is the heir's by now
    assert await store.gateways.all() == [(heir, False)]
    await store.close()


async def test_one_of_two_is_drained_in_the_middle_of_games(
    make_stack: Callable[..., Stack],
    db: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack = make_stack(gateways=2, WAIT_S="30", GAME_S="14", DRAIN_S="1")
    for name in ("REDIS_URL", "DATABASE_URL"):
        monkeypatch.setenv(name, stack.environment[name])
    for name in ("DRAIN_NOTICE_S", "DRAIN_S"):
        monkeypatch.setenv(name, "1")

    async def command(*words: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(main, ["drain", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    async with Balancer(stack.urls) as balancer:
        running = asyncio.create_task(Simulation(plan(balancer.url, PLAYERS)).run())
        await all_play(balancer.url, PLAYERS)
        code, out, _ = await command("--json")
        listed = json.loads(out)
        assert (code, [gateway["state"] for gateway in listed]) == (0, ["serving", "serving"])
        assert sorted(gateway["address"] for gateway in listed) == sorted(stack.urls)
        assert sum(gateway["sockets"] for gateway in listed) <= PLAYERS

        chosen = next(gateway for gateway in listed if gateway["address"] == stack.urls[0])
        code, out, _ = await command(chosen["name"], "--json")
        assert (code, json.loads(out)["state"], json.loads(out)["sockets"]) == (0, "drained", 0)
        assert (await command(chosen["name"]))[0] == 0
        code, out, _ = await command()
        assert [line.split()[-1] for line in out.splitlines()].count("drained") == 1

        code, out, err = await command("nobody")
        assert (code, out) == (2, "")
        assert err.startswith("chance-tap drain: no gateway is called nobody: there are ")
        assert all(gateway["name"] in err for gateway in listed)
        assert err.count("\n") == 1

        async with httpx.AsyncClient(base_url=stack.urls[0]) as client:  # it stays up
            assert (await client.get("/readyz")).status_code == 503
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/api/v1/tiers")).status_code == 401
        with pytest.raises(Refused):
            await Peer.open(int(stack.urls[0].rpartition(":")[2]), "/api/v1/ws")
        report = await running
    report.audit = [str(finding) for finding in await audit(db)]
    print(report.text())
    assert_nothing_lost(report, PLAYERS)
    assert report.figures()["reconnects"] > 0
    assert stack.errors() == []
