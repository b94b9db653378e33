"""A master is lost in the middle of games: its replica takes over and the games end, or everybody has the stake back.

Players are simulated ones on the public interface, behind a balancer with two gateways and a worker.
"""

import asyncio
import time

import pytest

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.embedded.valkey import EmbeddedValkey
from cli.simulate.run import Plan, Simulation
from persistence.errors import StoreUnavailable
from persistence.postgres.pool import Database
from persistence.redis import keys
from persistence.redis.store import RedisStore
from persistence.rooms.audit import audit
from tests.fixtures.balancer import Balancer
from tests.fixtures.cluster import Cluster, MakeCluster, Node
from tests.fixtures.stack import MakeStack
from tests.fixtures.stores import open_live
from tests.fixtures.waiting import eventually
from tests.simulate.games import into_a_game

PLAYERS = 40
INTO_MS = 1000
GAME_S = 10  # enough for a failover on a busy machine: what it lost has to come again before the end
HELD_S = 0.5  # much less than the 3 s for which a client keeps what was acknowledged


async def lose(cluster: Cluster, how: str, room_id: str) -> Node:
    """Make the room's master fail."""
    master = cluster.owner(keys.room(room_id).slot)
    if how == "frozen":
        master.freeze()
    else:
        if how == "held back":
            cluster.hold_back(master)
            await asyncio.sleep(HELD_S)  # taps that the replica will not have
        master.server.kill()
    return master


async def absence_s(live: RedisStore, room_id: str) -> float:
    """How long the room's partition answers nobody, as a process with an open store sees it."""
    began = time.monotonic()
    at = keys.room(room_id)

    async def write() -> bool:
        await live.router.execute(at.slot, "HSET", at.heartbeat, "probe", 1)
        return True

    await eventually("the partition answers", write, despite=StoreUnavailable)
    return time.monotonic() - began


@pytest.mark.parametrize("how", ["killed", "frozen", "held back"])
async def test_a_master_is_lost_in_the_middle_of_games(
    how: str, make_cluster: MakeCluster, make_stack: MakeStack, valkey: EmbeddedValkey, db: Database
) -> None:
    cluster = await asyncio.to_thread(make_cluster, node_timeout_ms=1000)
    stack = make_stack(
        gateways=2, REDIS_URL=cluster.url, QUEUE_REDIS_URL=valkey.url, WAIT_S="30", GAME_S=str(GAME_S), COUNTDOWN_S="1"
    )
    async with open_live(cluster.url) as live, Balancer(stack.urls) as balancer:
        plan = Plan(
            url=balancer.url, bot_token=DEVELOPMENT_BOT_TOKEN, players=PLAYERS, stake=50, seed=5, game_timeout_s=90
        )
        running = asyncio.create_task(Simulation(plan).run())
        room_id = await into_a_game(live, running, INTO_MS)
        lost = await lose(cluster, how, room_id)
        away_s = await absence_s(live, room_id)
        if how == "frozen":
            lost.thaw()
        report = await running
        report.audit = [str(finding) for finding in await audit(live, db)]
    print(how, f"away {away_s:.2f} s")
    print(report.text())
    figures = report.figures()
    assert report.discrepancies() == []
    assert figures["rooms_settled"] + figures["rooms_cancelled"] == figures["rooms"]
    assert figures["rooms_settled"] > 0
    assert figures["frames_resent"] > 0 or figures["rooms_cancelled"] > 0
    assert stack.errors() == []
