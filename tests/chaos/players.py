"""Players who know nothing of the faults: they join, leave, lose answers, play and note what they are told.

Owns what each player was told about games and money, and for how long it could not play.  The players are those of
`cli.simulate`; they know the public protocol only.  They stake what they have bought, ask for withdrawals, and wait
where they are banned.
"""

import asyncio
import contextlib
import itertools
import random
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import orjson

from cli.simulate.api import Account, ApiError
from cli.simulate.client import Seat, SeatLost
from cli.simulate.identity import Identity, identity
from cli.simulate.outcome import Outcome
from cli.simulate.rhythm import PERSON
from tests.chaos.outside import Outside
from tests.chaos.purse import LATER, PREMIUM_STARS, MoneyApi, Purse

FIRST_ID = 930_000_000_000_000
STAKES = (20, 50, 100)
NOTICEABLE_S = 0.75
"""A shorter wait is the game's own: fingers and frames take up to 0.6 s after the start, a settlement some tenths."""
GRACE_S = 1.0
HERO_PATIENCE_S = 3.0
PAYMENTS_AT_MOST = 30

NO_GAME = ("banned", "unauthorized", *LATER)
"""Refusals that end a game for the player and not the player: looked up in the record."""

View = Literal["join", "taps", "result"]


@dataclass(frozen=True, slots=True)
class Wait:
    """A player could not play: no seat, no progress in a running game, no result of one that is over."""

    user_id: str
    view: View
    began: float
    ended: float


@dataclass
class Told:
    """What one player was told of one account, in the order of the games.  `left_behind`: it was unlinked, and its
    player goes on with another."""

    account: Account
    purse: Purse
    left_behind: asyncio.Event = field(default_factory=asyncio.Event)
    banned: bool = False
    restless: bool = False
    """The player shall change the account, after the game that it is in."""
    outcomes: list[Outcome] = field(default_factory=list)
    settled: list[dict[str, Any]] = field(default_factory=list)
    left: list[tuple[str, int]] = field(default_factory=list)
    lost_sight: list[str] = field(default_factory=list)
    last_balance: int | None = None

    @property
    def retired(self) -> bool:
        return self.left_behind.is_set()


class WatchedSeat(Seat):
    """A seat that keeps every `settled` frame and notes how long nothing came."""

    def __init__(self, api: MoneyApi, told: Told, room: dict[str, Any], rng: random.Random, waits: list[Wait]) -> None:
        organizes = room["organizer_id"] == told.account.user_id
        super().__init__(api, told.account, room, rng, None if organizes else PERSON)
        self._told = told
        self._waits = waits
        self._heard: float | None = None
        self.played = False

    def _on_message(self, payload: bytes) -> None:
        super()._on_message(payload)
        frame = orjson.loads(payload)
        if frame["type"] == "settled":
            self._told.settled.append(frame)
        if frame["type"] in ("balance", "settled"):
            self._told.last_balance = frame["balance"]
        if frame["type"] in ("progress", "snapshot", "countdown", "started", "finished", "cancelled"):
            self._listen()

    def _listen(self) -> None:
        """Between start and end something comes ten times a second; a longer silence is a wait."""
        room, now = self.room, self._loop.time()
        if self._heard is not None:
            ends = self._local(self.outcome.ends_ms) if self.outcome.ends_ms else now
            self._wait("taps", self._heard, min(now, ends))
            self._heard = now if self.state == "playing" else None
        elif self.state in ("countdown", "playing") and room.get("starts_ms") and self._offset_ms is not None:
            self._heard = max(now, self._local(room["starts_ms"]))
        self.played = self.played or self.state == "playing"

    def _wait(self, view: View, began: float, ended: float) -> None:
        if ended - began > NOTICEABLE_S:
            self._waits.append(Wait(self.account.user_id, view, began, ended))

    async def run(self) -> Outcome:
        over = asyncio.create_task(self._ended())
        try:
            return await super().run()
        finally:
            if over.done():
                self._wait("result", over.result(), self._loop.time())
            over.cancel()

    async def _ended(self) -> float:
        """When the game was over, by the player's own clock if nobody said so."""
        while not self._over.is_set():
            if self.outcome.ends_ms and self._loop.time() > self._local(self.outcome.ends_ms) + GRACE_S:
                return self._local(self.outcome.ends_ms) + GRACE_S
            await asyncio.sleep(0.05)
        return self._loop.time()


class Crowd:
    """All players, each a task that plays until `finish`."""

    def __init__(
        self,
        url: str,
        outside: Outside,
        mails: Path,
        count: int,
        seed: int,
        days_pass: Callable[[str], Awaitable[None]],
    ) -> None:
        """`days_pass` lets the days go by that a user's new way in must wait before it may remove the old one."""
        self._api = MoneyApi(url, outside, mails, connections=count)
        self._days_pass = days_pass
        self._outside = outside
        self._rng = random.Random(f"players {seed}")
        self._count = count
        self._ids = itertools.count(FIRST_ID)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self.told: list[Told] = []
        self.waits: list[Wait] = []
        self.games: dict[str, str] = {}
        """Rooms whose game began, and how they ended as far as a player was told."""
        self._keys: list[str] = []
        """Of hero rooms that may wait for players."""
        self.hero_games: set[str] = set()
        self.joins = self.repeated_joins = self.leaves = self.reconnects = 0
        self.withdrawals_asked = self.accounts_changed = self.bans_met = 0
        self.broken: list[str] = []
        """What no fault excuses."""

    async def start(self) -> None:
        self.told = await asyncio.gather(*(self._enter(identity(next(self._ids))) for _ in range(self._count)))
        self._tasks = [
            asyncio.create_task(self._life(told, random.Random(self._rng.random())), name=told.account.user_id)
            for told in self.told
        ]

    async def _enter(self, who: Identity) -> Told:
        self._outside.person(who)
        account = await self._api.log_in(who)
        return Told(account, Purse(self._api, self._outside, account))

    async def finish(self, within_s: float) -> None:
        """Let everybody end the game they are in; who cannot within that time is broken."""
        self._stopping.set()
        _, late = await asyncio.wait(self._tasks, timeout=within_s)
        for task in late:
            task.cancel()
            self.broken.append(f"player {task.get_name()} did not come to an end within {within_s:.0f} s")
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                self.broken.append(f"a player failed: {result!r}")

    async def close(self) -> None:
        await self._api.close()

    async def last_game(self) -> list[Outcome]:
        """Everything is well again: everybody can play, and every tap counts."""

        async def game(told: Told, rng: random.Random) -> Outcome:
            room = await self._sit(told, rng, partial(self._api.join, told.account, STAKES[0]))
            assert room is not None
            return await self._play(told, room, rng)

        return await asyncio.gather(*(game(told, random.Random(self._rng.random())) for told in self.active))

    @property
    def active(self) -> list[Told]:
        """The account that each player plays with."""
        return [told for told in self.told if not told.retired]

    async def fill_purses(self, least: int) -> None:
        """Everybody buys Stars until there are so many: what is owed is paid first."""
        await asyncio.gather(*(self._fill(told, random.Random(self._rng.random()), least) for told in self.active))

    async def _fill(self, told: Told, rng: random.Random, least: int) -> None:
        for _ in range(PAYMENTS_AT_MOST):
            if await self.balance(told) >= least:
                return
            await self._pay_in(told, rng)
        self.broken.append(f"player {told.account.user_id} paid in {PAYMENTS_AT_MOST} times and has not {least} Stars")

    async def withdrawals(self, told: Told) -> list[dict[str, Any]]:
        """What the player is shown of withdrawals now."""
        return await self._api.withdrawals(told.account)

    async def balance(self, told: Told) -> int:
        """What the player is shown now."""
        return int((await self._api.me(told.account))["balance"])

    async def _life(self, told: Told, rng: random.Random) -> None:
        await asyncio.sleep(rng.uniform(0, 2))
        while not self._stopping.is_set():
            try:
                if told.restless and not told.retired:
                    told = await self._change_account(told)
                elif told.account.balance >= PREMIUM_STARS and rng.random() < 0.3:
                    await self._withdraw(told)
                else:
                    await self._play_once(told, rng)
            except ApiError as error:
                if error.code == "insufficient_balance":
                    await self._buy(told, rng)
                elif error.code == "banned":
                    await self._wait_for_pardon(told)
                elif error.code not in LATER:
                    raise
            await asyncio.sleep(rng.uniform(0, 0.5))

    async def _play_once(self, told: Told, rng: random.Random) -> None:
        choice = rng.random()
        if choice < 0.02:
            await self._organize(told, rng)
        elif choice < 0.3 and self._keys:
            await self._come(told, self._keys[-1], rng)
        else:
            room = await self._sit(told, rng, partial(self._api.join, told.account, rng.choice(STAKES)))
            if room is not None:
                await self._follow(told, room, rng)

    async def _buy(self, told: Told, rng: random.Random) -> None:
        """Pay in; a ban that stands against it is waited for like any."""
        try:
            await self._pay_in(told, rng)
        except ApiError as error:
            if error.code == "banned":
                await self._wait_for_pardon(told)
            elif error.code not in LATER:
                raise

    async def _pay_in(self, told: Told, rng: random.Random) -> None:
        """Enough for some games, or for months of Premium; sometimes by a second device too."""
        stars = rng.randint(1000, 1300) if rng.random() < 0.3 else rng.randint(100, 400)
        await told.purse.pay_in(stars, twice=rng.random() < 0.03)
        told.account.balance = await self.balance(told)

    async def _withdraw(self, told: Told) -> None:
        await self._api.withdraw(told.account)
        self.withdrawals_asked += 1
        told.account.balance = await self.balance(told)

    async def _wait_for_pardon(self, told: Told) -> None:
        """Banned: until an operator has looked, or everybody goes home."""
        self.bans_met += 1
        told.banned = True
        while told.banned and not self._stopping.is_set():
            await asyncio.sleep(1)
            with contextlib.suppress(ApiError):
                told.account.balance = await self.balance(told)
                told.banned = False

    async def _change_account(self, told: Told) -> Told:
        """Link an address, unlink Telegram, and log in by Telegram again: another account of the same person."""
        who = told.account.who
        await self._api.link_email(told.account)
        await self._days_pass(told.account.user_id)
        told.account = await self._api.unlink_telegram(told.account)
        told.left_behind.set()
        while True:
            try:
                new = await self._enter(who)
                break
            except ApiError as error:
                if error.code not in (*LATER, "banned") or self._stopping.is_set():
                    raise
                await asyncio.sleep(1)
        self.told.append(new)
        self.accounts_changed += 1
        return new

    async def _organize(self, told: Told, rng: random.Random) -> None:
        """Make a hero room, tell the others its key, start it once some are there; sometimes change one's mind."""
        room = await self._sit(told, rng, partial(self._api.create_room, told.account, rng.choice(STAKES)))
        if room is None or room["key"] is None:
            if room is not None:
                await self._play(told, room, rng)
            return
        self._keys.append(room["key"])
        game = asyncio.create_task(self._play(told, room, rng))
        await asyncio.sleep(HERO_PATIENCE_S)
        while not game.done():  # until it is known to have begun, or to be over
            with contextlib.suppress(ApiError):
                if rng.random() < 0.15:
                    await self._api.leave(told.account, room["room_id"])
                else:
                    await self._api.start(told.account, room["room_id"])
                break
            await asyncio.wait([game], timeout=0.5)
        self._keys.remove(room["key"])
        await game

    async def _come(self, told: Told, key: str, rng: random.Random) -> None:
        try:
            room = await self._sit(told, rng, partial(self._api.join_by_key, told.account, key))
        except ApiError as error:
            if error.code in ("banned", "insufficient_balance"):
                raise
            return  # it has begun, or it is lost
        if room is not None:
            await self._follow(told, room, rng)

    async def _sit(
        self, told: Told, rng: random.Random, ask: Callable[[str], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any] | None:
        """Ask for a seat until there is one, always with the same key; None: the room of that key is long over.

        Raises:
            ApiError: a refusal that is for good.
        """
        began, once = asyncio.get_running_loop().time(), str(uuid.UUID(int=rng.getrandbits(128), version=4))
        impatient = rng.random() < 0.1
        while True:
            try:
                if impatient:
                    impatient = False
                    self.repeated_joins += 1
                    async with asyncio.timeout(rng.uniform(0, 0.05)):  # the answer is lost, or the request
                        room = await ask(once)
                else:
                    room = await ask(once)
                break
            except TimeoutError:
                continue
            except ApiError as error:
                if error.code == "already_in_room":
                    # Bound by a seat whose game could not be followed to its end, or by one that is being given back.
                    found = await self._bound_to(told, error.details["room_id"])
                    if found is not None:
                        room = found
                        break
                    await asyncio.sleep(0.5)
                elif error.code == "room_closed":
                    return None
                elif error.code not in LATER:
                    raise
        now = asyncio.get_running_loop().time()
        if now - began > NOTICEABLE_S:
            self.waits.append(Wait(told.account.user_id, "join", began, now))
        self.joins += 1
        return room

    async def _bound_to(self, told: Told, room_id: str) -> dict[str, Any] | None:
        try:
            room = await self._api.room(told.account, room_id)
        except ApiError:
            return None
        own = told.account.user_id
        mine = room["organizer_id"] == own or any(player["user_id"] == own for player in room["players"])
        return room if mine and room["state"] in ("waiting", "countdown", "playing") else None

    async def _follow(self, told: Told, room: dict[str, Any], rng: random.Random) -> None:
        if rng.random() < 0.08 and await self._leave(told, room["room_id"], rng.uniform(0, 1.0)):
            return
        await self._play(told, room, rng)

    async def _play(self, told: Told, room: dict[str, Any], rng: random.Random) -> Outcome:
        seat = WatchedSeat(self._api, told, room, rng, self.waits)
        try:
            await seat.run()
        except (SeatLost, ApiError) as error:
            if isinstance(error, ApiError) and error.code not in NO_GAME:
                raise
            told.lost_sight.append(f"{seat.outcome.room_id}: {error}")
            seat.outcome.state = "gone"
        told.outcomes.append(seat.outcome)
        self.reconnects += seat.outcome.reconnects
        if seat.played:
            before = self.games.get(seat.outcome.room_id)
            if room["kind"] == "hero":
                self.hero_games.add(room["room_id"])
            if before is None or before == "gone":
                self.games[seat.outcome.room_id] = seat.outcome.state
        return seat.outcome

    async def _leave(self, told: Told, room_id: str, after_s: float) -> bool:
        """Give the seat back; False: the game has begun, so it is played.  Repeated until there is an answer."""
        await asyncio.sleep(after_s)
        while True:
            try:
                told.last_balance = await self._api.leave(told.account, room_id)
            except ApiError as error:
                if error.code not in LATER:
                    return False
            else:
                told.left.append((room_id, told.last_balance))
                self.leaves += 1
                return True
