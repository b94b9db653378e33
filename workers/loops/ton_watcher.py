"""The watcher of the house's TON address: reads its transactions in order and has them recorded.

The cursor moves over an unbroken row (`persistence/ton/read_cursor.py`).  What comes after a gap is recorded at once
all the same, and read again later: Postgres knows each transaction once.  Several workers may do the same at once.
"""

from typing import Final

import structlog

from persistence.payments.ton_deposits import TonDeposits
from persistence.ton.read_cursor import ReadCursor
from persistence.ton.toncenter import LONGEST_PAGE, ChainRefused, Toncenter
from persistence.ton.transaction import Transaction
from workers import metrics

log = structlog.get_logger(__name__)

A_STATEMENT = 200
"""Receipts in one transaction of Postgres: well below its time limit."""
REFUSED_PAUSE_S = 60.0


class ChainWatcher:
    """One round reads everything there is."""

    NAME: Final = "ton-watcher"

    def __init__(
        self, deposits: TonDeposits, toncenter: Toncenter, *, period_s: float, page: int = LONGEST_PAGE
    ) -> None:
        self._deposits = deposits
        self._toncenter = toncenter
        self._period_s = period_s
        self._page = page

    async def round(self) -> float:
        """Read to the end of what the indexer shows."""
        known = await self._deposits.cursor()
        row = ReadCursor(known.lt if known else 0)
        had_gap = known is not None and known.gap_since_ms is not None
        start_lt = row.start_lt
        try:
            while True:
                page = await self._toncenter.transactions(self._deposits.account, start_lt=start_lt, limit=self._page)
                await self._record(row, page, had_gap)
                last_lt = max((each.lt for each in page), default=0)
                if last_lt <= start_lt:
                    break
                start_lt = last_lt  # itself again: two pages that meet leave nothing out
        except ChainRefused as refused:
            metrics.loop_failures.labels(self.NAME).inc()
            log.error("toncenter refuses to list the transactions", status=refused.status)
            return REFUSED_PAUSE_S
        await self._deposits.record([], cursor=row.whole_lt, gap=row.broken)
        metrics.ton_read_at.set_to_current_time()
        return self._period_s

    async def _record(self, row: ReadCursor, page: list[Transaction], gap: bool) -> None:
        ours = [each for each in page if each.account == self._deposits.account]
        ours.sort(key=lambda each: (each.lt, each.hash))
        for first in range(0, len(ours), A_STATEMENT):
            part = ours[first : first + A_STATEMENT]
            for each in part:
                row.see(each)
            final = [each for each in part if each.final]
            for new in await self._deposits.record(final, cursor=row.whole_lt, gap=gap):
                metrics.ton_receipts.labels(new.receipt.state, new.receipt.reason or "none").inc()
