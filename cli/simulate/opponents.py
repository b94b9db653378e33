"""Demo opponents: when a person waits in a room, virtual players come along and play.

Owns when they come and go.  A person's room is noticed by the counts of `/tiers`; one opponent joins as a scout, sees
who is there, and the others follow one by one.  Opponents among themselves leave: nobody plays for nobody.
"""

import asyncio
import contextlib
import itertools
import random
import signal
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog

from cli.simulate.api import Account, Api, ApiError
from cli.simulate.client import Seat, SeatLost
from cli.simulate.identity import OPPONENT_IDS, identity
from cli.simulate.outcome import Outcome

log = structlog.get_logger("opponents")

_POLL_S = 1.0
_ALL_THERE_S = 9.0
_ALONE_S = 1.5
_COOL_DOWN_S = 4.0
_GOODBYE_S = 3.0
_NEWCOMERS = 40


class Opponents:
    """At most `count` of them sit in one waiting room."""

    def __init__(self, url: str, bot_token: str, count: int) -> None:
        self._api = Api(url, bot_token)
        self._count = count
        self._rng = random.Random()  # noqa: S311 - when to come and how to tap, not secrets
        self._ids = itertools.count(OPPONENT_IDS)
        self._idle: list[Account] = []
        self._ours: set[str] = set()
        self._refused = ""
        self._waiting: dict[Seat, int] = {}
        self._squads: dict[int, asyncio.Task[None]] = {}
        self._joins: set[asyncio.Task[Seat]] = set()
        self._games: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Watch until SIGTERM or SIGINT; then give the seats of waiting rooms back."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        watch, stopped = asyncio.create_task(self._watch()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([watch, stopped], return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
        finally:
            await self._leave_all([watch, stopped, *self._squads.values(), *self._games])
            await self._api.close()

    async def _leave_all(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await asyncio.gather(*self._joins, return_exceptions=True)
                await asyncio.gather(*(self._leave(seat) for seat in self._waiting), return_exceptions=True)

    async def _watch(self) -> None:
        await self._return_to_games()
        while True:
            await asyncio.sleep(_POLL_S * self._rng.uniform(0.8, 1.2))
            try:
                watcher = await self._watcher()
                for tier in await self._api.tiers(watcher):
                    self._look_at(tier["stake"], tier["waiting"])
                self._refused = ""
            except ApiError as error:
                self._wait_for_gateway(error)

    async def _watcher(self) -> Account:
        if not self._idle:
            self._idle.append(await self._log_in())
        return self._idle[0]

    async def _return_to_games(self) -> None:
        """Take up the seats that an earlier process of ours was killed in."""
        while not self._idle:
            try:
                for _ in range(self._count + 1):
                    account = await self._log_in()
                    if account.room_id is None:
                        self._idle.append(account)
                    else:
                        seat = self._seat(account, await self._api.room(account, account.room_id))
                        self._spawn(self._play(seat))
            except ApiError as error:
                self._wait_for_gateway(error)
                await asyncio.sleep(_POLL_S)

    def _wait_for_gateway(self, error: ApiError) -> None:
        """Tell it once: who waits for opponents looks here for why none come."""
        if self._refused != error.code:
            log.warning("opponents wait for the gateway", code=error.code)
        self._refused = error.code

    def _look_at(self, stake: int, waiting: int) -> None:
        """Send a squad to people who are alone; not into a room with enough of ours, where the lobby would lead it."""
        rooms = self._rooms(stake)
        squad = self._squads.get(stake)
        if (
            waiting > rooms.total()
            and all(ours < self._count for ours in rooms.values())
            and (squad is None or squad.done())
        ):
            self._squads[stake] = asyncio.create_task(self._accompany(stake))

    def _rooms(self, stake: int) -> Counter[str]:
        """The waiting rooms of a stake that ours sit in, and how many of them."""
        ours = [seat for seat, its_stake in self._waiting.items() if its_stake == stake and seat.state == "waiting"]
        return Counter(seat.outcome.room_id for seat in ours)

    async def _accompany(self, stake: int) -> None:
        """Send opponents into the room of a waiting person, spread over the time in which a person looks up."""
        try:
            await asyncio.sleep(self._rng.uniform(0.4, 1.2))
            scout = await self._sit(stake)
            if not await self._met_someone(scout):
                await asyncio.sleep(_COOL_DOWN_S)
                return
            for _ in range(self._count - 1):
                await asyncio.sleep(self._rng.uniform(0.3, 1.7) * (_ALL_THERE_S - 2.5) / self._count)
                if scout.state != "waiting" or self._people(scout) == 0:
                    return
                if self._rooms(stake)[scout.outcome.room_id] >= self._count:
                    return
                await self._sit(stake)
        except ApiError as error:
            log.debug("opponents could not join", stake=stake, code=error.code)
            await asyncio.sleep(_COOL_DOWN_S)

    async def _met_someone(self, seat: Seat) -> bool:
        """Whether a person is in the room; the roster of the first moments may lack the last to come."""
        if self._people(seat) == 0:
            await asyncio.sleep(_ALONE_S)
        return self._people(seat) > 0

    def _people(self, seat: Seat) -> int:
        return len(seat.players - self._ours)

    async def _sit(self, stake: int) -> Seat:
        """Join and play.  A join under way is finished even when the squad is called off: its seat must be known."""
        join = asyncio.create_task(self._join(await self._fit(stake), stake))
        self._joins.add(join)
        join.add_done_callback(self._joins.discard)
        seat = await asyncio.shield(join)
        self._spawn(self._play(seat))
        return seat

    async def _join(self, account: Account, stake: int) -> Seat:
        try:
            room = await self._api.join(account, stake)
        except ApiError as error:
            if error.code != "insufficient_balance":
                self._idle.append(account)
            raise
        account.balance -= stake
        return self._seat(account, room)

    def _seat(self, account: Account, room: dict[str, Any]) -> Seat:
        seat = Seat(self._api, account, room, random.Random(self._rng.random()))  # noqa: S311 - as above
        self._waiting[seat] = room["stake"]
        return seat

    async def _fit(self, stake: int) -> Account:
        """An idle player who can pay, else a new one.

        Raises:
            ApiError: the gateway refuses, or new players get fewer Stars than the stake.
        """
        rich = [account for account in self._idle if account.balance >= stake]
        if rich:
            account = self._rng.choice(rich)
            self._idle.remove(account)
            return account
        for _ in range(_NEWCOMERS):
            account = await self._log_in()
            if account.balance >= stake and account.room_id is None:
                return account
        raise ApiError(402, "insufficient_balance")

    async def _log_in(self) -> Account:
        account = await self._api.log_in(identity(next(self._ids)))
        self._ours.add(account.user_id)
        return account

    def _spawn(self, game: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(game)
        self._games.add(task)
        task.add_done_callback(self._games.discard)

    async def _play(self, seat: Seat) -> None:
        """One game of one opponent, or the way out of a room in which no person is."""
        game = asyncio.create_task(seat.run())
        try:
            if await self._stays(seat, game):
                self._waiting.pop(seat, None)
                await game
        except (ApiError, SeatLost) as error:
            log.debug("an opponent lost the game", reason=str(error))
        finally:
            game.cancel()
        self._waiting.pop(seat, None)
        await self._rest(seat.account)

    async def _stays(self, seat: Seat, game: asyncio.Task[Outcome]) -> bool:
        """Wait for the start; False once the seat was given back because no person is in the room."""
        while seat.state == "waiting" and not game.done():
            await asyncio.wait([game], timeout=_ALONE_S)
            if seat.state == "waiting" and self._people(seat) == 0 and not game.done():
                with contextlib.suppress(ApiError):
                    await self._leave(seat)
                    return False
        return True

    async def _leave(self, seat: Seat) -> None:
        seat.account.balance = await self._api.leave(seat.account, seat.outcome.room_id)

    async def _rest(self, account: Account) -> None:
        """Back to the idle ones, with what the server says about the balance."""
        with contextlib.suppress(ApiError):
            me = await self._api.me(account)
            account.balance, account.room_id = me["balance"], me["room_id"]
            self._idle.append(account)
