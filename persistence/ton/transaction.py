"""A transaction of the chain as toncenter shows it, parsed strictly.

What cannot be understood is refused whole: a transaction that is half understood is money that is half counted.
"""

import binascii
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from persistence.ton.address import normalise
from persistence.ton.messages import COMMENT_OPCODE, comment_of_body, opcode


class Malformed(ValueError):
    """toncenter's answer is not what it says it answers."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a transaction sent; `destination` None: to the world outside."""

    destination: str | None
    nanoton: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One transaction of `account`.  Addresses raw, hashes in hex; `prev_lt`: of the account's transaction before
    it, None where toncenter does not say.  The rest is of its incoming message: `source` None for one from outside."""

    account: str
    lt: int
    hash: str
    now_s: int
    mc_seqno: int | None
    emulated: bool
    aborted: bool
    sent: tuple[Sent, ...]
    prev_lt: int | None
    source: str | None
    destination: str | None
    nanoton: int
    opcode: int | None
    bounced: bool
    comment: str | None

    @property
    def final(self) -> bool:
        """In a block of the masterchain: from there on it cannot be undone."""
        return self.mc_seqno is not None and not self.emulated


def parse(raw: Any) -> Transaction:
    """A transaction of `GET /api/v3/transactions`.

    Raises:
        Malformed: it is none.
    """
    try:
        return _parse(raw)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(f"not a transaction: {error!r}") from None


@dataclass(frozen=True, slots=True)
class Unread:
    """The place of a final transaction of `account` that could not be understood otherwise."""

    account: str
    lt: int
    hash: str
    prev_lt: int | None
    final: bool = True


def place_of(raw: Any) -> Unread | None:
    """The place of what `parse` refused; None: it has none that can be read, or is not final yet."""
    try:
        if raw.get("emulated", False) or raw["mc_block_seqno"] is None:
            return None
        prev_lt = raw.get("prev_trans_lt")
        return Unread(
            normalise(raw["account"]),
            _number(raw["lt"]),
            hash_hex(raw["hash"]),
            None if prev_lt is None else _number(prev_lt),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _number(value: Any) -> int:
    number = int(value)
    if not 0 <= number < 2**63:
        raise ValueError("a number out of range")
    return number


def _parse(raw: dict[str, Any]) -> Transaction:
    message: dict[str, Any] = raw.get("in_msg") or {}
    op = opcode(message.get("opcode"))
    mc_seqno = raw.get("mc_block_seqno")
    prev_lt = raw.get("prev_trans_lt")
    return Transaction(
        account=normalise(raw["account"]),
        lt=_number(raw["lt"]),
        hash=hash_hex(raw["hash"]),
        now_s=_seconds(raw["now"]),
        mc_seqno=None if mc_seqno is None else _number(mc_seqno),
        emulated=bool(raw.get("emulated", False)),
        aborted=_aborted(raw["description"]),
        sent=tuple(
            Sent(_address(each.get("destination")), _number(each.get("value") or 0))
            for each in raw.get("out_msgs") or []
        ),
        prev_lt=None if prev_lt is None else _number(prev_lt),
        source=_address(message.get("source")),
        destination=_address(message.get("destination")),
        nanoton=_number(message.get("value") or 0),
        opcode=op,
        bounced=bool(message.get("bounced", False)),
        comment=_comment(message, op),
    )


def _seconds(value: Any) -> int:
    seconds = _number(value)
    if seconds >= 2**36:
        raise ValueError("a time out of range")
    return seconds


def _aborted(description: dict[str, Any]) -> bool:
    aborted = description["aborted"]
    if not isinstance(aborted, bool):
        raise Malformed("a transaction that does not say whether it was aborted")
    return aborted


def _address(text: str | None) -> str | None:
    return normalise(text) if text else None


def _comment(message: dict[str, Any], op: int | None) -> str | None:
    """The comment, by toncenter's reading or, where it gives none, by our own.  Another operation's body that looks
    decoded like a comment is no comment."""
    if op not in (None, COMMENT_OPCODE):
        return None
    content = message.get("message_content") or {}
    decoded = content.get("decoded") or {}
    comment = decoded.get("comment")
    # What toncenter decodes of text that is not UTF-8 it writes with escapes of its own: then the body decides.
    if decoded.get("type") == "text_comment" and isinstance(comment, str):
        return comment
    return comment_of_body(content.get("body") or "")


def hash_hex(text: str) -> str:
    """A hash of 32 bytes in hex, from hex or either form of base64.

    Raises:
        ValueError: it is none.
    """
    try:
        data = bytes.fromhex(text) if len(text) == 64 else b64decode(text.replace("-", "+").replace("_", "/"))
    except binascii.Error as error:
        raise ValueError("not a hash") from error
    if len(data) != 32:
        raise ValueError("not a hash")
    return data.hex()
