"""Answers about games that were decided: the caller's history."""

from typing import Literal

import msgspec

from gateway.schemas.fields import Count, Moment, RoomId, Stars, UserId
from gateway.schemas.room import Organizer
from persistence.vocabulary import RoomKind


class Game(msgspec.Struct):
    """One decided game of the caller, as a player or as the organizer.

    `payout` is what the caller got of it: the prize, the organizer's part, or the stake back.  A refunded game has no
    winner, pool 0 and prize 0, and `reason` says why; `best_rate` is taps a second in the caller's best two seconds.
    """

    room_id: RoomId
    kind: RoomKind
    role: Literal["player", "organizer"]
    organizer_id: UserId | None
    outcome: Literal["settled", "refunded"]
    reason: str | None
    stake: Stars
    pool: Stars
    prize: Stars
    winner: UserId | None
    players: Count
    place: int | None
    taps: Count
    best_rate: float
    blocked: bool
    payout: Stars
    starts_ms: Moment | None
    ended_ms: Moment | None
    decided_ms: Moment


class Games(msgspec.Struct):
    """GET /games, newest first; `next_cursor` is null on the last page."""

    games: list[Game]
    next_cursor: str | None


class GameStanding(msgspec.Struct):
    """One line of the recorded result; a blocked player has place null and prize 0."""

    place: int | None
    user_id: UserId
    name: str
    photo_url: str | None
    taps: Count
    best_rate: float
    blocked: bool
    prize: Stars


class GameTransfer(msgspec.Struct):
    """What one transfer of the ledger did to the caller's balance; `amount` is negative for what was paid."""

    transfer_id: str
    kind: str
    reason: str | None
    amount: int
    balance_after: Stars
    created_ms: Moment


class GameDetails(Game):
    """GET /games/{room_id}: the recorded result, and what it took from and gave to the caller, in order.

    `balance` is the caller's right after the decision.
    """

    balance: Stars
    organizer: Organizer | None
    standings: list[GameStanding]
    transfers: list[GameTransfer]
