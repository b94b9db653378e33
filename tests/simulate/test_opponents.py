"""Demo opponents as `play` starts them: they come to a waiting person, and nobody else."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import cast

import pytest
import pytest_asyncio

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.simulate.api import Account, Api
from cli.simulate.client import Seat
from cli.simulate.identity import SIMULATED_IDS, identity
from cli.simulate.opponents import Opponents
from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.fixtures.stack import Stack
from tests.fixtures.waiting import eventually

STAKE = 50
OPPONENTS = 4


@pytest_asyncio.fixture
async def api(make_stack: Callable[..., Stack]) -> AsyncIterator[tuple[Stack, Api]]:
    stack = make_stack(CAPACITY=str(OPPONENTS + 1), WAIT_S="60", GAME_S="3")
    stack.run("opponents", ["simulate", "--opponents", str(OPPONENTS), "--url", stack.url])
    api = Api(stack.url, DEVELOPMENT_BOT_TOKEN)
    yield stack, api
    await api.close()


async def waiting(api: Api, who: Account) -> int:
    return next(int(tier["waiting"]) for tier in await api.tiers(who) if tier["stake"] == STAKE)


async def waits_for(api: Api, who: Account, players: int) -> None:
    async def so_many() -> bool:
        return await waiting(api, who) == players

    await eventually(f"{players} players wait", so_many)


async def has_company(api: Api, who: Account) -> None:
    """Somebody came.  Counts are up to a second old, so a certain number of players may pass by unseen."""

    async def more() -> bool:
        return await waiting(api, who) > 1

    await eventually("somebody comes", more)


async def test_a_person_gets_a_whole_game(api: tuple[Stack, Api], db: Database) -> None:
    stack, rest = api
    person = await rest.log_in(identity(SIMULATED_IDS))
    room = await rest.join(person, STAKE)
    outcome = await Seat(rest, person, room, random.Random(1)).run()
    assert outcome.state == "settled"
    assert len(outcome.standings) == OPPONENTS + 1
    assert all(line["taps"] > 0 for line in outcome.standings), outcome.standings
    assert outcome.prize == STAKE * (OPPONENTS + 1)
    await waits_for(rest, person, 0)
    assert await audit(db) == []
    assert stack.errors() == []


async def test_they_leave_when_the_person_does(api: tuple[Stack, Api], db: Database) -> None:
    _, rest = api
    person, onlooker = [await rest.log_in(identity(SIMULATED_IDS + n)) for n in range(2)]
    room = await rest.join(person, STAKE)
    await has_company(rest, onlooker)
    await rest.leave(person, room["room_id"])
    await waits_for(rest, onlooker, 0)
    assert await audit(db) == []


async def test_they_outlive_their_gateway_and_leave_nothing_behind(api: tuple[Stack, Api], db: Database) -> None:
    stack, rest = api
    stack.restart_gateway()
    person = await rest.log_in(identity(SIMULATED_IDS))
    await rest.join(person, STAKE)
    await has_company(rest, person)
    stack.parts["opponents"].stop()
    await waits_for(rest, person, 1)
    assert await audit(db) == []


class Taken:
    """A seat in a room that does not start."""

    def __init__(self, players: set[str]) -> None:
        self.state = "waiting"
        self.players = players
        self.outcome = SimpleNamespace(room_id="room")


class Squads(Opponents):
    """Opponents whose joins lead, as the lobby does, into the one room that has a seat."""

    def __init__(self, count: int, people: int) -> None:
        super().__init__("http://127.0.0.1:1", DEVELOPMENT_BOT_TOKEN, count)
        self.people = people
        self.players = {f"person {n}" for n in range(people)}

    async def _sit(self, stake: int) -> Seat:
        user_id = f"opponent {len(self.players)}"
        self._ours.add(user_id)
        self.players.add(user_id)
        seat = cast(Seat, Taken(self.players))
        self._waiting[seat] = stake
        return seat

    async def rounds(self, number: int) -> int:
        """Look at the lobby so often; how many opponents sit there then."""
        for _ in range(number):
            self._look_at(STAKE, len(self.players))
            await asyncio.gather(*self._squads.values())
        await self._api.close()
        return len(self.players) - self.people


@pytest.mark.parametrize("people", [1, 2, 4])
@pytest.mark.parametrize("count", [1, 2, 3, 9])
async def test_as_many_come_as_were_asked_for(monkeypatch: pytest.MonkeyPatch, count: int, people: int) -> None:
    now = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _: now(0))
    assert await Squads(count, people).rounds(8) == count
