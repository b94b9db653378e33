"""Telegram's Star transactions and the chain's are compared with our ledger from time to time; of many workers one
does it.

Owns when, and the reports of what was found; the readings stand in `persistence/payments/star_reconciliation.py` and
`persistence/payments/chain_reconciliation.py`.
"""

from typing import TYPE_CHECKING, Final

import structlog

from persistence.errors import TelegramRefused
from persistence.payments.chain_reconciliation import ChainReconciliation
from persistence.postgres import chain_transactions
from persistence.postgres.pool import Database
from persistence.ton.toncenter import ChainRefused
from workers import metrics

if TYPE_CHECKING:
    from persistence.payments.star_reconciliation import StarReconciliation

log = structlog.get_logger(__name__)

PERIOD_S = 5.0


class StarReconciliationLoop:
    """Looks every few seconds whether a reading is due."""

    NAME: Final = "star-reconciliation"

    def __init__(self, reconciliation: "StarReconciliation") -> None:
        self._reconciliation = reconciliation

    async def round(self) -> float:
        """Read when it is due.  A difference is an alarm; what could be repaired is repaired already."""
        if not await self._reconciliation.claim():
            return PERIOD_S
        try:
            found = await self._reconciliation.reconcile()
        except TelegramRefused as error:
            metrics.loop_failures.labels(self.NAME).inc()
            log.error("reconciliation refused", reason=error.reason)
            return PERIOD_S
        metrics.stars_found.labels("payment").inc(found.credited)
        metrics.stars_found.labels("refund").inc(found.reversed)
        metrics.star_balance.labels("telegram").set(found.telegram_stars)
        metrics.star_balance.labels("ledger").set(found.sums.ledger)
        metrics.star_balance.labels("outside").set(found.sums.outside)
        if found.credited or found.reversed:
            log.warning("reconciliation found what no update brought", payments=found.credited, refunds=found.reversed)
        for finding in found.differences:
            log.error("reconciliation", rule=finding.rule, subject=finding.subject, detail=finding.detail)
        return PERIOD_S


class ChainReconciliationLoop:
    """The same for the chain."""

    NAME: Final = "chain-reconciliation"

    def __init__(self, reconciliation: ChainReconciliation) -> None:
        self._reconciliation = reconciliation

    async def round(self) -> float:
        """Read when it is due.  A difference is an alarm, and only an operator can put it right."""
        if not await self._reconciliation.claim():
            return PERIOD_S
        try:
            found = await self._reconciliation.reconcile()
        except ChainRefused as error:
            metrics.loop_failures.labels(self.NAME).inc()
            log.error("reconciliation of the chain refused", status=error.status)
            return PERIOD_S
        for finding in found.differences:
            log.error("reconciliation of the chain", rule=finding.rule, subject=finding.subject, detail=finding.detail)
        return PERIOD_S


class ReconciliationGauges:
    """Shows what the latest readings found, whichever worker read: else one would go on showing an old difference."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def round(self) -> float:
        latest = await chain_transactions.latest(self._db)
        if latest.star_differences is not None and latest.star_read_at is not None:
            metrics.star_differences.set(latest.star_differences)
            metrics.reconciled_at.labels("telegram").set(latest.star_read_at.timestamp())
        if latest.chain_differences is not None and latest.chain_read_at is not None:
            metrics.chain_differences.set(latest.chain_differences)
            metrics.reconciled_at.labels("chain").set(latest.chain_read_at.timestamp())
        return PERIOD_S
