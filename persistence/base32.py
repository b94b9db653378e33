"""Codes that people read, type and write down without mistakes: room keys, referral codes, memos of deposits.

Crockford's base32 (https://www.crockford.com/base32.html), without its check symbol: nothing in it looks like something
else.
"""

import secrets
import unicodedata
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TYPED: Final = str.maketrans("OIL", "011")
_WIDE: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
"""The full-width forms of ASCII, which East Asian keyboards write."""
_NOTHING: Final = frozenset("\t\n\v\f\r\u034f\u115f\u1160\u2800\u3164\uffa0\ufe0e\ufe0f")
"""What leaves no mark on the screen, beside the categories of spaces and of marks of format."""
_BETWEEN: Final = frozenset({"Zs", "Zl", "Zp", "Cf", "Pd"})
_AROUND: Final = frozenset({"Pc", "Ps", "Pe", "Pi", "Pf", "Po", "Sk", "Sm"})


def new_code(length: int) -> str:
    """`length` random letters: five bits each."""
    # One read of the system's randomness: a letter each is 30 us of every join.
    number = secrets.randbits(5 * length)
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(length))


def normalise_code(text: str, length: int) -> str | None:
    """The code that somebody typed or pasted; None: it is none.

    In any case, with O for 0, I or L for 1; with spaces, hyphens and what cannot be seen anywhere, whatever their kind;
    with quotes, brackets and full stops around it.  Nothing else can be meant by these.
    """
    signs = [sign for sign in text.translate(_WIDE) if not _is_between(sign)]
    first, end = 0, len(signs)
    while first < end and unicodedata.category(signs[first]) in _AROUND:
        first += 1
    while end > first and unicodedata.category(signs[end - 1]) in _AROUND:
        end -= 1
    typed = "".join(signs[first:end])
    # Upper-casing turns some foreign letters into ours ("ı" into "I"): they are no part of a code.
    code = typed.upper().translate(_TYPED) if typed.isascii() else ""
    return code if len(code) == length and all(letter in ALPHABET for letter in code) else None


def _is_between(sign: str) -> bool:
    return sign in _NOTHING or unicodedata.category(sign) in _BETWEEN
