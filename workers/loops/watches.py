"""Shows what the latest looks found and how old they are, whichever worker made them, and alarms where one fails or is
not made.

Owns the alarm.  Must never look itself.
"""

import time
from typing import Final

import structlog

from chance_tap.settings import Settings
from persistence import watches
from persistence.postgres import chain_transactions, set_aside
from persistence.postgres import watches as kept
from persistence.postgres.pool import Database
from persistence.postgres.watches import Watch
from workers import metrics

log = structlog.get_logger(__name__)

PERIOD_S: Final = 5.0
AGAIN_S: Final = 3600.0
"""An alarm that goes on is told again after so long."""


class WatchLoop:
    """One round each few seconds, in every worker."""

    NAME: Final = "watches"

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._expected = watches.expected(settings)
        self._told_at: dict[str, float] = {}
        self._begun = False

    async def round(self) -> float:
        if not self._begun:
            await kept.expect(self._db, list(self._expected))
            self._begun = True
        for watch in await kept.listed(self._db):
            if (oldest_s := self._expected.get(watch.name)) is not None:
                self._show(watch)
                self._alarm(watch, oldest_s)
        for kind, items in (await set_aside.counts(self._db)).items():
            metrics.set_aside.labels(kind).set(items)
        latest = await chain_transactions.latest(self._db)
        if latest.star_differences is not None and latest.star_read_at is not None:
            metrics.star_differences.set(latest.star_differences)
            metrics.reconciled_at.labels("telegram").set(latest.star_read_at.timestamp())
        if latest.chain_differences is not None and latest.chain_read_at is not None:
            metrics.chain_differences.set(latest.chain_differences)
            metrics.reconciled_at.labels("chain").set(latest.chain_read_at.timestamp())
        return PERIOD_S

    def _show(self, watch: Watch) -> None:
        metrics.watch_succeeded_at.labels(watch.name).set((watch.succeeded_at or watch.since).timestamp())
        metrics.watch_failures.labels(watch.name).set(watch.failures)
        if watch.name == watches.AUDIT:
            # Not a number, until an audit has come to its end: zero would say that all is well.
            metrics.audit_findings.set(float("nan") if watch.findings is None else watch.findings)

    def _alarm(self, watch: Watch, oldest_s: float) -> None:
        problem = watches.problem(watch, oldest_s)
        metrics.watch_overdue.labels(watch.name).set(watch.age_s > oldest_s)
        if problem is None:
            if self._told_at.pop(watch.name, None) is not None:
                log.info("watch is back", watch=watch.name)
        elif time.monotonic() - self._told_at.get(watch.name, float("-inf")) > AGAIN_S:
            self._told_at[watch.name] = time.monotonic()
            log.error("watch fails", alert=True, watch=watch.name, problem=problem)
