"""Gateways go and come one after another while games run: everybody plays on, and every tap counts once."""

import asyncio
from collections.abc import Callable

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.simulate.report import Report
from cli.simulate.run import Plan, Simulation
from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.fixtures.balancer import Balancer
from tests.fixtures.stack import Stack
from tests.simulate.games import all_play

GATEWAYS = 3
PLAYERS = 60


def plan(url: str, players: int = PLAYERS, games: int = 1) -> Plan:
    return Plan(
        url=url, bot_token=DEVELOPMENT_BOT_TOKEN, players=players, stake=50, games=games, seed=3, game_timeout_s=90
    )


def assert_nothing_lost(report: Report, players: int = PLAYERS) -> None:
    assert report.discrepancies() == []
    figures = report.figures()
    assert figures["games"] == players
    assert figures["rooms_settled"] == figures["rooms"]
    assert figures["taps_counted"] == figures["taps_sent"] > 0
    assert figures["refused"] == {}


async def test_rolling_restart_under_load(make_stack: Callable[..., Stack], db: Database) -> None:
    stack = make_stack(gateways=GATEWAYS, WAIT_S="30", GAME_S="14", DRAIN_NOTICE_S="1", DRAIN_S="2")
    async with Balancer(stack.urls) as balancer:
        running = asyncio.create_task(Simulation(plan(balancer.url)).run())
        await all_play(balancer.url, PLAYERS)
        for number in range(GATEWAYS):
            await asyncio.to_thread(stack.parts[f"gateway-{number}"].stop)
            assert stack.parts[f"gateway-{number}"].process.returncode == 0
            stack.run(f"gateway-{number}", ["gateway"], PORT=stack.urls[number].rpartition(":")[2])
            await asyncio.to_thread(stack.wait_for_gateway, number)
        report = await running
    report.audit = [str(finding) for finding in await audit(db)]
    print(report.text())
    assert_nothing_lost(report)
    assert report.figures()["reconnects"] >= PLAYERS  # whoever was moved to the next one was moved again
    assert stack.errors() == []
