"""Telegram's book of Stars is held against ours from time to time; of many workers one does it.

Owns when, and telling what was found; the reading stands in `persistence/star_book.py`.
"""

from typing import TYPE_CHECKING

import structlog

from persistence.errors import TelegramRefused
from workers import metrics

if TYPE_CHECKING:
    from persistence.star_book import StarBook

log = structlog.get_logger(__name__)

PERIOD_S = 5.0


class ReconcileLoop:
    """Looks every few seconds whether a reading is due."""

    def __init__(self, book: "StarBook") -> None:
        self._book = book

    async def round(self) -> float:
        """Read when it is due.  A difference is an alarm; what could be mended is mended already."""
        if not await self._book.is_due():
            return PERIOD_S
        try:
            found = await self._book.reconcile()
        except TelegramRefused as error:
            metrics.loop_failures.labels("reconcile").inc()
            log.error("reconciliation refused", reason=error.reason)
            return PERIOD_S
        metrics.stars_found.labels("payment").inc(found.credited)
        metrics.stars_found.labels("refund").inc(found.reversed)
        metrics.star_differences.set(len(found.differences))
        metrics.star_balance.labels("telegram").set(found.telegram_stars)
        metrics.star_balance.labels("ledger").set(found.sums.ledger)
        metrics.star_balance.labels("outside").set(found.sums.outside)
        if found.credited or found.reversed:
            log.warning("reconciliation found what no update told", payments=found.credited, refunds=found.reversed)
        for finding in found.differences:
            log.error("reconciliation", rule=finding.rule, subject=finding.subject, detail=finding.detail)
        return PERIOD_S
