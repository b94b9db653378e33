"""The watcher of the house's TON addresses: reads their transactions in order and has them recorded.

Owns which addresses are read when: the one that players are given now at each round; every other one that players were
ever given as often while an order for it may still be paid, else from time to time, for as long as this program runs.
The cursor moves over an unbroken row (`persistence/ton/read_cursor.py`).  What comes after a gap is recorded at once
all the same, and read again later: Postgres knows each transaction once.  A transaction that cannot be understood is
set aside, and what one address does holds up no other.  Several workers may do the same at once.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

import psycopg
import structlog

from persistence import watches
from persistence.errors import StoreUnavailable
from persistence.payments.ton_deposits import TonDeposits
from persistence.postgres import set_aside
from persistence.postgres.pool import Database
from persistence.postgres.ton_deposits import Watched
from persistence.ton.read_cursor import ReadCursor
from persistence.ton.toncenter import LONGEST_PAGE, ChainRefused, Toncenter
from persistence.ton.transaction import Transaction, parse
from workers import metrics

log = structlog.get_logger(__name__)

A_STATEMENT = 200
"""Receipts in one transaction of Postgres: well below its time limit."""
REFUSED_PAUSE_S = 60.0
LONG_UNUSED_S: Final = 3600.0
"""An address for which nothing is expected any more is read so often."""


class ChainWatcher:
    """One round reads everything there is.  `late_s`: how long after its end an order may well be paid."""

    NAME: Final = watches.CHAIN_READ

    def __init__(
        self,
        db: Database,
        deposits: TonDeposits,
        toncenter: Toncenter,
        *,
        period_s: float,
        late_s: float,
        now_ms: Callable[[], int],
        page: int = LONGEST_PAGE,
    ) -> None:
        self._db = db
        self._deposits = deposits
        self._toncenter = toncenter
        self._period_s = period_s
        self._late_s = late_s
        self._now_ms = now_ms
        self._page = page
        self._next_at: dict[str, float] = {}

    async def round(self) -> float:
        """Read to the end of what the indexer shows, of each address that is due.

        Raises:
            StoreUnavailable: of one of them; the others were read all the same.
        """
        failed: StoreUnavailable | None = None
        for address in await self._deposits.watched():
            if time.monotonic() < self._next_at.get(address.account, 0.0):
                continue
            pause_s = self._pause_s(address)
            try:
                await self._read(address)
            except ChainRefused as refused:
                metrics.loop_failures.labels(self.NAME).inc()
                log.error("toncenter refuses to list the transactions", account=address.account, status=refused.status)
                pause_s = max(pause_s, REFUSED_PAUSE_S)
            except StoreUnavailable as error:
                failed = error
                continue
            self._next_at[address.account] = time.monotonic() + pause_s
        if failed is not None:
            raise failed
        return self._period_s

    def _pause_s(self, address: Watched) -> float:
        """How long an address rests after it was read."""
        expected_until_ms = address.expected_until_ms or 0
        if address.account == self._deposits.account or self._now_ms() < expected_until_ms + self._late_s * 1000:
            return 0.0
        return LONG_UNUSED_S

    async def _read(self, address: Watched) -> None:
        account, source = address.account, f"deposits:{self._deposits.network}:{address.account}"
        for item, seen in await set_aside.read_again(self._db, source, parse):
            if not await self._record(account, [seen], address.lt, gap=address.gap):
                await set_aside.close(self._db, item.item_id)
        row = ReadCursor(address.lt)
        start_lt = row.start_lt
        while True:
            page = await self._toncenter.transactions(account, start_lt=start_lt, limit=self._page)
            await set_aside.put(self._db, source, page.odd)
            for first in range(0, len(page.row), A_STATEMENT):
                part = page.row[first : first + A_STATEMENT]
                for each in part:
                    row.see(each)
                final = [each for each in part if isinstance(each, Transaction) and each.final]
                refused = await self._record(account, final, row.whole_lt, gap=address.gap)
                await set_aside.put(self._db, source, [page.odd_one(each, problem) for each, problem in refused])
            if page.last_lt <= start_lt:
                break
            start_lt = page.last_lt  # itself again: two pages that meet leave nothing out
        await self._deposits.record(account, [], cursor=row.whole_lt, gap=row.broken)
        if account == self._deposits.account:
            metrics.ton_read_at.set_to_current_time()

    async def _record(
        self, account: str, final: Sequence[Transaction], cursor: int, *, gap: bool
    ) -> list[tuple[Transaction, str]]:
        """Record some; those that Postgres refuses, and why: they hold up no other."""
        if not final:
            return []
        try:
            recorded = await self._deposits.record(account, final, cursor=cursor, gap=gap)
        except psycopg.Error as error:
            if len(final) == 1:
                log.exception("deposit not recorded", account=account, transaction=final[0].hash)
                return [(final[0], f"{type(error).__name__}: {error}")]
            # The cursor stays until all of them are recorded or set aside.
            each_alone = [await self._record(account, [each], 0, gap=gap) for each in final]
            return [one for some in each_alone for one in some]
        for new in recorded:
            metrics.ton_receipts.labels(new.receipt.state, new.receipt.reason or "none").inc()
        return []
