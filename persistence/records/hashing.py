"""Hashes of a record: the chain of each player's frames, one hash a section, the root over all of them.

Every hash has a domain of its own, so that no part of a record can stand in for another.  Marks are short pieces of
hashes, one for each value and each frame: they protect nothing, they tell where a change is.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from struct import Struct
from typing import Any, Final

import msgspec
import orjson

from persistence.records.document import Frame, Record

_PREFIX: Final = b"chance-tap-record/1 "  # in both formats: the head says which one it is
_FRAME: Final = Struct(">IIIB")
_AWAY: Final = 128
_VALUE_MARK: Final = 8
_FRAME_MARK: Final = 4
"""Hex digits of a mark."""


def digest(domain: str, data: bytes) -> bytes:
    """SHA-256 with a domain before the data."""
    return sha256(_PREFIX + domain.encode() + b"\0" + data).digest()


def canonical(value: Any) -> bytes:
    """The one JSON text of a value: RFC 8785, as far as whole numbers, strings, booleans and null need it."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def links(room_id: str, seat_id: str, user_id: str, frames: Sequence[Frame]) -> list[bytes]:
    """The chain: its beginning, which binds it to room, seat and player, then one link a frame.

    Raises:
        struct.error: a number does not fit its field.
    """
    link = digest("chain", f"{room_id}\0{seat_id}\0{user_id}".encode())
    chain = [link]
    for frame in frames:
        taps = frame.taps + _AWAY if frame.away else frame.taps
        link = digest("frame", link + _FRAME.pack(frame.n, frame.at_ms, frame.stamp_ms, taps))
        chain.append(link)
    return chain


def sections(record: Record) -> dict[str, Any]:
    """What each section's hash is made of.  Frames are in `players` by their number and the last link."""
    plain = msgspec.to_builtins(record)
    head = {name: plain[name] for name in ("format", "made_ms", "log")} | {"key_id": record.signature.key_id}
    players = [{**player, "frames": len(player["frames"])} for player in plain["players"]]
    return {
        "head": head,
        "room": plain["room"],
        "players": players,
        "seen": plain["seen"],
        "decision": plain["decision"],
        "transfers": plain["transfers"],
    }


def section_hash(name: str, section: Any) -> str:
    return digest(f"section {name}", canonical(section)).hex()


def root(hashes: dict[str, str]) -> str:
    """The hash that is signed."""
    return digest("root", canonical(hashes)).hex()


def leaves(section: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value of a section with its path, in the order of the canonical form."""
    if isinstance(section, dict):
        for name in sorted(section):
            yield from leaves(section[name], f"{path}.{name}")
    elif isinstance(section, list):
        for index, item in enumerate(section):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, section


def value_marks(name: str, section: Any) -> list[str]:
    """One mark for each value of a section."""
    return [
        digest("mark", name.encode() + path.encode() + b"=" + canonical(value)).hex()[:_VALUE_MARK]
        for path, value in leaves(section, "")
    ]


def frame_marks(chain: Sequence[bytes]) -> list[str]:
    """One mark for each frame: a piece of its link."""
    return [link.hex()[:_FRAME_MARK] for link in chain[1:]]


def split_marks(marks: str, *, of_frames: bool) -> list[str]:
    """The marks of a section or of a player's frames, as they are stored: one behind another."""
    size = _FRAME_MARK if of_frames else _VALUE_MARK
    return [marks[start : start + size] for start in range(0, len(marks), size)]
