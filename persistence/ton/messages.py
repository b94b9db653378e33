"""What a message says: the text comment in its body.

A body is written by whoever sends: anything may be in it, and nothing in it may stop the reader.
"""

from base64 import b64decode, b64encode
from typing import Final

COMMENT_OPCODE: Final = 0
JETTON_NOTIFICATION: Final = 0x7362D09C
LONGEST_COMMENT: Final = 200
_LONGEST_BODY: Final = 65_536


def comment_of_body(body: str) -> str | None:
    """The text comment in a body (a BoC in base64: 32 zero bits, then text over a chain of cells); None: no comment."""
    from ton_core import Cell  # see persistence.ton

    if not body or len(body) > _LONGEST_BODY:
        return None
    try:
        cells = Cell.one_from_boc(b64decode(body, validate=True)).begin_parse()
        if cells.remaining_bits < 32 or cells.load_uint(32) != COMMENT_OPCODE:
            return None
        text: str = cells.load_snake_bytes().decode()
    except Exception:  # whatever the library finds wrong with it, it is no comment
        return None
    return text


def body_of_comment(comment: str) -> str:
    """The body that says `comment`, as a BoC in base64: what a wallet is given to send along."""
    from ton_core import Cell, begin_cell  # see persistence.ton

    body: Cell = begin_cell().store_uint(COMMENT_OPCODE, 32).store_snake_string(comment).end_cell()
    return b64encode(body.to_boc()).decode()


def opcode(value: object) -> int | None:
    """toncenter's `opcode`: an integer in its specification, `"0x00000000"` or null in its answers.

    Raises:
        ValueError: it is neither.
    """
    if value is None or value == "":
        return None
    if isinstance(value, int):
        return value & 0xFFFFFFFF
    if isinstance(value, str):
        return int(value, 0) & 0xFFFFFFFF
    raise ValueError("an opcode that is no number")


def printable(comment: str | None) -> str | None:
    """The comment as it can be stored and shown: bounded, without what is invisible or no character."""
    if comment is None:
        return None
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in comment[:LONGEST_COMMENT])
