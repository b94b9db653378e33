"""Compares the chain with our ledger, in both directions: deposits to the house's address, and whatever left the
wallet that pays out.

A transfer that no withdrawal explains means that somebody else has the key, or that something was paid twice; a
withdrawal that the chain does not show means that a player was notified of it and has nothing.  Both are found only
here.
Must never change a withdrawal or a receipt: it looks, keeps what it read, and reports what differs.
"""

from dataclasses import dataclass
from typing import Final, Literal

from chance_tap.settings import Settings
from persistence import watches
from persistence.chain import Network
from persistence.errors import StoreUnavailable
from persistence.payments.ton_deposits import house_address
from persistence.postgres import chain_transactions, set_aside, ton_deposits
from persistence.postgres.audit import LIMIT_S, Finding
from persistence.postgres.chain_transactions import ChainReading, Outgoing
from persistence.postgres.pool import Database
from persistence.progress import Progress, untold
from persistence.ton.deposits import is_incoming
from persistence.ton.read_cursor import ReadCursor
from persistence.ton.toncenter import Toncenter
from persistence.ton.transaction import Transaction, parse

GRACE_S: Final = 600.0
"""How long one side may have what the other lacks."""
LEASE_S: Final = LIMIT_S + 120.0
"""Longer than the longest look, so that no other worker begins the same."""
_RULES: Final = {"missing": "not_in_our_book", "unknown": "not_in_chains_book", "amount": "amount_differs"}


@dataclass(frozen=True, slots=True)
class Difference:
    """`missing`: the chain has it and we have not; `unknown`: we have it and the chain has not; `amount`: they differ
    about how much came."""

    kind: Literal["missing", "unknown", "amount"]
    lt: int
    hash: str
    nanoton: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much was compared, in nanoton, up to which logical time, and what differs."""

    to_lt: int
    transactions: int
    nanoton: int
    differences: list[Difference]


class ChainReconciliation:
    """Every method may raise StoreUnavailable and then be repeated.

    Raises:
        SettingsError: TON_WALLET_ADDRESS is no address of TON_NETWORK.
    """

    def __init__(self, db: Database, toncenter: Toncenter, settings: Settings, *, limit_s: float = LIMIT_S) -> None:
        self._db = db
        self._toncenter = toncenter
        self._settings = settings
        self._limit_s = limit_s
        self._network = settings.ton_network
        self._account = house_address(settings)
        self._wallet = None
        if settings.ton_payout_key:
            from persistence.ton.highload import HighloadWallet  # see persistence.ton

            self._wallet = HighloadWallet.from_settings(settings).address

    async def claim(self) -> bool:
        """Claims the reconciliation if it is due; the claim expires after LEASE_S."""
        return await chain_transactions.claim(self._db, lease_s=LEASE_S)

    async def reconcile(
        self, *, whole: bool = False, grace_s: float = GRACE_S, progress: Progress = untold
    ) -> ChainReading:
        """Read on (or all of it), compare, and keep what was found.  `progress` counts transactions.

        Raises:
            ChainUnavailable, ChainRefused: nothing is lost; the next reading begins where this one did.
        """
        checked_lt, wallet_lt = await chain_transactions.marks(self._db, self._network, self._account, self._wallet)
        differences: list[Finding] = []
        from_lt = to_lt = 0 if whole else checked_lt
        incoming = incoming_nanoton = outgoing = 0
        if self._account is not None:
            compared = await compare_deposits(
                self._db, self._toncenter, self._network, self._account, from_lt=from_lt, progress=progress
            )
            to_lt, incoming, incoming_nanoton = compared.to_lt, compared.transactions, compared.nanoton
            differences += [
                Finding(_RULES[each.kind], f"deposit {each.hash}", f"{each.nanoton} nanoton at {each.lt}")
                for each in compared.differences
            ]
        incoming_differ = bool(differences)
        if self._wallet is not None:
            outgoing = await self._read(self._wallet, ReadCursor(0 if whole else wallet_lt))
            differences += await self._compare_payouts(grace_s)
        found = ChainReading(
            network=self._network,
            account=self._account,
            from_lt=from_lt,
            to_lt=to_lt,
            incoming=incoming,
            incoming_nanoton=incoming_nanoton,
            incoming_differ=incoming_differ,
            wallet=self._wallet,
            outgoing=outgoing,
            differences=differences,
        )
        await chain_transactions.keep(self._db, found, every_s=float(self._settings.ton_reconcile_s))
        return found

    async def _compare_payouts(self, grace_s: float) -> list[Finding]:
        """Pay-outs against what left.  That they could not be compared is a difference too: what else was found is
        kept, and deposits are compared on from there."""
        try:
            async with watches.look(self._db, watches.PAYOUTS_COMPARED) as found:
                differences = await chain_transactions.payout_differences(
                    self._db, self._network, grace_s=grace_s, limit_s=self._limit_s
                )
                found.findings = len(differences)
        except StoreUnavailable as error:
            return [Finding("not_compared", "pay-outs", f"{error.store}: {error.__cause__ or 'does not answer'}"[:200])]
        return differences

    async def _read(self, wallet: str, row: ReadCursor) -> int:
        """Keep what left the wallet, page by page; how much was new."""
        source = f"payouts:{self._network}:{wallet}"
        new = 0
        for item, seen in await set_aside.read_again(self._db, source, parse):
            new += await chain_transactions.note(self._db, self._network, wallet, _sent(seen), whole_lt=row.whole_lt)
            await set_aside.close(self._db, item.item_id)
        start_lt = row.start_lt
        while True:
            page = await self._toncenter.transactions(wallet, start_lt=start_lt)
            await set_aside.put(self._db, source, page.odd)
            for each in page.row:
                row.see(each)
            sent = [message for each in page.transactions if each.final for message in _sent(each)]
            new += await chain_transactions.note(self._db, self._network, wallet, sent, whole_lt=row.whole_lt)
            if page.last_lt <= start_lt:
                return new
            start_lt = page.last_lt  # itself again: two pages that meet leave nothing out


async def compare_deposits(
    db: Database,
    toncenter: Toncenter,
    network: Network,
    account: str,
    *,
    from_lt: int = 0,
    progress: Progress = untold,
) -> Comparison:
    """Read the address from `from_lt` up to the cursor, and compare.  What is not read yet is no difference.
    `progress` counts transactions.

    Raises:
        ChainUnavailable, ChainRefused: the chain cannot be asked.
    """
    cursor = await ton_deposits.cursor(db, network, account)
    to_lt = cursor.lt if cursor is not None else -1
    theirs: dict[tuple[int, str], int] = {}
    start_lt = from_lt
    while start_lt <= to_lt:
        page = await toncenter.transactions(account, start_lt=start_lt)
        theirs.update(
            ((each.lt, each.hash), each.nanoton)
            for each in page.transactions
            if each.final and is_incoming(each) and from_lt <= each.lt <= to_lt
        )
        progress(len(theirs), None)
        if page.last_lt <= start_lt:
            break
        start_lt = page.last_lt
    ours = {
        (lt, hash_): amount for lt, hash_, amount in await ton_deposits.statement(db, network, account, from_lt, to_lt)
    }
    differences = [Difference("missing", *key, amount) for key, amount in theirs.items() if key not in ours]
    differences += [Difference("unknown", *key, amount) for key, amount in ours.items() if key not in theirs]
    differences += [
        Difference("amount", *key, amount) for key, amount in ours.items() if key in theirs and theirs[key] != amount
    ]
    return Comparison(
        max(to_lt, from_lt), len(theirs), sum(theirs.values()), sorted(differences, key=lambda each: each.lt)
    )


def _sent(seen: Transaction) -> list[Outgoing]:
    """What left with it: not what the wallet sends itself to pay in a second transaction."""
    return [
        Outgoing(
            lt=seen.lt,
            hash=seen.hash,
            position=position,
            destination=message.destination,
            nanoton=message.nanoton,
            made_s=seen.now_s,
        )
        for position, message in enumerate(seen.sent)
        if message.destination is not None and message.destination != seen.account
    ]
