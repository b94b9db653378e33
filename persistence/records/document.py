"""The record as a document: its fields, and reading it from JSON without forgiving anything."""

import json
import zlib
from typing import Any, Final, Literal, NamedTuple

import msgspec

from persistence.vocabulary import RoomKind, RoomOutcome

Format = Literal["chance-tap-record/1", "chance-tap-record/2"]
"""1: of games before absences had rules of their own; read and checked, never made any more."""
FORMAT: Final = "chance-tap-record/2"
MOST_BYTES: Final = 32 * 1024 * 1024

LogState = Literal["complete", "incomplete", "missing"]
"""Whether the frames are all there: Redis may have lost them before the record was made."""


class Frame(NamedTuple):
    """One counted taps frame.  `n` numbers the frames of the room in the order of application, from 1; times are
    milliseconds since the start of the game: the server's when the frame was applied, the client's at its last tap.
    `away`: it came late from an absence, or right after one, or after the end; records of format 1 do not have it."""

    n: int
    at_ms: int
    stamp_ms: int
    taps: int
    away: bool = False


class Terms(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What was agreed before the game, and when it ran (milliseconds since the epoch).  `target` 0: none."""

    room_id: str
    kind: RoomKind
    stake: int
    capacity: int
    fee_bps: int
    target: int
    organizer_id: str | None
    starts_ms: int
    ends_ms: int


class PlayerFrames(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`chain` is the last link of the player's frames."""

    index: int
    user_id: str
    seat_id: str
    frames: list[Frame]
    chain: str


class SeenLine(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One player as the live game ranked it; `best` is the most taps counted within any two seconds, `evidence` the
    taps within two seconds that blocked the player, else 0."""

    index: int
    place: int | None
    taps: int
    best: int
    blocked: bool
    evidence: int


class Seen(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The live game's own result, best first."""

    finished_ms: int
    standings: list[SeenLine]


class DecidedLine(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One line of the result that counts."""

    place: int | None
    user_id: str
    taps: int
    prize: int


class Decision(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What was decided about the stakes.  `payouts` names everybody whose money was decided, the organizer included."""

    outcome: RoomOutcome
    reason: str | None
    winner: str | None
    pool: int
    prize: int
    fee: int
    standings: list[DecidedLine]
    payouts: dict[str, int]


class Leg(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a transfer did to one account: `escrow` (the room's), `house`, or `player:<user id>`."""

    account: str
    amount: int


class Transfer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One movement of Stars that touched the room's escrow, with its number in the ledger."""

    transfer_id: int
    key: str
    kind: str
    reason: str | None
    legs: list[Leg]


class Signature(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Ed25519 over the root; all in hex."""

    algorithm: Literal["ed25519"]
    key_id: str
    public_key: str
    value: str


class Record(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A whole record.  `hashes` has one of each section and of `marks`; `marks` only tell where a change is."""

    format: Format
    made_ms: int
    log: LogState
    room: Terms
    players: list[PlayerFrames]
    seen: Seen
    decision: Decision
    transfers: list[Transfer]
    hashes: dict[str, str]
    marks: dict[str, str]
    root: str
    signature: Signature


class Unreadable(ValueError):
    """This is no record; the message says where it goes wrong."""


def decode(raw: bytes) -> Record:
    """Read a record.

    Raises:
        Unreadable: it is no JSON, a field is missing, unknown, named twice or of the wrong type.
    """
    if len(raw) > MOST_BYTES:
        raise Unreadable(f"the file is longer than {MOST_BYTES} bytes")
    try:
        plain = json.loads(raw, object_pairs_hook=_once)
        return msgspec.convert(plain, Record)
    except msgspec.ValidationError as error:
        raise Unreadable(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not a JSON document: {error}") from error


def encode(record: Record) -> bytes:
    """The record as JSON, as it is stored and given out."""
    return msgspec.json.encode(record)


def pack(record: Record) -> bytes:
    """The record as the database keeps it: its JSON, compressed."""
    return zlib.compress(encode(record))


def unpack(document: bytes) -> bytes:
    """The JSON of a record that `pack` compressed."""
    return zlib.decompress(document)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands there twice")
    return found
