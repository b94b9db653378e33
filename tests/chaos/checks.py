"""What must be true when everything is well again: the books in themselves, and against what the players were told.

Reads Postgres by its own SQL, not through the product, so that a fault in the product's audit cannot hide one here.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

import psycopg

from persistence.postgres.pool import Database
from persistence.redis import keys
from persistence.redis.store import RedisStore
from persistence.rooms.audit import audit
from tests.chaos.faults import Scene
from tests.chaos.players import Crowd, Told

SHOWN = 10

# Each finds what is wrong; no row: nothing is.
RULES = {
    "all entries do not sum to zero": "SELECT sum(amount) FROM ledger.entries HAVING sum(amount) <> 0",
    "a transfer does not sum to zero": """
        SELECT transfer_id, sum(amount) FROM ledger.entries GROUP BY transfer_id HAVING sum(amount) <> 0""",
    "a balance is not the sum of its entries": """
        SELECT b.user_id, b.balance, coalesce(sum(e.amount), 0) FROM ledger.balances AS b
        LEFT JOIN ledger.entries AS e USING (account_id)
        GROUP BY b.account_id HAVING b.balance <> coalesce(sum(e.amount), 0)""",
    "an escrow is not empty": """
        SELECT a.room_id, sum(e.amount) FROM ledger.accounts AS a JOIN ledger.entries AS e USING (account_id)
        WHERE a.kind = 'escrow' GROUP BY a.room_id HAVING sum(e.amount) <> 0""",
    "a room is not decided": "SELECT room_id FROM game.rooms WHERE outcome = 'open'",
    "a room is not settled or refunded exactly once": """
        SELECT r.room_id, r.outcome, count(t.transfer_id) FROM game.rooms AS r
        LEFT JOIN ledger.transfers AS t ON t.room_id = r.room_id AND t.kind = 'settle'
        GROUP BY r.room_id HAVING count(t.transfer_id) <> (r.outcome = 'settled')::int""",
    "a seat is not paid once, and given back or played for once": """
        SELECT s.seat_id, s.state, p.stakes, p.refunds FROM game.seats AS s, LATERAL (
            SELECT count(*) FILTER (WHERE t.key = 'stake:' || s.seat_id) AS stakes,
                count(*) FILTER (WHERE t.key = 'refund:' || s.seat_id) AS refunds
            FROM ledger.transfers AS t WHERE t.room_id = s.room_id
        ) AS p
        WHERE s.amount > 0 AND (s.state = 'live' OR p.stakes <> 1 OR p.refunds <> (s.state = 'refunded')::int)""",
    "a player is still bound to a room": "SELECT user_id, room_id FROM game.seats WHERE state = 'live'",
    "the total of Stars has changed": """
        SELECT (SELECT sum(amount) FROM ledger.entries AS e JOIN ledger.transfers AS t USING (transfer_id)
                WHERE t.kind = 'grant' AND e.amount > 0) AS granted, sum(e.amount) AS held
        FROM ledger.entries AS e JOIN ledger.accounts AS a USING (account_id) WHERE a.kind <> 'demo'
        HAVING sum(e.amount) <> (SELECT sum(amount) FROM ledger.entries AS e JOIN ledger.transfers AS t
            USING (transfer_id) WHERE t.kind = 'grant' AND e.amount > 0)""",
}


@dataclass
class Verdict:
    """What differs, and the figures that a report wants."""

    differs: list[str] = field(default_factory=list)
    rooms: dict[str, int] = field(default_factory=dict)
    dead_letters: int = 0
    unseen_ends: int = 0
    """Games whose end the player was not told and had to look up (a room that Redis lost)."""


async def settle_down(scene: Scene, within_s: float) -> list[str]:
    """Wait until no room is open and no result waits; what is left after that time."""
    left: list[str] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while True:
                left = await asyncio.to_thread(_open, scene.product.database_url)
                left += await _waiting(scene)
                if not left:
                    return []
                await asyncio.sleep(0.5)
    return left


def _open(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rooms = connection.execute("SELECT room_id FROM game.rooms WHERE outcome = 'open'").fetchall()
    return [f"room {room} is not decided" for (room,) in rooms]


async def _waiting(scene: Scene) -> list[str]:
    found = []
    async with scene.redis() as client:
        for number in range(keys.PARTITIONS):
            if count := await client.xlen(keys.partition(number).results):
                found.append(f"{count} results wait in partition {number}")
            if count := await client.zcard(keys.partition(number).due):
                found.append(f"{count} rooms are not let go in partition {number}")
    return found


async def judge(scene: Scene, crowd: Crowd) -> Verdict:
    """Everything that differs from what must be."""
    verdict = Verdict()
    db = await Database.open(scene.product.database_url, name="chaos")
    live = await RedisStore.open(scene.product.valkey.url, heartbeat=False)
    try:
        verdict.differs += [f"audit: {finding}" for finding in await audit(live, db)]
    finally:
        await live.close()
        await db.close()
    with psycopg.connect(scene.product.database_url) as connection:
        for rule, query in RULES.items():
            verdict.differs += [f"{rule}: {row}" for row in connection.execute(query).fetchmany(SHOWN)]
        verdict.rooms = dict(connection.execute("SELECT outcome::text, count(*) FROM game.rooms GROUP BY 1").fetchall())
        _dead_letters(connection, scene, verdict)
        balances: dict[str, int] = dict(
            connection.execute("SELECT user_id::text, balance FROM ledger.balances").fetchall()
        )
        decisions: dict[str, dict[str, Any]] = dict(
            connection.execute("SELECT room_id, decision FROM game.rooms").fetchall()
        )
        for told in crowd.told:
            verdict.differs += _player(connection, told, decisions, verdict)
            user = told.account.user_id
            shown = await crowd.balance(told)
            if shown != balances[user]:
                verdict.differs.append(f"player {user} is shown {shown} Stars, the books say {balances[user]}")
    verdict.differs += crowd.broken
    return verdict


def _dead_letters(connection: psycopg.Connection[Any], scene: Scene, verdict: Verdict) -> None:
    """Only what was poisoned died.  A poisoned entry that Redis has forgotten with its last second is none."""
    rows = connection.execute("SELECT stream, entry_id, room_id, error FROM game.dead_letters").fetchall()
    verdict.dead_letters = len(rows)
    verdict.differs += [f"a result was given up: {row}" for row in rows if (int(row[0]), row[1]) not in scene.poisoned][
        :SHOWN
    ]


def _player(
    connection: psycopg.Connection[Any], told: Told, decisions: dict[str, dict[str, Any]], verdict: Verdict
) -> list[str]:
    """What one player was told, against the record."""
    user, found = told.account.user_id, []
    for frame in told.settled:
        decision = decisions.get(frame["room_id"]) or {}
        recorded = {
            **{name: decision.get(name) for name in ("winner", "prize", "standings")},
            "payout": decision.get("payouts", {}).get(user),
            "balance": decision.get("balances", {}).get(user),
        }
        if any(frame[name] != value for name, value in recorded.items()):
            found.append(f"player {user} was told {frame} of a room that was decided as {recorded}")
    change: dict[str, int] = {}
    unseen = set()
    for outcome in told.outcomes:
        if outcome.state == "settled":
            change[outcome.room_id] = change.get(outcome.room_id, 0) + outcome.payout - outcome.stake
        elif outcome.state != "cancelled":
            unseen.add(outcome.room_id)
    verdict.unseen_ends += len(unseen)
    for room_id in unseen:
        row = connection.execute(
            """
            SELECT coalesce(sum(e.amount), 0) FROM ledger.balances AS b JOIN ledger.entries AS e USING (account_id)
            JOIN ledger.transfers AS t USING (transfer_id) WHERE b.user_id = %s AND t.room_id = %s
            """,
            (user, room_id),
        ).fetchone()
        assert row is not None
        change[room_id] = int(row[0])
    expected = told.first_balance + sum(change.values())
    row = connection.execute("SELECT balance FROM ledger.balances WHERE user_id = %s", (user,)).fetchone()
    assert row is not None
    if row[0] != expected:
        games = [(outcome.room_id, outcome.state, outcome.payout - outcome.stake) for outcome in told.outcomes]
        found.append(f"player {user} has {row[0]} Stars, not the {expected} that its games add up to: {games}")
    return found
