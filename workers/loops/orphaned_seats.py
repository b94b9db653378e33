"""OrphanedSeats: what a dead process or a Redis that forgot has left between the two stores.

Compares undecided rooms and live seats in Postgres with the rooms in Redis and puts right what differs.  Postgres
says who paid; Redis says who can still play.  Must never give a stake back that a seat in Redis still stands for:
first the tombstone, then the refund.
"""

import asyncio
from collections import defaultdict

import structlog

from persistence.errors import StoreUnavailable
from persistence.postgres import games
from persistence.postgres.pool import Database
from persistence.redis.rooms import SeatInfo
from persistence.redis.store import RedisStore
from persistence.rooms.settlement import Settlement
from workers import metrics

log = structlog.get_logger(__name__)

PERIOD_S = 5.0
UNCONFIRMED_AFTER_S = 20.0
"""Longer than a hold in Redis and than any statement: whoever staked is no longer about to confirm."""
VOID_AFTER_S = 60.0
"""A room is lost when its shard, in good health, has not known it in two reads this far apart."""
ROOMS_A_ROUND = 2_000
SEATS_A_ROUND = 20_000
CONCURRENT_ROOMS = 32


class OrphanedSeats:
    """One round each few seconds; the times are parameters for tests only."""

    def __init__(
        self,
        live: RedisStore,
        db: Database,
        settlement: Settlement,
        *,
        unconfirmed_after_s: float = UNCONFIRMED_AFTER_S,
        void_after_s: float = VOID_AFTER_S,
    ) -> None:
        self._live = live
        self._db = db
        self._settlement = settlement
        self._unconfirmed_after_s = unconfirmed_after_s
        self._void_after_s = void_after_s
        self._rooms = asyncio.Semaphore(CONCURRENT_ROOMS)

    async def round(self) -> float:
        rooms = await games.open_rooms(self._db, 0, ROOMS_A_ROUND)
        # Redis is read before Postgres: a seat that is paid there was live here, unless it was given back since.
        held = await asyncio.gather(*(self._seats(room) for room in rooms))
        live_seats = await games.stale_live_seats(self._db, 0, SEATS_A_ROUND)
        if len(rooms) == ROOMS_A_ROUND or len(live_seats) == SEATS_A_ROUND:
            log.warning(
                "more open rooms or live seats than one round looks at", rooms=len(rooms), seats=len(live_seats)
            )
        by_room: dict[str, list[games.Seat]] = defaultdict(list)
        for seat in live_seats:
            by_room[seat.room_id].append(seat)
        complete = len(live_seats) < SEATS_A_ROUND
        await asyncio.gather(
            *(
                self._compare(room, seats, by_room[room.room_id], complete)
                for room, seats in zip(rooms, held, strict=True)
            )
        )
        return PERIOD_S

    async def _seats(self, room: games.OpenRoom) -> list[SeatInfo] | None:
        async with self._rooms:
            return await self._live.rooms.seats(room.room_id)

    async def _compare(
        self, room: games.OpenRoom, held: list[SeatInfo] | None, live: list[games.Seat], complete: bool
    ) -> None:
        async with self._rooms:
            if held is None:
                await self._missing(room)
                return
            if room.missing_s is not None:
                await games.clear_missing(self._db, room.room_id)
            paid = {seat.seat_id for seat in held if seat.state == "paid"}
            for seat in live:
                if seat.seat_id not in paid and seat.age_s >= self._unconfirmed_after_s:
                    await self._unconfirmed(seat)
            if complete:
                for seat_id in paid - {seat.seat_id for seat in live}:
                    await self._unpaid(room.room_id, seat_id)

    async def _missing(self, room: games.OpenRoom) -> None:
        missing_s = await games.note_missing(self._db, room.room_id)
        if missing_s is None or missing_s < self._void_after_s:
            return
        outcome = await self._settlement.void_room(room.room_id, "outage")
        metrics.repaired.labels("lost_room").inc()
        log.warning("room lost by Redis, stakes returned", room_id=room.room_id, seats=len(outcome.payouts))

    async def _unconfirmed(self, seat: games.Seat) -> None:
        """Paid, but its request died before it was confirmed, or while it was given back, or Redis forgot it."""
        if await self._settlement.release_lost(seat):
            metrics.repaired.labels("unconfirmed_seat").inc()
            log.warning("stake of a lost seat returned", room_id=seat.room_id, seat_id=seat.seat_id)

    async def _unpaid(self, room_id: str, seat_id: str) -> None:
        """Redis has a seat back whose stake was returned; one that already plays is dropped by the settlement."""
        try:
            left = await self._live.rooms.leave(room_id, seat_id)
        except StoreUnavailable:
            return
        if left.code == "ok":
            metrics.repaired.labels("unpaid_seat").inc()
            log.warning("seat without a stake dropped", room_id=room_id, seat_id=seat_id)
