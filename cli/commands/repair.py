"""`chance-tap audit --repair`: does at once what a worker's sweeps do in their time, and says what it did.

Everything goes through the same flows as in a worker, so it may run beside workers and be repeated.  Must never make
money, and never changes a decided room: what the audit finds wrong in the books themselves is left for a human.
"""

import asyncio
import time
from collections.abc import Sequence

import msgspec
import psycopg

from chance_tap.settings import Settings
from cli.commands.stores import open_stores
from cli.progress import progress_bar
from persistence.postgres import games
from persistence.postgres.audit import Finding
from persistence.postgres.pool import Database
from persistence.progress import Progress, untold
from persistence.redis.store import RedisStore
from persistence.rooms.audit import PATIENCE_S, audit, compare
from persistence.rooms.settlement import RefundReason, Settlement
from workers.loops.deadlines import DeadlineLoop
from workers.loops.orphaned_seats import UNCONFIRMED_AFTER_S, VOID_AFTER_S, OrphanedSeats

PAGE = 1_000
PAUSE_S = 1.0
MARGIN_S = 10.0
_REPAIRABLE = frozenset({"room_not_in_redis", "room_not_settled", "seat_not_in_redis"})
"""What patience and the rounds below put right; a seat without a stake is dropped when its game is settled."""


async def repair_stores(settings: Settings) -> tuple[list[str], list[Finding]]:
    """Repair the stores that the settings name; what was done, a line each, and what the audit finds after it."""
    async with open_stores(settings, "repair") as (live, db):
        with progress_bar("Repairing") as progress:
            done = await repair(live, db, settings.stakes, progress=progress)
            return done, await audit(live, db, patience_s=PATIENCE_S)


class _Noted(Settlement):
    """Keeps what it did, each thing once."""

    def __init__(self, live: RedisStore, db: Database) -> None:
        super().__init__(live, db)
        self.done: dict[str, None] = {}
        self.undecided: set[str] = set()
        self.beyond: set[str] = set()
        """Rooms whose result nobody can settle: for a human."""

    async def settle_room(self, room_id: str, result: bytes, *, durable: bool = False) -> games.Outcome:
        return self._note(await super().settle_room(room_id, result, durable=durable))

    async def void_room(self, room_id: str, reason: str) -> games.Outcome:
        return self._note(await super().void_room(room_id, reason))

    async def refund(self, seat_id: str, reason: RefundReason) -> games.RefundReply:
        reply = await super().refund(seat_id, reason)
        if reply.status == "refunded":
            self.done[f"seat {seat_id} of room {reply.room_id}: stake returned to player {reply.user_id}"] = None
        return reply

    def _note(self, outcome: games.Outcome) -> games.Outcome:
        if outcome.room_id in self.undecided:
            paid = ", ".join(f"player {user} gets {stars}" for user, stars in outcome.payouts.items())
            self.done[f"room {outcome.room_id} {outcome.outcome}: {paid or 'nobody had paid'}"] = None
        return outcome


async def repair(
    live: RedisStore,
    db: Database,
    stakes: Sequence[int],
    *,
    unconfirmed_after_s: float = UNCONFIRMED_AFTER_S,
    void_after_s: float = VOID_AFTER_S,
    progress: Progress = untold,
) -> list[str]:
    """Settle what has ended, give back what is lost, make the lobbies anew; what was done, a line each.

    A room that Redis does not know is void only after `void_after_s`, as for a worker: until then this waits.

    Raises:
        StoreUnavailable: a store did not answer; what was done is done, say it again.
    """
    settlement = _Noted(live, db)
    deadlines = DeadlineLoop(live, settlement, stakes)
    orphaned_seats = OrphanedSeats(
        live, db, settlement, unconfirmed_after_s=unconfirmed_after_s, void_after_s=void_after_s
    )
    if forgotten := await live.rebuild_lobbies(stakes):
        settlement.done[f"lobbies: {forgotten} rooms that are no more were taken out"] = None
    until = time.monotonic() + max(unconfirmed_after_s, void_after_s) + MARGIN_S
    while True:
        settlement.undecided |= set(await games.open_room_seats(db, page=PAGE))
        await deadlines.round()
        await _settle_ended(live, settlement)
        await orphaned_seats.round()
        beyond = {f"room {room_id}" for room_id in settlement.beyond}
        left = [f for f in await compare(live, db) if f.rule in _REPAIRABLE and f.subject not in beyond]
        if not left or time.monotonic() > until:
            return list(settlement.done)
        progress(len(settlement.done), len(settlement.done) + len(left))
        await asyncio.sleep(PAUSE_S)


async def _settle_ended(live: RedisStore, settlement: _Noted) -> None:
    """Rooms that have ended in Redis, even where a reader holds their entry: a second settlement changes nothing."""
    for room_id in sorted({*await live.open_rooms(), *settlement.undecided}):
        result = await live.rooms.result(room_id)
        if result is None:
            continue
        try:
            await settlement.settle_room(room_id, result)
        except (psycopg.Error, msgspec.MsgspecError) as error:
            settlement.beyond.add(room_id)
            settlement.done[f"room {room_id} cannot be settled, look at it with `room show`: {error}"] = None
