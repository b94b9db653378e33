"""The other players of a room: no pages, only the public interface, each with a name, an own hand and an own rhythm."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.simulate.api import Account, Api
from cli.simulate.client import Seat
from cli.simulate.identity import OPPONENT_IDS, Identity, identity
from cli.simulate.rhythm import PERSON, Style

# Who somebody is by name: short, long, right to left, markup, emoji.
NAMES = (
    "Ольга", "Maximilian Featherstonehaugh-Cholmondeley von Hohenzollern", "محمد عبد الرحمن", "<b>Bold</b> & co",
    "👑🔥 King", "Катя", "Li", "Theodora", "Ярослав Добролюбов-Преображенский",
)  # fmt: skip
SLEEPER = Style(name="sleeper", moments=lambda start, _rng: iter((start + 10**9,)))
"""Never taps."""
CHEAT = Style(name="cheat", rate=40.0, obeys=False)


class Crowd:
    """Players of one server.  They play what they join to its end by themselves; `gone` stops those who still do."""

    def __init__(self, url: str, bot_token: str = DEVELOPMENT_BOT_TOKEN, seed: int = 7) -> None:
        self.api = Api(url, bot_token)
        self.seats: list[Seat] = []
        self._rng = random.Random(seed)
        self._people = 0
        self._games: list[asyncio.Task[Any]] = []

    async def somebody(self, name: str | None = None) -> Account:
        """A new person, who comes in."""
        self._people += 1
        who = identity(OPPONENT_IDS + self._people)
        if name is not None:
            who = Identity(who.telegram_id, name, None, None, "en")
        return await self.api.log_in(who)

    async def sit(self, stake: int, count: int = 1, style: Style = PERSON, names: Sequence[str] = ()) -> list[Account]:
        """`count` people join a room of `stake`, one after the other."""
        return [
            await self._take(lambda account: self.api.join(account, stake), style, names[number] if names else None)
            for number in range(count)
        ]

    async def sit_by_key(self, key: str, count: int = 1, style: Style = PERSON) -> list[Account]:
        """`count` people come by the key of a hero room."""
        return [await self._take(lambda account: self.api.join_by_key(account, key), style, None) for _ in range(count)]

    async def react(self, to: str) -> None:
        """Everybody sends a reaction to one player."""
        for seat in self.seats:
            if await seat.sees(lambda seat=seat: seat.is_ready, 10.0):  # type: ignore[misc]
                seat.react(to)

    async def gone(self) -> None:
        for game in self._games:
            game.cancel()
        await asyncio.gather(*self._games, return_exceptions=True)
        await self.api.close()

    async def _take(
        self, join: Callable[[Account], Coroutine[Any, Any, dict[str, Any]]], style: Style, name: str | None
    ) -> Account:
        account = await self.somebody(name)
        seat = Seat(self.api, account, await join(account), self._rng, style)
        self.seats.append(seat)
        self._games.append(asyncio.create_task(seat.run()))
        return account
