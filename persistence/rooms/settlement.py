"""Closing a room and giving a seat back: Postgres decides, Redis obeys.

Owns the order of the two stores in settle, void and refund, and the events that notify players of it.  Every
step may be repeated by anybody: whoever loses a race is answered the stored outcome and carries it to Redis.
Must never compute a prize or a payout: the ledger's functions do.
"""

from typing import Literal

import msgspec

from persistence.postgres import games
from persistence.postgres.pool import Database
from persistence.redis.keys import partition_of
from persistence.redis.store import RedisStore
from persistence.redis.user_events import BalanceChanged, RankedPlayer, Settled, UserEvent

RefundReason = Literal["left", "seat_gone", "seat_lost"]
"""Why one seat goes back: its player left; the room went on without it; no request was left to finish it."""


class _Seen(msgspec.Struct):
    """What this module reads of a result."""

    outcome: Literal["finished", "cancelled"]


_seen = msgspec.json.Decoder(_Seen).decode


class Settlement:
    """Settles, voids and refunds through both stores.  Every method may raise StoreUnavailable and then be repeated."""

    def __init__(self, live: RedisStore, db: Database) -> None:
        self._live = live
        self._db = db

    async def settle_room(self, room_id: str, result: bytes, *, durable: bool = False) -> games.Outcome:
        """Record a room's result, pay, and make Redis keep what was recorded.

        `durable`: the caller has already made sure that Redis cannot lose the result.  Money must not be paid for a
        game that a failover could take back and play on.
        """
        seen = _seen(result)
        if not durable:
            await self._live.results.barrier([partition_of(room_id)])
        outcome = await games.settle(self._db, room_id, result)
        await self._apply_decision(outcome, expected=seen.outcome == "cancelled")
        return outcome

    async def void_room(self, room_id: str, reason: str) -> games.Outcome:
        """Give every stake of a room back that Redis has lost.  One that was decided keeps its decision, and Redis,
        where it still runs the room, obeys."""
        outcome = await games.void(self._db, room_id, reason)
        await self._apply_decision(outcome, expected=True)
        return outcome

    async def refund(self, seat_id: str, reason: RefundReason) -> games.RefundReply:
        """Give the stake of a seat back that Redis can no longer confirm: one that is tombstoned or gone."""
        reply = await games.refund(self._db, seat_id, reason)
        if reply.status == "refunded":
            assert reply.user_id is not None
            assert reply.balance is not None
            self._live.user_events.publish(reply.user_id, BalanceChanged(reply.balance))
        return reply

    async def release_lost(self, seat: games.Seat) -> bool:
        """Give back a live seat that its room in Redis does not hold.  False: the room has gone on with it, or is lost
        itself, so that the seat shares the room's fate."""
        left = await self._live.rooms.leave(seat.room_id, seat.seat_id)
        if left.code != "ok":
            return False
        await self.refund(seat.seat_id, "seat_lost")
        return True

    async def _apply_decision(self, outcome: games.Outcome, *, expected: bool) -> None:
        """Notify players and write the outcome down in Redis, unless that was done before: the balances in an outcome
        are those of the decision, and a late repetition would send old ones.

        `expected`: the players have seen the cancellation, so that the money coming back is all there is to say.
        """
        state = await self._live.rooms.snapshot(outcome.room_id)
        if state is not None and state.outcome is not None:
            return
        standings = [RankedPlayer(line.place, line.user_id, line.taps, line.prize) for line in outcome.standings]
        for user_id, balance in outcome.balances.items():
            event: UserEvent
            if outcome.outcome == "refunded" and expected:
                event = BalanceChanged(balance)
            else:
                event = Settled(
                    room_id=outcome.room_id,
                    winner=outcome.winner,
                    prize=outcome.prize,
                    standings=standings,
                    payout=outcome.payouts[user_id],
                    balance=balance,
                )
            self._live.user_events.publish(user_id, event)
        if state is not None:
            await self._live.rooms.mark_settled(outcome.room_id, msgspec.json.encode(outcome))
