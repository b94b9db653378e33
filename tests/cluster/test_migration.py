"""Slots move from one master to another under running games, key by key and in one piece: every tap counts once."""

import asyncio
from collections.abc import Callable

import pytest

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.embedded.valkey import EmbeddedValkey
from cli.simulate.run import Plan, Simulation
from persistence.postgres.pool import Database
from persistence.redis import keys
from persistence.rooms.audit import audit
from tests.fixtures.balancer import Balancer
from tests.fixtures.cluster import Cluster, MakeCluster, Node
from tests.fixtures.stack import MakeStack
from tests.fixtures.stores import open_live
from tests.fixtures.waiting import wait_for
from tests.simulate.games import into_a_game

PLAYERS = 40
INTO_MS = 500
STAKE = 50
KEYS_AT_ONCE = 2  # so that a room's own keys are in two places for a while

Move = Callable[[Cluster, int, Node, Node], None]


def key_by_key(cluster: Cluster, slot: int, source: Node, target: Node) -> None:
    target.run("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
    source.run("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
    while names := source.run("CLUSTER", "GETKEYSINSLOT", slot, KEYS_AT_ONCE):
        source.run("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *names)
    for node in (target, source):
        node.run("CLUSTER", "SETSLOT", slot, "NODE", target.id)


def in_one_piece(cluster: Cluster, slot: int, source: Node, target: Node) -> None:
    source.run("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", target.id)
    wait_for("the slot has its new owner", lambda: cluster.owner(slot, besides=target) is target)


@pytest.mark.parametrize("move", [key_by_key, in_one_piece])
async def test_slots_move_under_running_games(
    move: Move, make_cluster: MakeCluster, make_stack: MakeStack, valkey: EmbeddedValkey, db: Database
) -> None:
    cluster = await asyncio.to_thread(make_cluster, node_timeout_ms=2000)
    stack = make_stack(gateways=2, REDIS_URL=cluster.url, QUEUE_REDIS_URL=valkey.url, WAIT_S="30", GAME_S="6")
    async with open_live(cluster.url) as live, Balancer(stack.urls) as balancer:
        plan = Plan(
            url=balancer.url, bot_token=DEVELOPMENT_BOT_TOKEN, players=PLAYERS, stake=STAKE, seed=5, game_timeout_s=90
        )
        running = asyncio.create_task(Simulation(plan).run())
        await into_a_game(live, running, INTO_MS)
        rooms = {keys.room(room_id).slot for room_id in await live.open_rooms()}
        for slot in (*rooms, keys.lobby(STAKE).slot):
            source = cluster.owner(slot)
            target = next(cluster.nodes[n] for n in range(3) if cluster.nodes[n] is not source)
            await asyncio.to_thread(move, cluster, slot, source, target)
        report = await running
        report.audit = [str(finding) for finding in await audit(live, db)]
    print(report.text())
    figures = report.figures()
    assert report.discrepancies() == []
    assert figures["rooms_settled"] == figures["rooms"] > 1
    assert figures["taps_counted"] == figures["taps_sent"]
    assert stack.errors() == []
