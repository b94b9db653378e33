"""Codes that people read, type and write down without mistakes: room keys, referral codes, memos of deposits.

Crockford's base32 (https://www.crockford.com/base32.html), without its check symbol: nothing in it looks like something
else.
"""

import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TYPED: Final = str.maketrans("OIL", "011", " -")


def new_code(length: int) -> str:
    """`length` random letters: five bits each."""
    # One read of the system's randomness: a letter each is 30 us of every join.
    number = secrets.randbits(5 * length)
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(length))


def normalise_code(text: str, length: int) -> str | None:
    """The code that somebody typed: in any case, with spaces and hyphens, O for 0, I or L for 1.  None: it is none."""
    # Upper-casing turns some foreign letters into ours ("ı" into "I"): they are no part of a code.
    code = text.upper().translate(_TYPED) if text.isascii() else ""
    return code if len(code) == length and all(letter in ALPHABET for letter in code) else None
