"""Whole games with any number of virtual players, and what they found.

Owns the course of a run.  The players know the public API only; the audit at the end is the operator's own and runs
where this process knows the stores.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from chance_tap.settings import Settings
from cli.simulate.api import Account, Api, ApiError
from cli.simulate.client import Seat, SeatLost
from cli.simulate.hero import HeroGame
from cli.simulate.identity import SIMULATED_IDS, identity
from cli.simulate.report import Report
from cli.simulate.rhythm import PERSON, Style
from persistence.progress import Progress, untold

_MOST_POOR_PLAYERS = 5000
_RECORDS_WITHIN_S = 60.0
_LOOK_S = 0.2


class SimulationError(Exception):
    """The run could not begin or go on; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play.  `styles` are given to the players in turn; a game over `game_timeout_s` is given up."""

    url: str
    bot_token: str
    players: int
    stake: int
    games: int = 1
    seed: int | None = None
    styles: Sequence[Style] = (PERSON,)
    game_timeout_s: float = 300.0
    first_id: int = SIMULATED_IDS


class Simulation:
    """One run: the same players play `games` games after another; who cannot pay any more is replaced."""

    def __init__(self, plan: Plan, *, organizers: int = 0) -> None:
        self._plan = plan
        self._people = plan.players + organizers
        self._rng = random.Random(plan.seed)  # noqa: S311 - rhythms, not secrets
        self._api = Api(plan.url, plan.bot_token)
        self._ids = itertools.count(plan.first_id)
        self._accounts: list[Account] = []
        self._poor = 0
        self.report = Report(plan.players, plan.stake)

    async def run(self) -> Report:
        """Play everything.

        Raises:
            SimulationError: no players with enough Stars can be made.
            ApiError: the gateway refuses logins.
        """
        began = time.monotonic()
        try:
            for _ in range(self._plan.games):
                await self._gather_players()
                await self._game()
        finally:
            await self._api.close()
        self.report.joins_s = self._api.join_s
        self.report.elapsed_s = time.monotonic() - began
        return self.report

    async def watch(self, progress: Progress) -> None:
        """Tell how far it is until cancelled: each player takes a step into a room and one to its result."""
        while True:
            ended = len(self.report.outcomes) + len(self.report.lost)
            progress(len(self._api.join_s) + ended, 2 * self._people * self._plan.games)
            await asyncio.sleep(_LOOK_S)

    async def _gather_players(self) -> None:
        plan = self._plan
        self._accounts = [account for account in self._accounts if account.balance >= plan.stake]
        while (missing := self._people - len(self._accounts)) > 0:
            fresh = await asyncio.gather(*(self._api.log_in(identity(next(self._ids))) for _ in range(missing)))
            fit = [account for account in fresh if account.balance >= plan.stake and account.room_id is None]
            self._poor += len(fresh) - len(fit)
            if self._poor > _MOST_POOR_PLAYERS + plan.players:
                raise SimulationError(f"no new player has {plan.stake} Stars: is DEMO_STARS lower, or ENV production?")
            self._accounts += fit

    async def _game(self) -> None:
        before = {account.user_id: account.balance for account in self._accounts}
        await self._play(self._accounts)
        after = await asyncio.gather(*(self._api.me(account) for account in self._accounts))
        for account, me in zip(self._accounts, after, strict=True):
            account.balance = me["balance"]
            first = self.report.balances.get(account.user_id, (before[account.user_id], 0))[0]
            self.report.balances[account.user_id] = (first, account.balance)

    async def _play(self, accounts: Sequence[Account]) -> None:
        styles = itertools.cycle(self._plan.styles)
        await asyncio.gather(*(self._player(account, next(styles)) for account in accounts))

    async def _player(self, account: Account, style: Style) -> None:
        rng = random.Random(self._rng.random())  # noqa: S311 - as above
        try:
            room = await self._api.join(account, self._plan.stake)
            async with asyncio.timeout(self._plan.game_timeout_s):
                self.report.outcomes.append(await Seat(self._api, account, room, rng, style).run())
        except (ApiError, SeatLost, TimeoutError) as error:
            self.report.lost.append(f"{account.user_id}: {type(error).__name__} {error}")


class HeroSimulation(Simulation):
    """One hero room a game, with `plan.players` players and an organizer, who is another one each time."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan, organizers=1)

    async def _play(self, accounts: Sequence[Account]) -> None:
        organizer, *players = accounts
        plan = self._plan
        rng = random.Random(self._rng.random())  # noqa: S311 - as above
        await HeroGame(
            [self._api], organizer, players, plan.stake, self.report, rng, plan.styles, plan.game_timeout_s
        ).play()
        self._accounts = [*players, organizer]


async def simulate(plan: Plan, settings: Settings, *, hero: bool, progress: Progress = untold) -> Report:
    """One run, and the audit after it where the stores are known.

    Raises:
        SimulationError, ApiError: the run could not be made.
    """
    simulation = HeroSimulation(plan) if hero else Simulation(plan)
    watching = asyncio.create_task(simulation.watch(progress), name="progress")
    try:
        report = await simulation.run()
    finally:
        watching.cancel()
    if settings.database_url and settings.redis_url:
        from cli.commands.audit import audit_stores  # here: players know the public API only

        report.audit = [str(finding) for finding in await audit_stores(settings)]
        if any(style.name != PERSON.name for style in plan.styles):
            report.reviews = await _reviews(settings, report)
    return report


async def _reviews(settings: Settings, report: Report) -> dict[tuple[str, str], bool]:
    """What the signals say of every player, once the worker has made the records."""
    from cli.commands.stores import open_database
    from persistence.postgres import records

    found: dict[tuple[str, str], bool] = {}
    rooms = {outcome.room_id for outcome in report.outcomes if outcome.state == "settled"}
    try:
        async with open_database(settings, "simulate") as db, asyncio.timeout(_RECORDS_WITHIN_S):
            for room_id in rooms:
                signals = await records.signals(db, room_id)
                while not signals:
                    await asyncio.sleep(0.2)
                    signals = await records.signals(db, room_id)
                found |= {(room_id, str(player.user_id)): player.review for player in signals}
    except TimeoutError:
        report.lost.append(f"no records of {len(rooms - {room_id for room_id, _ in found})} games")
    return found
