"""Bonus runs: what Redis counted is written to Postgres behind, ended runs are rewarded, late ones expire.

Owns when; the order of the two stores stands in `persistence/bonus_runs.py`.  Several workers may do the same at once.
"""

import asyncio
from typing import Final

import structlog

from persistence.bonus_runs import BonusRuns
from persistence.errors import StoreUnavailable
from persistence.postgres import bonus
from persistence.postgres.pool import Database
from persistence.redis.bonus import LiveRun
from persistence.redis.store import RedisStore
from workers import metrics

log = structlog.get_logger(__name__)

PERIOD_S = 1.0
RUNS_A_PARTITION = 100
"""In one round, and so 6,400 in one statement; the rest follows in the next round."""
DUE_A_ROUND = 1_000


class BonusFlush:
    """One round each second."""

    NAME: Final = "bonus-runs"

    def __init__(self, live: RedisStore, db: Database, runs: BonusRuns) -> None:
        self._live = live
        self._db = db
        self._runs = runs

    async def round(self) -> float:
        """Flush what changed, then end what is late."""
        users = await self._live.bonus.dirty(RUNS_A_PARTITION)
        seen = await asyncio.gather(*map(self._look, users))
        await self._record([live for live in seen if live is not None])
        late = await bonus.due(self._db, self._live.now_ms(), DUE_A_ROUND)
        # Redis has the final word, also on runs to be loaded there first: it may know of a goal that was reached.
        ends = await asyncio.gather(*map(self._runs.restore, late))
        ids = {run.run_id for run in late}
        await self._record([live for live in ends if live.state != "running" and live.run_id in ids])
        return PERIOD_S

    async def _look(self, user_id: str) -> LiveRun | None:
        live = await self._live.bonus.look(user_id)
        if live is None:
            await self._live.bonus.vanished(user_id)
        return live

    async def _record(self, seen: list[LiveRun]) -> None:
        try:
            recorded = await self._runs.record(seen)
        except StoreUnavailable:
            raise
        except Exception:
            if len(seen) == 1:
                metrics.loop_failures.labels(self.NAME).inc()
                log.exception("bonus run not recorded", run_id=seen[0].run_id, user_id=seen[0].user_id)
                return
            for live in seen:  # one that cannot be recorded must not hold up the others
                await self._record([live])
            return
        for live in seen:
            if live.run_id not in recorded:
                log.warning("bonus run unknown to Postgres dropped", run_id=live.run_id, user_id=live.user_id)
            elif live.state != "running":
                metrics.bonus_runs.labels(recorded[live.run_id].run.state).inc()
