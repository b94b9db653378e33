"""Bonus runs as Postgres decides them: started once at a time, recorded forward only, rewarded once an account.

Every function is one round trip and can be repeated.  Must never look at Redis; the flows that cross both stores
stand in `persistence/bonus_runs.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, LiteralString

from persistence.postgres.acting import Actor, act
from persistence.postgres.pool import Database, Role, Row
from persistence.vocabulary import BonusState

Held = Literal["approval", "banned", "budget"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run.  `reward` in Stars; `last_tap_ms` 0: no tap counted; `held`: why a done run's reward waits."""

    run_id: int
    user_id: int
    state: BonusState
    goal: int
    taps: int
    seq: int
    last_tap_ms: int
    reward: int
    started_ms: int
    ends_ms: int
    reason: str | None
    evidence: int | None
    held: Held | None
    promised: int | None
    budget: int | None
    review: Literal["approved", "refused"] | None
    reviewed_by: str | None
    reviewed_ms: int | None
    rewarded_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What Redis says of a run.  `last_tap_ms` 0: no tap counted."""

    run_id: int
    taps: int
    seq: int
    last_tap_ms: int
    state: BonusState
    reason: str | None
    evidence: int | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run as it stands after a report or a review, and its player's balance."""

    run: Run
    balance: int


_COLUMNS = """
(R).run_id, (R).user_id, (R).state::text, (R).goal, (R).taps, (R).seq,
coalesce((extract(epoch FROM (R).last_tap_at) * 1000)::bigint, 0), (R).reward,
(extract(epoch FROM (R).started_at) * 1000)::bigint, (extract(epoch FROM (R).ends_at) * 1000)::bigint,
(R).reason, (R).evidence, (R).held, (R).promised, (R).budget, (R).review, (R).reviewed_by,
(extract(epoch FROM (R).reviewed_at) * 1000)::bigint, (extract(epoch FROM (R).rewarded_at) * 1000)::bigint
"""


def _query(text: LiteralString, run: LiteralString) -> LiteralString:
    """`text` with the fields of `Run` in place of `COLUMNS`; `run` is an expression of the table's row type."""
    return text.replace("COLUMNS", _COLUMNS.replace("R)", f"{run})"))


_START = _query(
    """
    SELECT s.o_status, COLUMNS
    FROM game.start_bonus(%(user_id)s, %(goal)s, %(reward)s, %(budget)s, %(started_ms)s, %(ends_ms)s) AS s
    """,
    "s.o_run",
)
_LATEST = _query("SELECT COLUMNS FROM game.my_bonus() AS r", "r")
_RECORD = _query(
    """
    SELECT s.balance, COLUMNS
    FROM game.record_bonus(
        %(run_ids)s::bigint[], %(taps)s::bigint[], %(seqs)s::bigint[], %(last_ms)s::bigint[], %(states)s::text[],
        %(reasons)s::text[], %(evidence)s::int[], %(budget)s, %(approval)s
    ) AS s
    """,
    "s.run",
)
_DUE = _query("SELECT COLUMNS FROM game.due_bonus(%(now_ms)s, %(limit)s) AS r", "r")
_LIST = _query("SELECT COLUMNS FROM game.list_bonus(%(held)s, %(limit)s) AS r", "r")
_REVIEW = _query(
    """
    SELECT s.o_status, s.o_balance, COLUMNS
    FROM game.review_bonus(%(run_id)s, %(approve)s, %(budget)s) AS s
    """,
    "s.o_run",
)


async def start(
    db: Database, user_id: int, *, goal: int, reward: int, budget: int, started_ms: int, ends_ms: int
) -> tuple[str, Run | None]:
    """Start a run, or find the one that runs.  Statuses: ok, banned, conflict (the goal was reached before),
    forbidden (no budget, or too little is left of it), rate_limited (a hundred runs in a day)."""
    row = await db.one(
        Role.PLAYER,
        user_id,
        _START,
        {
            "user_id": user_id,
            "goal": goal,
            "reward": reward,
            "budget": budget,
            "started_ms": started_ms,
            "ends_ms": ends_ms,
        },
    )
    return row[0], _run(row[1:])


async def latest(db: Database, user_id: int) -> Run | None:
    """The user's latest run, also when it is over."""
    row = await db.call(Role.PLAYER, user_id, _LATEST)
    return None if row is None else _run(row)


async def record(db: Database, reports: Sequence[Report], *, budget: int, approval: int) -> dict[int, Recorded]:
    """Take what Redis reports, forward only, and reward those that reached the goal; what stands now, by run id.

    `budget`: Stars that may be given away in all; a reward above `approval` waits for an operator.
    """
    # Of a run that its player ended a gateway may write the end down, and nothing else.
    ended = all(report.state == "cancelled" for report in reports)
    rows = await db.rows(
        Role.SEATS if ended else Role.SETTLER,
        None,
        _RECORD,
        {
            "run_ids": [report.run_id for report in reports],
            "taps": [report.taps for report in reports],
            "seqs": [report.seq for report in reports],
            "last_ms": [report.last_tap_ms for report in reports],
            # Only Postgres rewards: Redis has it from a decision that was sent to it.
            "states": ["done" if report.state == "rewarded" else report.state for report in reports],
            "reasons": [report.reason for report in reports],
            "evidence": [report.evidence for report in reports],
            "budget": budget,
            "approval": approval,
        },
    )
    return {row[1]: Recorded(_known(row[1:]), row[0]) for row in rows}


async def due(db: Database, now_ms: int, limit: int) -> list[Run]:
    """Running runs whose time is over at `now_ms` of Redis's clock."""
    rows = await db.rows(Role.SETTLER, None, _DUE, {"now_ms": now_ms, "limit": limit})
    return [_known(row) for row in rows]


async def listed(db: Database, *, held: bool, limit: int) -> list[Run]:
    """The latest runs of everybody, or only those whose reward waits for an operator; newest first."""
    rows = await db.rows(Role.SETTLER, None, _LIST, {"held": held, "limit": limit})
    return [_known(row) for row in rows]


async def review(db: Database, run_id: int, *, approve: bool, by: Actor, budget: int) -> tuple[str, Recorded | None]:
    """Pay or refuse a held reward.  Statuses: ok (also repeated), not_found, conflict (it is not held), banned,
    over_budget (it never was within the budget, and still is not)."""
    row = await act(db, by, _REVIEW, {"run_id": run_id, "approve": approve, "budget": budget})
    assert row is not None
    run = _run(row[2:])
    return row[0], None if run is None else Recorded(run, row[1])


def _run(row: Any) -> Run | None:
    return None if row[0] is None else Run(*row)


def _known(row: Row) -> Run:
    return Run(*row)
