"""The games of one player: what was decided about them, and what they took and gave.

Shows nobody but the claim's user anything; must never write.
"""

from dataclasses import dataclass
from datetime import datetime

from persistence.postgres.pool import Database, Role
from persistence.vocabulary import RoomKind, RoomOutcome

_GAME = (
    "SELECT decided_us, seat_id::text, room_id, kind, organizes, organizer_id, outcome, reason, stake, pool, prize,"
    " winner_id, players, place, taps, best, blocked, payout, balance, starts_ms, ended_ms"
)


@dataclass(frozen=True, slots=True)
class Game:
    """One seat that was decided with its room.  `decided_us` and `seat_id` are the cursor.

    What was never played has no taps; a room that was refunded has no pool, prize and winner; one that Redis lost has
    no times.  `balance` is that right after the decision.
    """

    decided_us: int
    seat_id: str
    room_id: str
    kind: RoomKind
    organizes: bool
    organizer_id: int | None
    outcome: RoomOutcome
    reason: str | None
    stake: int
    pool: int | None
    prize: int | None
    winner_id: int | None
    players: int
    place: int | None
    taps: int | None
    best: int | None
    blocked: bool | None
    payout: int
    balance: int
    starts_ms: int | None
    ended_ms: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the recorded standings; a blocked player has no place.  `best`: most taps within two seconds."""

    place: int | None
    user_id: int
    name: str
    photo_url: str | None
    taps: int
    best: int
    blocked: bool
    prize: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """What one transfer of a room's did to the player's balance."""

    transfer_id: int
    kind: str
    reason: str | None
    amount: int
    balance_after: int
    created_at: datetime


async def games(db: Database, user_id: int, before: tuple[int, str] | None, limit: int) -> list[Game]:
    """The user's games, newest first; `before` is the cursor of the last one of the page before."""
    before_us, before_seat_id = before or (None, None)
    rows = await db.rows(
        Role.PLAYER,
        user_id,
        f"{_GAME} FROM game.my_games(%(before_us)s, %(before_seat_id)s, NULL, %(limit)s)",
        {"before_us": before_us, "before_seat_id": before_seat_id, "limit": limit},
    )
    return [Game(*row) for row in rows]


async def game(db: Database, user_id: int, room_id: str) -> Game | None:
    """One game of the user's; None while the room is undecided, and to those who were not in it to the end."""
    row = await db.call(
        Role.PLAYER, user_id, f"{_GAME} FROM game.my_games(NULL, NULL, %(room_id)s, 1)", {"room_id": room_id}
    )
    return Game(*row) if row else None


async def standings(db: Database, user_id: int, room_id: str) -> list[Line]:
    """The recorded standings of a game that the user was in."""
    rows = await db.rows(
        Role.PLAYER,
        user_id,
        """
        SELECT place, user_id, name, photo_url, taps, best, blocked, prize FROM game.my_game_standings(%(room_id)s)
        """,
        {"room_id": room_id},
    )
    return [Line(*row) for row in rows]


async def transfers(db: Database, user_id: int, room_id: str) -> list[Transfer]:
    """What the room took from and gave to the user, in order."""
    rows = await db.rows(
        Role.PLAYER,
        user_id,
        """
        SELECT transfer_id, kind, reason, amount, balance_after, created_at FROM game.my_game_transfers(%(room_id)s)
        """,
        {"room_id": room_id},
    )
    return [Transfer(*row) for row in rows]
