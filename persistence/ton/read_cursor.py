"""How far the transactions of an address were read without a gap.

Logical times of an account only rise, and each transaction names the one before it; so a cursor moves over an unbroken
row of final transactions (those that were set aside among them) and stops before the first that is not final yet or
that the indexer has not shown.  Where the indexer does not name the one before, a stretch is always read again.
"""

from typing import Final

from persistence.ton.transaction import Transaction, Unread

AGAIN_LT: Final = 100_000_000
"""So much logical time is read again each time: about a minute of the chain."""


class ReadCursor:
    """What was seen so far, from a cursor on; transactions are shown to it in their order."""

    def __init__(self, cursor: int) -> None:
        self.whole_lt = cursor
        self.broken = False

    @property
    def start_lt(self) -> int:
        """Where to begin to read."""
        return max(self.whole_lt - AGAIN_LT, 0)

    def see(self, seen: Transaction | Unread) -> None:
        if seen.lt <= self.whole_lt or self.broken:
            return
        # At the very first the one before is unknown, and so it is when the address was in use before.
        follows = seen.prev_lt is None or seen.prev_lt <= self.whole_lt or self.whole_lt == 0
        if seen.final and follows:
            self.whole_lt = seen.lt
        else:
            self.broken = True
