"""Hero games: an organizer makes a room and passes its key on, players come with it, react to each other and play.

Owns the course of one such game.  What happens in it is the server's to say: a room that is cancelled meanwhile is a
game like any other, and the report judges it.
"""

import asyncio
import itertools
import random
from collections.abc import Sequence

from cli.simulate.api import Account, Api, ApiError
from cli.simulate.client import Seat, SeatLost
from cli.simulate.report import Report
from cli.simulate.rhythm import PERSON, Style

LEAST_PLAYERS = 2
_ARRIVAL_S = 10.0
_REACTIONS_S = 2.0
_LOOKALIKES = {"0": "0Oo", "1": "1IiLl"}


def typed(key: str, rng: random.Random) -> str:
    """A key as somebody types it who read it out or off a screen."""
    letters = (rng.choice(_LOOKALIKES.get(letter, letter + letter.lower())) for letter in key)
    return " " + "".join(letter + rng.choice(("", "", "", " ", "-")) for letter in letters)


class HeroGame:
    """One hero room with accounts that are logged in and sit nowhere, into `report`.  The organizer uses the first
    gateway of `apis`, the players all of them in turn; `seats` are the players'."""

    def __init__(
        self,
        apis: Sequence[Api],
        organizer: Account,
        players: Sequence[Account],
        fee: int,
        report: Report,
        rng: random.Random,
        styles: Sequence[Style] = (PERSON,),
        timeout_s: float = 300.0,
    ) -> None:
        self._apis = apis
        self._organizer = organizer
        self._players = players
        self._fee = fee
        self._report = report
        self._rng = rng
        self._styles = styles
        self._timeout_s = timeout_s
        self._games: list[asyncio.Task[None]] = []
        self._turned_away: list[str] = []
        self.seats: list[Seat] = []

    async def play(self) -> None:
        """From the creation to everybody's result.

        Raises:
            ApiError: the room could not be made.
        """
        room = await self._apis[0].create_room(self._organizer, self._fee)
        if room["key"] is None or room["organizer_id"] != self._organizer.user_id:
            self._lose(self._organizer, f"the new room {room['room_id']} shows its organizer no key")
            return
        host = Seat(self._apis[0], self._organizer, room, self._rng, None)
        self._games.append(asyncio.create_task(self._follow(host)))
        apis, styles = itertools.cycle(self._apis), itertools.cycle(self._styles)
        try:
            await asyncio.gather(
                *(self._come(next(apis), player, room["key"], next(styles)) for player in self._players)
            )
            await self._begin(host)
            await asyncio.gather(*self._games)
        finally:
            for game in self._games:
                game.cancel()
        if host.state != "cancelled":
            self._report.lost += self._turned_away

    async def _come(self, api: Api, player: Account, key: str, style: Style) -> None:
        """Look the room up, pay and sit down."""
        rng = random.Random(self._rng.random())  # noqa: S311 - rhythms, not secrets
        try:
            offer = await api.room_by_key(player, typed(key, rng))
            room = await api.join_by_key(player, typed(key, rng))
        except ApiError as error:
            self._turned_away.append(f"{player.user_id}: {error} by key")  # no wonder, if the room was cancelled
            return
        if offer["fee"] != self._fee or room["key"] is not None:
            self._lose(player, f"was offered {offer}, and sees the key {room['key']}")
        seat = Seat(api, player, room, rng, style)
        self.seats.append(seat)
        self._games.append(asyncio.create_task(self._follow(seat)))

    async def _begin(self, host: Seat) -> None:
        """Wait for everybody, let them react, start; with too few players the organizer takes the room back."""
        everybody = {seat.account.user_id for seat in self.seats}

        async def sees_all(seat: Seat) -> bool:
            return await seat.sees(lambda: seat.is_ready and everybody <= seat.players, _ARRIVAL_S)

        await asyncio.gather(*map(sees_all, (host, *self.seats)))
        await self._react(host)
        room_id = host.outcome.room_id
        try:
            if len(self.seats) < LEAST_PLAYERS:
                await self._apis[0].leave(self._organizer, room_id)
            else:
                await self._apis[0].start(self._organizer, room_id)
        except ApiError as error:
            self._turned_away.append(f"{self._organizer.user_id}: {error} at the start")

    async def _react(self, host: Seat) -> None:
        """Everybody to the organizer, to the next one and to oneself."""
        ring = [host, *self.seats]
        for seat, following in zip(ring, [*ring[1:], host], strict=True):
            for to in (host, following, seat):
                seat.react(to.account.user_id)
        sent = sum(seat.outcome.reactions_sent for seat in ring)
        await host.sees(lambda: host.outcome.reactions_seen >= sent, _REACTIONS_S)

    async def _follow(self, seat: Seat) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                self._report.outcomes.append(await seat.run())
        except (ApiError, SeatLost, TimeoutError) as error:
            self._lose(seat.account, f"{type(error).__name__} {error}")

    def _lose(self, account: Account, reason: str) -> None:
        self._report.lost.append(f"{account.user_id}: {reason}")
