"""Whole hero games on the whole stack, by real clients of two gateways, through the public API only."""

from collections.abc import Callable

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from chance_tap.simulate.report import Report
from chance_tap.simulate.run import HeroSimulation, Plan
from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.fixtures.stack import Stack

FEE = 35


def plan(stack: Stack, players: int, games: int = 1) -> Plan:
    return Plan(
        url=stack.url, bot_token=DEVELOPMENT_BOT_TOKEN, players=players, stake=FEE, games=games, seed=1,
        game_timeout_s=60,
    )  # fmt: skip


async def run(stack: Stack, plan: Plan, db: Database) -> Report:
    report = await HeroSimulation(plan).run()
    report.audit = [str(finding) for finding in await audit(db)]
    return report


def all_seen(players: int) -> int:
    """Everybody sends three reactions, and the organizer and every player see each."""
    return 3 * (players + 1) ** 2


async def test_the_first_to_the_target_wins(make_stack: Callable[..., Stack], db: Database) -> None:
    stack = make_stack(HERO_TARGET="10", GAME_S="30")
    report = await run(stack, plan(stack, 5, games=2), db)
    print(report.text())
    assert report.discrepancies() == []
    figures = report.figures()
    assert (figures["rooms"], figures["rooms_settled"], figures["games"]) == (2, 2, 12)
    assert figures["refused"].keys() <= {"room_closed"}  # taps that came after the end
    assert figures["reactions_seen"] == 2 * all_seen(5)
    for outcome in report.outcomes:
        assert outcome.standings[0]["taps"] >= 10
        assert outcome.prize == 5 * FEE - 5 * FEE // 10
    assert [outcome.payout for outcome in report.outcomes if outcome.organizes] == [5 * FEE // 10] * 2
    assert stack.errors() == []


async def test_fifty_players_tap_until_the_time_is_up(make_stack: Callable[..., Stack], db: Database) -> None:
    stack = make_stack(GAME_S="4", HERO_TARGET="200")
    report = await run(stack, plan(stack, 50), db)
    assert report.discrepancies() == []
    figures = report.figures()
    assert figures["refused"] == {}
    assert figures["taps_counted"] == figures["taps_sent"] > 50 * 4
    assert figures["reactions_seen"] == all_seen(50)
    [host] = [outcome for outcome in report.outcomes if outcome.organizes]
    assert (host.payout, host.prize, len(host.standings)) == (50 * FEE // 10, 50 * FEE - 50 * FEE // 10, 50)
    assert stack.errors() == []
