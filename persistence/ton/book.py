"""The chain's book held against ours: what came to the house's address, and what is recorded of it.

Looks only; must never record: the watcher does.
"""

from dataclasses import dataclass
from typing import Literal

from persistence.postgres import ton_deposits
from persistence.postgres.pool import Database
from persistence.ton.address import Network
from persistence.ton.deposits import is_incoming
from persistence.ton.toncenter import Toncenter


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


async def compare(
    db: Database, toncenter: Toncenter, network: Network, account: str, *, from_lt: int = 0
) -> Comparison:
    """Read the address from `from_lt` up to the cursor, and compare.  What is not read yet is no difference.

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
            for each in page
            if each.account == account and each.final and is_incoming(each) and from_lt <= each.lt <= to_lt
        )
        last_lt = max((each.lt for each in page), default=0)
        if last_lt <= start_lt:
            break
        start_lt = last_lt
    ours = {(lt, hash_): amount for lt, hash_, amount in await ton_deposits.book(db, network, account, from_lt, to_lt)}
    differences = [Difference("missing", *key, amount) for key, amount in theirs.items() if key not in ours]
    differences += [Difference("unknown", *key, amount) for key, amount in ours.items() if key not in theirs]
    differences += [
        Difference("amount", *key, amount) for key, amount in ours.items() if key in theirs and theirs[key] != amount
    ]
    return Comparison(
        max(to_lt, from_lt), len(theirs), sum(theirs.values()), sorted(differences, key=lambda each: each.lt)
    )
