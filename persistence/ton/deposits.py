"""Which transactions of the house's address can be deposits, and the memo that says whose.

Pure functions of what the chain shows.  Must never look at orders: Postgres matches them.
"""

import secrets
from typing import Final, Literal

from persistence.ton.messages import JETTON_NOTIFICATION
from persistence.ton.transaction import Transaction

# Crockford's base32: what people read, type and write down without mistakes.  80 bits cannot be guessed.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TYPED: Final = str.maketrans("OIL", "011", " -\t\r\n")
MEMO_LENGTH: Final = 16

Refusal = Literal["foreign", "bounced", "jetton", "sends", "aborted"]


def new_memo() -> str:
    """A comment by which one order is found."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(MEMO_LENGTH))


def memo_of(comment: str | None) -> str | None:
    """The memo in a comment, however a person typed it; None: it has not the form of one."""
    if comment is None or not comment.isascii():
        return None
    memo = comment.upper().translate(_TYPED)
    return memo if len(memo) == MEMO_LENGTH and all(sign in _ALPHABET for sign in memo) else None


def is_incoming(seen: Transaction) -> bool:
    """Whether TON came with it from somebody: not what the address itself was told from outside."""
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
