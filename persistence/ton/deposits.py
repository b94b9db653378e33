"""Which transactions of the house's address can be deposits, and the memo that says whose.

Pure functions of what the chain shows.  Must never look at orders: Postgres matches them.
"""

from typing import Final

from persistence import base32
from persistence.chain import Refusal
from persistence.ton.messages import JETTON_NOTIFICATION
from persistence.ton.transaction import Transaction

MEMO_LENGTH: Final = 16
"""80 bits cannot be guessed."""


def new_memo() -> str:
    """A comment by which one order is found."""
    return base32.new_code(MEMO_LENGTH)


def memo_of(comment: str | None) -> str | None:
    """The memo in a comment, however a person typed it; None: it has not the form of one."""
    return None if comment is None else base32.normalise_code(comment, MEMO_LENGTH)


def is_incoming(seen: Transaction) -> bool:
    """Whether TON came with it from somebody: not a message to the address itself from outside."""
    return seen.source is not None and seen.nanoton > 0


def refusal(seen: Transaction) -> Refusal | None:
    """Why a final, incoming transaction cannot be a deposit; None: it can."""
    if seen.destination != seen.account:
        return "foreign"
    if seen.bounced:
        return "bounced"
    if seen.opcode == JETTON_NOTIFICATION:
        # Tokens, or anybody's contract that says so: the TON in it is change of the token's own transfer.
        return "jetton"
    if seen.sent:
        return "sends"
    if seen.aborted:
        return "aborted"
    return None
