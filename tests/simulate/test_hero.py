"""Whole hero games on the whole stack, by real clients of two gateways, through the public API only."""

import asyncio
import itertools
import json
import random
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
import pytest_asyncio

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.simulate.api import Account, Api, ApiError
from cli.simulate.client import Seat
from cli.simulate.hero import HeroGame, typed
from cli.simulate.identity import SIMULATED_IDS, identity
from cli.simulate.report import Report
from cli.simulate.run import HeroSimulation, Plan
from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from persistence.redis.keys import new_room_key, normalise_key
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


async def test_the_first_to_the_target_wins(make_stack: Callable[..., Stack], database_url: str) -> None:
    """By the command, as an operator runs it."""
    stack = make_stack(HERO_TARGET="10", GAME_S="30")
    arguments = ["--hero", "--players", "5", "--stake", str(FEE), "--games", "2", "--url", stack.url, "--json"]
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", "simulate", *arguments), env=stack.environment, stdout=PIPE
    )
    output, _ = await command.communicate()
    figures = json.loads(output)
    assert command.returncode == 0, figures
    assert (figures["rooms"], figures["rooms_settled"], figures["games"]) == (2, 2, 12)
    assert (figures["audit"], figures["discrepancies"]) == ("clean", 0)
    assert figures["refused"].keys() <= {"room_closed"}  # taps that came after the end
    assert figures["reactions_seen"] == 2 * all_seen(5)
    with psycopg.connect(database_url) as connection:
        decided = connection.execute("SELECT pool, prize, fee, target FROM game.rooms").fetchall()
    assert decided == [(5 * FEE, 5 * FEE - 5 * FEE // 10, 5 * FEE // 10, 10)] * 2
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


@dataclass
class Hall:
    """Two gateways, and people who play at one or the other."""

    stack: Stack
    apis: list[Api]
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(SIMULATED_IDS))
    people: list[Account] = field(default_factory=list)
    report: Report = field(default_factory=lambda: Report(0, FEE))

    async def log_in(self, count: int) -> list[Account]:
        people = [await self.apis[0].log_in(identity(next(self.ids))) for _ in range(count)]
        self.people += people
        self.report.balances |= {account.user_id: (account.balance, 0) for account in people}
        return people

    async def room(self, players: int) -> tuple[Seat, list[Seat]]:
        """A waiting room: the organizer at the first gateway, the players at the second; nobody follows it yet."""
        organizer, *guests = await self.log_in(1 + players)
        room = await self.apis[0].create_room(organizer, FEE)
        host = Seat(self.apis[0], organizer, room, random.Random(1), None)
        return host, [await self.come(guest, room["key"]) for guest in guests]

    async def come(self, guest: Account, key: str) -> Seat:
        return Seat(self.apis[1], guest, await self.apis[1].join_by_key(guest, key), random.Random(guest.user_id))

    async def follow(self, *seats: Seat) -> set[str]:
        """Watch or play to the end; the states in which it was seen."""
        outcomes = await asyncio.gather(*(seat.run() for seat in seats))
        self.report.outcomes += outcomes
        return {outcome.state for outcome in outcomes}

    async def start(self, host: Seat) -> None:
        await self.apis[1].start(host.account, host.outcome.room_id)

    # What may become of a room.

    async def nobody_starts(self) -> None:
        host, seats = await self.room(3)
        assert await self.follow(host, *seats) == {"cancelled"}

    async def the_organizer_leaves(self) -> None:
        host, seats = await self.room(3)
        end = asyncio.create_task(self.follow(host, *seats))
        assert await host.sees(lambda: host.is_ready, 10)
        assert await self.apis[1].leave(host.account, host.outcome.room_id) == host.account.balance
        assert await end == {"cancelled"}

    async def a_player_leaves(self) -> None:
        host, seats = await self.room(3)
        end = asyncio.create_task(self.follow(host, *seats[1:]))
        assert await host.sees(lambda: host.is_ready, 10)
        await self.apis[0].leave(seats[0].account, host.outcome.room_id)
        assert await host.sees(lambda: len(host.players) == 2, 10)
        await self.start(host)
        assert await end == {"settled"}
        assert host.outcome.payout == 2 * FEE // 10

    async def the_organizer_never_watches(self) -> None:
        """Its process died after the room was made; it starts by another one, and looks when all is over."""
        host, seats = await self.room(3)
        end = asyncio.create_task(self.follow(*seats))
        await self.start(host)
        assert await end == {"settled"}
        assert await self.follow(host) == {"settled"}
        assert host.outcome.payout == 3 * FEE // 10

    async def the_organizer_starts_alone(self) -> None:
        host, [seat] = await self.room(1)
        for _ in range(2):
            with pytest.raises(ApiError, match="conflict"):
                await self.start(host)
        with pytest.raises(ApiError, match="forbidden"):
            await self.apis[1].start(seat.account, host.outcome.room_id)
        assert await self.follow(host, seat) == {"cancelled"}

    async def a_whole_game(self) -> None:
        """Organizer at one gateway, players at both, and everybody sees every reaction."""
        organizer, *guests = await self.log_in(7)
        game = HeroGame(self.apis, organizer, guests, FEE, self.report, random.Random(3))
        await game.play()
        seen = {seat.outcome.reactions_seen for seat in game.seats}
        assert seen == {3 * 7}

    async def assert_right(self, db: Database) -> None:
        for account in self.people:
            before, _ = self.report.balances[account.user_id]
            me = await self.apis[0].me(account)
            assert me["room_id"] is None
            self.report.balances[account.user_id] = (before, me["balance"])
        self.report.audit = [str(finding) for finding in await audit(db)]
        assert self.report.discrepancies() == []
        assert self.stack.errors() == []


@pytest_asyncio.fixture
async def hall(make_stack: Callable[..., Stack]) -> AsyncIterator[Hall]:
    stack = make_stack(gateways=2, HERO_WAIT_S="10", GAME_S="3", HERO_TARGET="1000")
    apis = [Api(url, DEVELOPMENT_BOT_TOKEN) for url in stack.urls]
    yield Hall(stack, apis)
    for api in apis:
        await api.close()


async def test_whatever_becomes_of_a_room_is_the_same_for_all(hall: Hall, db: Database) -> None:
    await asyncio.gather(
        hall.nobody_starts(),
        hall.the_organizer_leaves(),
        hall.a_player_leaves(),
        hall.the_organizer_never_watches(),
        hall.the_organizer_starts_alone(),
        hall.a_whole_game(),
    )
    await hall.assert_right(db)


async def test_an_organizers_gateway_dies_in_the_game(hall: Hall, db: Database) -> None:
    host, seats = await hall.room(3)
    end = asyncio.create_task(hall.follow(host, *seats))
    await hall.start(host)
    assert await host.sees(lambda: host.state == "playing", 20)
    hall.stack.parts["gateway-0"].kill()
    await asyncio.to_thread(hall.stack.restart_gateway, 0)
    assert await end == {"settled"}
    assert host.outcome.reconnects >= 1
    assert host.outcome.payout == 3 * FEE // 10
    await hall.assert_right(db)


def test_keys_are_typed_in_many_ways() -> None:
    rng = random.Random(5)
    for _ in range(500):
        key = new_room_key()
        assert normalise_key(typed(key, rng)) == key
