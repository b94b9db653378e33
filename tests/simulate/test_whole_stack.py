"""Whole games on the whole stack, through the public API only."""

import asyncio
import itertools
import math
import random
from collections.abc import Callable, Iterator

import httpx

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.simulate.report import Report
from cli.simulate.rhythm import Style, human_rate, taps
from cli.simulate.run import Plan, Simulation
from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.fixtures.stack import Stack
from tests.platform.test_metrics import MOST_SERIES
from tests.simulate.games import all_play

PLAYERS = 500


def plan(stack: Stack, players: int, *styles: Style, games: int = 1) -> Plan:
    return Plan(
        url=stack.url, bot_token=DEVELOPMENT_BOT_TOKEN, players=players, stake=50, games=games, seed=1,
        styles=styles or (Style(),), game_timeout_s=90,
    )  # fmt: skip


async def play(stack: Stack, plan: Plan, db: Database) -> Report:
    report = await Simulation(plan).run()
    report.audit = [str(finding) for finding in await audit(db)]
    return report


def hands_rest_early(start_ms: float, rng: random.Random) -> Iterator[float]:
    """A person's taps, but for the last 2 s of a game of five: where one machine plays all five hundred, their last
    frames may be later than the second for which the rules still take them."""
    early = itertools.takewhile(lambda at: at < start_ms + 3000, taps(start_ms, human_rate(rng), rng))
    return itertools.chain(early, itertools.repeat(math.inf))


async def test_five_hundred_players_in_fifty_rooms(make_stack: Callable[..., Stack], db: Database) -> None:
    stack = make_stack(WAIT_S="30")
    report = await play(stack, plan(stack, PLAYERS, Style(moments=hands_rest_early)), db)
    assert report.discrepancies() == []
    figures = report.figures()
    print(report.text())
    assert figures["rooms_settled"] == figures["rooms"] == PLAYERS // 10
    assert figures["games"] == PLAYERS
    assert figures["taps_counted"] == figures["taps_sent"] > 0
    assert figures["refused"] == {}
    assert stack.errors() == []
    async with httpx.AsyncClient() as prometheus:
        for address in stack.metrics.values():
            text = (await prometheus.get(address)).text
            assert "chance_tap_" in text
            assert sum(not line.startswith("#") for line in text.splitlines()) <= MOST_SERIES


async def test_honest_fast_hands_with_outages_are_never_blocked(make_stack: Callable[..., Stack], db: Database) -> None:
    """24 taps a second, jittering timers, five seconds offline: all of it is counted, once."""
    stack = make_stack(WAIT_S="30", GAME_S="9")
    fast = Style(rate=24, timer_jitter_ms=60)
    offline = Style(rate=24, timer_jitter_ms=60, outages=((1.5, 5.0),))
    twice = Style(rate=20, timer_jitter_ms=120, outages=((0.5, 0.2), (2.0, 5.0)))
    report = await play(stack, plan(stack, 20, fast, offline, twice), db)
    assert report.discrepancies() == []
    figures = report.figures()
    assert figures["reconnects"] >= 20 // 3 * 3
    assert figures["refused"] == {}


async def test_players_return_when_their_gateway_restarts(make_stack: Callable[..., Stack], db: Database) -> None:
    stack = make_stack(WAIT_S="30", GAME_S="12")  # longer than a restart takes on a busy machine
    game = asyncio.create_task(Simulation(plan(stack, 20)).run())
    await all_play(stack.url, 20)
    stack.restart_gateway()
    report = await game
    report.audit = [str(finding) for finding in await audit(db)]
    assert report.discrepancies() == []
    assert report.figures()["reconnects"] >= 20


async def test_a_cheat_is_blocked_and_everybody_sees_it(make_stack: Callable[..., Stack], db: Database) -> None:
    stack = make_stack(CAPACITY="2", GAME_S="4")
    cheat, person = Style(rate=30, jitter=0, obeys=False), Style()
    report = await play(stack, plan(stack, 2, cheat, person), db)
    assert report.audit == []
    [first, second] = report.outcomes
    assert first.blocked == second.blocked
    assert len(first.blocked) == 1
    [blocked] = first.blocked
    winner = next(outcome for outcome in report.outcomes if outcome.user_id != blocked)
    assert (winner.winner, winner.payout, first.standings) == (winner.user_id, 100, second.standings)
