"""Compares Telegram's transactions of the bot's Stars with our ledger: what is missing is recorded, what differs is
reported.

This is what finds a payment whose update was lost: after a day Telegram does not send it any more.
Owns paging: transactions come in the order in which they were made, so a reading goes on where the last one ended,
less an overlap.  Pages are read as plain JSON: a kind of partner that is new at Telegram stops no payment behind it.
Must never decide about a credit or a refund: the functions of schema `pay` do.
"""

from typing import Any, Final

import aiogram
import msgspec
from aiogram.methods import GetMyStarBalance, TelegramMethod

from chance_tap.settings import Settings
from persistence.errors import TelegramUnavailable
from persistence.payments.stars import StarPayments
from persistence.postgres import star_transactions
from persistence.postgres.audit import Finding
from persistence.postgres.pool import Database
from persistence.postgres.star_transactions import Reconciliation, Transaction
from persistence.progress import Progress, untold
from persistence.telegram import ask

PAGE: Final = 100  # the most that Telegram gives at once
OVERLAP: Final = 100
RECORDED_AT_ONCE: Final = 500
GRACE_S: Final = 600.0
"""How long a payment that we know may be missing at Telegram."""
LEASE_S: Final = 60.0


class _StarTransactions(TelegramMethod[dict[str, Any]]):
    """getStarTransactions, answered as it comes."""

    __returning__ = dict[str, Any]
    __api_method__ = "getStarTransactions"

    offset: int
    limit: int


class _User(msgspec.Struct):
    id: int


class _Partner(msgspec.Struct):
    type: str
    transaction_type: str | None = None
    user: _User | None = None
    invoice_payload: str | None = None


class _Entry(msgspec.Struct):
    id: str
    amount: int
    date: int
    nanostar_amount: int = 0
    source: _Partner | None = None
    receiver: _Partner | None = None


class _Page(msgspec.Struct):
    transactions: list[_Entry]


class StarReconciliation:
    """Every method may raise StoreUnavailable and then be repeated."""

    def __init__(self, db: Database, bot: aiogram.Bot, stars: StarPayments, settings: Settings) -> None:
        self._db = db
        self._bot = bot
        self._stars = stars
        self._settings = settings

    async def claim(self) -> bool:
        """Claims the reconciliation if it is due; the claim expires after LEASE_S."""
        return await star_transactions.claim(self._db, lease_s=LEASE_S)

    async def reconcile(
        self, *, whole: bool = False, grace_s: float = GRACE_S, progress: Progress = untold
    ) -> Reconciliation:
        """Read on (or all of it), record what is missing here, compare, and keep what was found.
        `progress` counts transactions.

        Raises:
            TelegramUnavailable, TelegramRefused: nothing is lost; the next reading begins where this one did.
        """
        before = await self._balance()
        start = 0 if whole else max(0, await star_transactions.offset(self._db) - OVERLAP)
        end, new = await self._read(start, progress)
        if end == start > 0:
            # Shorter than it was: Telegram counts otherwise than we took it to, so nothing is taken to be known.
            start = 0
            end, new = await self._read(start, progress)
        credited, reversed_ = await self._record()
        differences = await star_transactions.differences(self._db, grace_s=grace_s)
        sums = await star_transactions.sums(self._db)
        after = await self._balance()
        if before == after != sums.book:
            detail = f"Telegram holds {after}, its transactions sum to {sums.book}"
            differences.append(Finding("balance_not_explained", "telegram", detail))
        found = Reconciliation(
            from_offset=start,
            next_offset=end,
            new_transactions=new,
            credited=credited,
            reversed=reversed_,
            telegram_stars=after,
            sums=sums,
            settled=before == after,
            differences=differences,
        )
        await star_transactions.keep(self._db, found, every_s=float(self._settings.stars_reconcile_s))
        return found

    async def _balance(self) -> int:
        return (await ask(self._bot, GetMyStarBalance())).amount

    async def _read(self, start: int, progress: Progress) -> tuple[int, int]:
        """Pages from `start` on; the offset after the last transaction, and how many were new."""
        offset, new = start, 0
        while True:
            entries = await self._page(offset)
            if entries:
                new += await star_transactions.note(self._db, [_transaction(entry) for entry in entries])
            offset += len(entries)
            progress(offset - start, None)
            if len(entries) < PAGE:
                return offset, new

    async def _page(self, offset: int) -> list[_Entry]:
        answer = await ask(self._bot, _StarTransactions(offset=offset, limit=PAGE))
        try:
            return msgspec.convert(answer, _Page).transactions
        except msgspec.ValidationError as error:
            raise TelegramUnavailable(f"getStarTransactions: {error}") from None

    async def _record(self) -> tuple[int, int]:
        """Payments that were lost are credited, refunds and charge-backs recorded; how many of each."""
        credited = reversed_ = 0
        for direction, charge in await star_transactions.unrecorded(self._db, RECORDED_AT_ONCE):
            if direction == "out":
                await self._stars.reversed(charge)
                reversed_ += 1
            else:
                result = await self._stars.paid(charge, found_by="reconciliation")
                credited += result.status != "repeated"
        return credited, reversed_


def _transaction(entry: _Entry) -> Transaction:
    # A refund repeats the id of the payment, with a receiver.
    partner = entry.receiver or entry.source or _Partner("none")
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
