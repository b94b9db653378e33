"""Is the ledger right, and do Redis and Postgres agree about rooms and seats?

Looks only; must never change anything.  What Postgres says of money alone stands in `persistence/postgres/audit.py`;
here it is compared with the rooms in Redis.  Seats and rooms are on the move while this looks, so a disagreement
counts only when it is still there some seconds later.
"""

import asyncio
import itertools

from persistence.postgres import games
from persistence.postgres.audit import Finding
from persistence.postgres.audit import audit as audit_ledger
from persistence.postgres.pool import Database
from persistence.progress import Progress, untold
from persistence.redis.room_state import RoomState
from persistence.redis.store import RedisStore

PATIENCE_S = 3.0
"""Between two looks: a join or a settlement under way is through by then."""
PAGE = 1_000
"""Rooms that one statement reads; all of them are looked at."""
AT_ONCE = 32


async def audit(
    live: RedisStore, db: Database, *, patience_s: float = PATIENCE_S, progress: Progress = untold
) -> list[Finding]:
    """Everything that is wrong.  `patience_s` 0 is for stores at rest; `progress` counts rooms.

    Raises:
        StoreUnavailable: a store did not answer, so nothing can be said.
    """
    findings = await audit_ledger(db)
    found = set(await compare(live, db, progress))
    if found and patience_s > 0:
        await asyncio.sleep(patience_s)
        found &= set(await compare(live, db, progress))
    return [*findings, *sorted(found, key=lambda finding: (finding.rule, finding.subject))]


async def compare(live: RedisStore, db: Database, progress: Progress = untold) -> list[Finding]:
    """Undecided rooms of Postgres beside the rooms of Redis, at one look."""
    rooms = await games.open_room_seats(db, page=PAGE)
    limit = asyncio.Semaphore(AT_ONCE)
    looked_at = itertools.count(1)

    async def snapshot(room_id: str) -> RoomState | None:
        async with limit:
            state = await live.rooms.snapshot(room_id)
        progress(next(looked_at), len(rooms))
        return state

    states = await asyncio.gather(*map(snapshot, rooms))
    findings: list[Finding] = []
    for (room_id, seats), state in zip(rooms.items(), states, strict=True):
        findings += differences(room_id, state, seats)
    return findings


def differences(room_id: str, state: RoomState | None, live_seats: set[str]) -> list[Finding]:
    """What is wrong with an undecided room; `live_seats` are those that players have paid for."""
    subject = f"room {room_id}"
    if state is None:
        return [Finding("room_not_in_redis", subject, f"undecided, {len(live_seats)} live seats")]
    findings = []
    if state.result is not None:
        findings.append(Finding("room_not_settled", subject, f"{state.state} in Redis, undecided in Postgres"))
    paid = {player.seat_id for player in state.players}
    findings += [Finding("seat_not_in_redis", subject, f"seat {seat} is paid") for seat in sorted(live_seats - paid)]
    findings += [
        Finding("seat_without_stake", subject, f"seat {seat} plays in Redis") for seat in sorted(paid - live_seats)
    ]
    return findings
