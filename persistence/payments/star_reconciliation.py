"""Compares Telegram's transactions of the bot's Stars with our ledger: what is missing is recorded, what differs is
reported.

This is what finds a payment whose update was lost: after a day Telegram does not send it any more.
Owns paging: transactions come in the order in which they were made, so a reading goes on where the last one ended,
less an overlap.  How far it came is kept with each page, so that a long list is read on by whoever comes next, and what
was lost is recorded before anything is compared: a comparison that fails hinders neither.
Must never decide about a credit or a refund: the functions of schema `pay` do.
"""

from dataclasses import dataclass
from typing import Final

import aiogram
import psycopg
import structlog
from aiogram.methods import GetMyStarBalance

from chance_tap.settings import Settings
from persistence.payments.star_list import PAGE, Entry, Partner, read_entry, read_page
from persistence.payments.stars import StarPayments
from persistence.postgres import set_aside, star_transactions
from persistence.postgres.audit import LIMIT_S, Finding
from persistence.postgres.pool import Database
from persistence.postgres.star_transactions import Reconciliation, Transaction
from persistence.progress import Progress, untold
from persistence.telegram import ask

log = structlog.get_logger(__name__)

OVERLAP: Final = 100
RECORDED_AT_ONCE: Final = 500
GRACE_S: Final = 600.0
"""How long a payment that we know may be missing at Telegram."""
LEASE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Read:
    """What one reading did: from where to where in the bot's list, how much was new, how many payments and returns that
    nobody had told of were recorded, and how many of them could not be."""

    from_offset: int
    next_offset: int
    new_transactions: int
    credited: int
    reversed: int
    not_recorded: int


class StarReconciliation:
    """Every method may raise StoreUnavailable and then be repeated."""

    def __init__(self, db: Database, bot: aiogram.Bot, stars: StarPayments, settings: Settings) -> None:
        self._db = db
        self._bot = bot
        self._stars = stars
        self._settings = settings
        self._source = f"stars:{bot.id}"

    async def claim(self) -> bool:
        """Claims the reconciliation if it is due; the claim expires after LEASE_S."""
        return await star_transactions.claim(self._db, lease_s=LEASE_S)

    async def reconcile(
        self, *, whole: bool = False, grace_s: float = GRACE_S, progress: Progress = untold
    ) -> Reconciliation:
        """`read`, then `compare`."""
        before = await self.balance()
        read = await self.read(whole=whole, progress=progress)
        return await self.compare(read, before, grace_s=grace_s)

    async def balance(self) -> int:
        """What Telegram says that the bot has.

        Raises:
            TelegramUnavailable, TelegramRefused: it says nothing.
        """
        return (await ask(self._bot, GetMyStarBalance())).amount

    async def read(self, *, whole: bool = False, progress: Progress = untold) -> Read:
        """Read on (or all of it), and record what is missing here.  `progress` counts transactions.

        Raises:
            TelegramUnavailable, TelegramRefused: nothing is lost; the next reading goes on behind the last page.
        """
        start = 0 if whole else max(0, await star_transactions.offset(self._db, self._bot.id) - OVERLAP)
        end, new = await self._read(start, progress)
        if end == start > 0:
            # Shorter than it was: Telegram counts otherwise than we took it to, so nothing is taken to be known.
            start = 0
            end, new = await self._read(start, progress)
        new += await self._read_set_aside(end)
        await self._note([], end, lease_s=float(self._settings.stars_reconcile_s))
        return Read(start, end, new, *await self._record())

    async def compare(
        self, read: Read, before: int, *, grace_s: float = GRACE_S, limit_s: float = LIMIT_S
    ) -> Reconciliation:
        """Compare what was read with our ledger, and keep what was found.  `before`: the balance before the reading.

        Raises:
            TelegramUnavailable, TelegramRefused: the balance could not be asked for.
            StoreUnavailable: it took longer than `limit_s`, or Postgres does not answer.
        """
        differences = await star_transactions.differences(self._db, grace_s=grace_s, limit_s=limit_s)
        sums = await star_transactions.sums(self._db, self._bot.id, limit_s=limit_s)
        after = await self.balance()
        if before == after != sums.book:
            detail = f"Telegram holds {after}, its transactions sum to {sums.book}"
            differences.append(Finding("balance_not_explained", "telegram", detail))
        found = Reconciliation(
            bot_id=self._bot.id,
            from_offset=read.from_offset,
            next_offset=read.next_offset,
            new_transactions=read.new_transactions,
            credited=read.credited,
            reversed=read.reversed,
            telegram_stars=after,
            sums=sums,
            settled=before == after,
            differences=differences,
        )
        await star_transactions.keep(self._db, found, every_s=float(self._settings.stars_reconcile_s))
        return found

    async def _read(self, start: int, progress: Progress) -> tuple[int, int]:
        """Pages from `start` on; the offset after the last transaction, and how many were new."""
        offset, new = start, 0
        while True:
            page = await read_page(self._bot, offset)
            await set_aside.put(self._db, self._source, page.odd)
            offset += page.length
            new += await self._note(page.entries, offset)
            progress(offset - start, None)
            if page.length < PAGE:
                return offset, new

    async def _note(self, entries: list[Entry], next_offset: int, *, lease_s: float = LEASE_S) -> int:
        transactions = [_transaction(entry) for entry in entries]
        return await star_transactions.note(
            self._db, self._bot.id, transactions, next_offset=next_offset, lease_s=lease_s
        )

    async def _read_set_aside(self, next_offset: int) -> int:
        """What could not be understood once, and can by now; how much was new."""
        new = 0
        for item, entry in await set_aside.read_again(self._db, self._source, read_entry):
            new += await self._note([entry], next_offset)
            await set_aside.close(self._db, item.item_id)
        return new

    async def _record(self) -> tuple[int, int, int]:
        """Payments that were lost are credited, refunds and charge-backs recorded; how many of each, and how many could
        not be: one of them holds up no other."""
        credited = reversed_ = failed = 0
        for direction, charge in await star_transactions.unrecorded(self._db, RECORDED_AT_ONCE):
            try:
                if direction == "out":
                    await self._stars.reversed(charge)
                    reversed_ += 1
                else:
                    result = await self._stars.paid(charge, found_by="reconciliation")
                    credited += result.status != "repeated"
            except psycopg.Error as error:
                failed += 1
                log.exception("not recorded", alert=True, charge_id=charge.charge_id, error=type(error).__name__)
        return credited, reversed_, failed


def _transaction(entry: Entry) -> Transaction:
    partner = entry.receiver or entry.source or Partner("none")
    return Transaction(
        transaction_id=entry.id,
        direction="in" if entry.receiver is None else "out",
        stars=entry.amount,
        nanostars=entry.nanostar_amount,
        made_ms=entry.date * 1000,
        partner=partner.type,
        purpose=partner.transaction_type or partner.type,
        payer_id=None if partner.user is None else partner.user.id,
        payload=partner.invoice_payload,
    )
