"""Random histories of standard and hero rooms: every reply, payout and balance as a plain model foretells it."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from persistence.postgres import games, ledger, users
from persistence.postgres.pool import Database
from persistence.vocabulary import RoomKind
from tests.postgres.play import (
    HERO_BPS,
    STAKE,
    Finisher,
    assert_clean,
    balance_of_account,
    finished,
    new_room,
    new_seat,
    organize,
    pay,
    sign_up,
    total_of_players,
)

STARS = 4 * STAKE
FEE_BPS = 333


@dataclass
class Room:
    """What the model knows of an open room; `seats` are the paid ones, by player."""

    room_id: str
    organizer: int | None
    stake: int
    seats: dict[int, str] = field(default_factory=dict)

    @property
    def kind(self) -> RoomKind:
        return "standard" if self.organizer is None else "hero"


class History:
    """Plays one history and foretells it."""

    def __init__(self, db: Database, players: list[int], seed: int) -> None:
        self.db = db
        self.chance = random.Random(seed)
        self.balances = dict.fromkeys(players, STARS)
        self.won: Counter[int] = Counter()
        self.sits: dict[int, Room] = {}
        self.rooms: list[Room] = []
        self.house = 0

    async def move(self) -> None:
        kinds = [self.join, self.organize, self.leave, self.end]
        await self.chance.choices(kinds, [10, 3, 2, 2])[0]()

    async def join(self) -> None:
        player = self.chance.choice(list(self.balances))
        room = self.chance.choice([*self.rooms, Room(new_room(), None, STAKE)])
        reply = await pay(
            self.db,
            player,
            room.room_id,
            kind=room.kind,
            amount=room.stake,
            fee_bps=FEE_BPS if room.kind == "standard" else 0,
        )
        if player in self.sits:
            assert (reply.status, reply.room_id) == ("already_in_room", self.sits[player].room_id)
        elif self.balances[player] < room.stake:
            assert (reply.status, reply.balance) == ("insufficient_balance", self.balances[player])
        else:
            self.balances[player] -= room.stake
            assert (reply.status, reply.balance) == ("paid", self.balances[player])
            assert reply.seat_id is not None
            if room not in self.rooms:
                self.rooms.append(room)
            room.seats[player] = reply.seat_id
            self.sits[player] = room

    async def organize(self) -> None:
        player = self.chance.choice(list(self.balances))
        room = Room(new_room(), player, self.chance.choice([1, 7, STAKE, 99]))
        reply = await organize(self.db, player, room.room_id, fee=room.stake)
        if player in self.sits:
            assert (reply.status, reply.room_id) == ("already_in_room", self.sits[player].room_id)
        else:
            assert (reply.status, reply.balance) == ("paid", self.balances[player])
            self.rooms.append(room)
            self.sits[player] = room

    async def leave(self) -> None:
        seated = [(room, player) for room in self.rooms for player in room.seats]
        if not seated:
            return
        room, player = self.chance.choice(seated)
        self.balances[player] += room.stake
        reply = await games.refund(self.db, room.seats[player], "left")
        assert (reply.status, reply.user_id, reply.balance) == ("refunded", player, self.balances[player])
        del room.seats[player], self.sits[player]

    async def end(self) -> None:
        if not self.rooms:
            return
        room = self.chance.choice(self.rooms)
        lines = [
            Finisher(seat, player, self.chance.randrange(4) * 10 + place, self.chance.random() < 0.2)
            for place, (player, seat) in enumerate(room.seats.items())
            if self.chance.random() < 0.9
        ]
        cancelled = self.chance.random() < 0.2
        result = finished(room.room_id, lines, outcome="cancelled" if cancelled else "finished", kind=room.kind)
        outcome = await games.settle(self.db, room.room_id, result)
        payouts = self.foretell(room, [] if cancelled else lines)
        assert outcome.payouts == {str(player): payout for player, payout in payouts.items()}
        for player, payout in payouts.items():
            self.balances[player] += payout
            del self.sits[player]
        assert outcome.balances == {str(player): self.balances[player] for player in payouts}
        self.rooms.remove(room)
        assert await games.void(self.db, room.room_id, "again") == outcome

    def foretell(self, room: Room, lines: list[Finisher]) -> dict[int, int]:
        """What everybody in the room gets, by the rules of the house."""
        able = [line for line in lines if line.taps > 0 and not line.blocked]
        nothing = {} if room.organizer is None else {room.organizer: 0}
        if not able:
            return dict.fromkeys(room.seats, room.stake) | nothing
        winner = max(able, key=lambda line: line.taps).user_id
        pool = room.stake * len(lines)
        fee = pool * (FEE_BPS if room.organizer is None else HERO_BPS) // 10_000
        self.won[winner] += pool - fee
        if room.organizer is None:
            self.house += fee
        played = {line.user_id for line in lines}
        payouts = {player: 0 if player in played else room.stake for player in room.seats}
        return payouts | {winner: pool - fee} | ({} if room.organizer is None else {room.organizer: fee})


@pytest.mark.parametrize("seed", range(4))
async def test_a_history_goes_as_foretold(db: Database, database_url: str, seed: int) -> None:
    players = await sign_up(db, 8, stars=STARS)
    history = History(db, players, seed)

    for number in range(150):
        await history.move()
        if number % 25 == 0:
            await assert_clean(db)

    await assert_clean(db)
    assert {player: await ledger.balance(db, player) for player in players} == history.balances
    assert {player: (await users.me(db, player)).won for player in players} == {
        player: history.won[player] for player in players
    }
    assert sum(history.won.values()) > 0
    assert balance_of_account(database_url, "house") == history.house
    held = sum(room.stake * len(room.seats) for room in history.rooms)
    assert balance_of_account(database_url, "escrow") == held
    assert total_of_players(database_url) + held + history.house == len(players) * STARS


async def test_histories_at_once_lose_no_star(db: Database, database_url: str) -> None:
    """Nothing can be foretold here but what must hold in any order."""
    chance = random.Random(20261122)
    players = await sign_up(db, 12, stars=STARS)
    rooms: dict[str, RoomKind] = {}
    seats: dict[str, list[tuple[str, int]]] = {}

    async def join() -> None:
        player, room = chance.choice(players), chance.choice([*rooms, new_room()])
        kind = rooms.get(room, "standard")
        reply = await pay(db, player, room, kind=kind, fee_bps=FEE_BPS)
        assert reply.status in {"paid", "already_in_room", "insufficient_balance", "room_closed"}
        if reply.status == "paid" and reply.seat_id is not None:
            rooms.setdefault(room, kind)
            seats.setdefault(room, []).append((reply.seat_id, player))

    async def make() -> None:
        room = new_room()
        reply = await organize(db, chance.choice(players), room)
        assert reply.status in {"paid", "already_in_room"}
        if reply.status == "paid":
            rooms[room] = "hero"

    async def leave() -> None:
        known = [seat for held in seats.values() for seat, _ in held]
        reply = await games.refund(db, chance.choice([*known, new_seat()]), "left")
        assert reply.status in {"refunded", "already", "settled", "unknown"}

    async def end() -> None:
        if not rooms:
            return
        room = chance.choice(list(rooms))
        del rooms[room]
        lines = [Finisher(seat, player, chance.randrange(5)) for seat, player in seats.get(room, [])]
        first, second, third = await asyncio.gather(
            games.settle(db, room, finished(room, lines)),
            games.void(db, room, "operator"),
            games.settle(db, room, finished(room, lines)),
        )
        assert first == second == third

    moves = [chance.choices([join, make, leave, end], [8, 3, 2, 3])[0] for _ in range(240)]
    for start in range(0, len(moves), 60):
        await asyncio.gather(*(move() for move in moves[start : start + 60]))
        await assert_clean(db)
    for opened in await games.open_rooms(db, 0, 500):
        await games.void(db, opened.room_id, "operator")

    await assert_clean(db)
    assert balance_of_account(database_url, "escrow") == 0
    assert total_of_players(database_url) + balance_of_account(database_url, "house") == len(players) * STARS
    assert [await games.live_seat(db, player) for player in players] == [None] * len(players)
