"""Records: after a settlement, the signed record of the game and the signals of its players.

Reads what Redis kept of the game and what Postgres decided, and writes both in one transaction.  Takes its work from a
queue in Postgres that the settlement fills, so that it can never delay one; several workers share it, and what one
leaves another takes up.  Must never decide anything about a game or about money.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog

from persistence.errors import StoreUnavailable
from persistence.postgres import records
from persistence.postgres.pool import Database
from persistence.records.build import GameFacts, SeatOfResult, build
from persistence.records.document import Decision, Terms, Transfer, pack
from persistence.records.findings import Finding
from persistence.records.money import check_money
from persistence.records.rules import check_game
from persistence.records.signing import Signer
from persistence.redis.store import RedisStore
from workers import metrics
from workers.signals import rhythm
from workers.signals.assess import assess
from workers.signals.evidence import Assessment, Observations, Tapper
from workers.signals.pairs import SmallGames

log = structlog.get_logger(__name__)

LEASE_S: Final = 30.0
A_ROUND: Final = 8
MANY_RESULTS: Final = 32
IDLE_S: Final = 0.5
HIGHEST_STAKE: Final = 500
"""Of standard rooms, where nobody says otherwise."""


class _Result(msgspec.Struct):
    """What the live game wrote down of itself."""

    starts_ms: int
    ends_ms: int
    finished_ms: int
    seats: list[SeatOfResult]


class _Decided(msgspec.Struct):
    outcome: str
    reason: str | None
    winner: str | None
    standings: list[dict[str, Any]]
    payouts: dict[str, int]


class _Facts(msgspec.Struct):
    """What Postgres knows of a decided room."""

    capacity: int
    stake: int
    fee_bps: int
    kind: str
    target: int
    organizer_id: str | None
    pool: int
    prize: int
    fee: int
    result: _Result
    decision: _Decided
    transfers: list[Transfer]
    rhythms: dict[str, dict[str, str]]
    few: dict[str, SmallGames]


class Records:
    """One round takes up some games.  `backlog`: how many results wait to be settled; the lease is for tests."""

    def __init__(
        self,
        live: RedisStore,
        db: Database,
        signer: Signer,
        *,
        backlog: Callable[[], int] = lambda: 0,
        lease_s: float = LEASE_S,
        highest_stake: int = HIGHEST_STAKE,
    ) -> None:
        self._live = live
        self._db = db
        self._signer = signer
        self._backlog = backlog
        self._lease_s = lease_s
        self._highest_stake = highest_stake

    async def round(self) -> float:
        # While results wait to be settled records come forward by one at a time: the thread that makes them takes the
        # interpreter from the settlements.  They must come forward: Redis keeps a log for ten minutes only.
        limit = A_ROUND if self._backlog() < MANY_RESULTS else 1
        due = await records.claim(self._db, limit, self._lease_s)
        for game in due:
            try:
                await self._make(game)
            except StoreUnavailable:
                raise  # the lease lets it come again
            except Exception:
                metrics.record_failures.inc()
                log.exception("record not made", room_id=game.room_id)
        return 0 if len(due) == A_ROUND else IDLE_S

    async def _make(self, game: records.DueRecord) -> None:
        frames, observations = await asyncio.gather(
            self._live.rooms.log(game.room_id), self._live.rooms.observations(game.room_id)
        )
        # Some ten milliseconds of arithmetic: in a thread, so that settlements go on meanwhile.
        made, findings = await asyncio.to_thread(make, game, frames, observations, self._signer, self._highest_stake)
        if not await records.put(self._db, made):
            return
        metrics.records.labels(made.log).inc()
        metrics.reviews.inc(sum(bool(player["review"]) for player in made.signals))
        if made.log != "complete":
            log.warning("record without all its frames", room_id=game.room_id, log=made.log)
        for finding in findings:
            metrics.record_findings.inc()
            log.error("record does not add up", room_id=game.room_id, where=finding.where, what=finding.what)


def make(
    game: records.DueRecord,
    frames: bytes,
    observations: Observations,
    signer: Signer,
    highest_stake: int = HIGHEST_STAKE,
) -> tuple[records.NewRecord, list[Finding]]:
    """The signed record with its signals, and whatever in it does not follow from the rules (nothing, normally)."""
    facts = msgspec.convert(game.facts, _Facts)
    record = build(_game_facts(game.room_id, facts), frames, int(time.time() * 1000), signer)
    tappers = [
        Tapper(
            player.user_id,
            player.frames,
            {room_id: bytes.fromhex(kept) for room_id, kept in facts.rhythms.get(player.user_id, {}).items()},
        )
        for player in record.players
    ]
    winner = facts.decision.winner
    company = None if winner is None else (winner, facts.few, highest_stake)
    made = records.NewRecord(
        room_id=game.room_id,
        key_id=signer.key_id,
        public_key=bytes.fromhex(signer.public_key),
        log=record.log,
        root=bytes.fromhex(record.root),
        document=pack(record),
        signals=[_as_json(assessment) for assessment in assess(tappers, observations, company)],
        rhythms={tapper.user_id: rhythm.compact(tapper.frames).hex() for tapper in tappers if len(tapper.frames) > 1},
    )
    return made, [*check_game(record), *check_money(record)]


def _game_facts(room_id: str, facts: _Facts) -> GameFacts:
    result, decided = facts.result, facts.decision
    terms = {
        "room_id": room_id,
        "kind": facts.kind,
        "stake": facts.stake,
        "capacity": facts.capacity,
        "fee_bps": facts.fee_bps,
        "target": facts.target,
        "organizer_id": facts.organizer_id,
        "starts_ms": result.starts_ms,
        "ends_ms": result.ends_ms,
    }
    decision = {
        "outcome": decided.outcome,
        "reason": decided.reason,
        "winner": decided.winner,
        "pool": facts.pool,
        "prize": facts.prize,
        "fee": facts.fee,
        "standings": decided.standings,
        "payouts": decided.payouts,
    }
    return GameFacts(
        msgspec.convert(terms, Terms), result.finished_ms, result.seats, msgspec.convert(decision, Decision),
        facts.transfers,
    )  # fmt: skip


def _as_json(assessment: Assessment) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(assessment)
    return plain | {"user_id": int(assessment.user_id)}
