"""Telegram's Star transactions and the chain's are compared with our ledger from time to time; of many workers one
does it.

Owns when, and the reports of what was found; the readings stand in `persistence/payments/star_reconciliation.py` and
`persistence/payments/chain_reconciliation.py`.
"""

from typing import TYPE_CHECKING, Final

import structlog

from persistence import watches
from persistence.errors import TelegramRefused
from persistence.payments.chain_reconciliation import ChainReconciliation
from persistence.postgres.pool import Database
from persistence.ton.toncenter import ChainRefused
from workers import metrics

if TYPE_CHECKING:
    from persistence.payments.star_reconciliation import Read, StarReconciliation

log = structlog.get_logger(__name__)

PERIOD_S = 5.0


class StarReconciliationLoop:
    """Looks every few seconds whether a reading is due.  What was read is compared in rounds of its own: however long
    that takes, and whether or not it succeeds, lost payments go on being found."""

    NAME: Final = watches.STARS_READ
    COMPARED: Final = watches.STARS_COMPARED

    def __init__(self, db: Database, reconciliation: "StarReconciliation") -> None:
        self._db = db
        self._reconciliation = reconciliation
        self._read: tuple[Read, int] | None = None

    async def round(self) -> float:
        """Read when it is due, and record what no update brought."""
        if not await self._reconciliation.claim():
            return PERIOD_S
        try:
            async with watches.look(self._db, self.NAME) as found:
                before = await self._reconciliation.balance()
                read = await self._reconciliation.read()
                found.findings = read.not_recorded
        except TelegramRefused as error:
            metrics.loop_failures.labels(self.NAME).inc()
            log.error("reconciliation refused", reason=error.reason)
            return PERIOD_S
        self._read = read, before
        metrics.stars_found.labels("payment").inc(read.credited)
        metrics.stars_found.labels("refund").inc(read.reversed)
        if read.credited or read.reversed:
            log.warning("reconciliation found what no update brought", payments=read.credited, refunds=read.reversed)
        return PERIOD_S

    async def compare_round(self) -> float:
        """Compare what was read since the last round, if anything was.  A difference is an alarm; what could be
        repaired is repaired already."""
        if self._read is None:
            return PERIOD_S
        read, before = self._read
        self._read = None
        try:
            async with watches.look(self._db, self.COMPARED) as found:
                compared = await self._reconciliation.compare(read, before)
                found.findings = len(compared.differences)
        except TelegramRefused as error:
            metrics.loop_failures.labels(self.COMPARED).inc()
            log.error("reconciliation refused", reason=error.reason)
            return PERIOD_S
        metrics.star_balance.labels("telegram").set(compared.telegram_stars)
        metrics.star_balance.labels("ledger").set(compared.sums.ledger)
        metrics.star_balance.labels("outside").set(compared.sums.outside)
        for finding in compared.differences:
            log.error("reconciliation", rule=finding.rule, subject=finding.subject, detail=finding.detail)
        return PERIOD_S


class ChainReconciliationLoop:
    """The same for the chain."""

    NAME: Final = watches.CHAIN_COMPARED

    def __init__(self, db: Database, reconciliation: ChainReconciliation) -> None:
        self._db = db
        self._reconciliation = reconciliation

    async def round(self) -> float:
        """Read when it is due.  A difference is an alarm, and only an operator can put it right."""
        if not await self._reconciliation.claim():
            return PERIOD_S
        try:
            async with watches.look(self._db, self.NAME) as found:
                reading = await self._reconciliation.reconcile()
                found.findings = len(reading.differences)
        except ChainRefused as error:
            metrics.loop_failures.labels(self.NAME).inc()
            log.error("reconciliation of the chain refused", status=error.status)
            return PERIOD_S
        for finding in reading.differences:
            log.error("reconciliation of the chain", rule=finding.rule, subject=finding.subject, detail=finding.detail)
        return PERIOD_S
