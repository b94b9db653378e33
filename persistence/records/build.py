"""Makes a record: from what Postgres decided, the log of frames that Redis kept, and the signing key.

Decides nothing.  Where the log is not there, or does not add up to the counts of the result, the record says so.
"""

from collections.abc import Mapping, Sequence
from struct import Struct, error
from typing import Final

import msgspec

from persistence.records import hashing, rules
from persistence.records.document import (
    FORMAT,
    Decision,
    Frame,
    LogState,
    PlayerFrames,
    Record,
    Seen,
    SeenLine,
    Signature,
    Terms,
    Transfer,
)
from persistence.records.signing import Signer

_BATCH: Final = Struct("<IH")
_COUNTED: Final = Struct("<HHBB")  # index, stamp in three bytes (low two, then the high one), count (and _AWAY)
_AWAY: Final = 128


class SeatOfResult(msgspec.Struct, frozen=True):
    """One player in the live game's result."""

    index: int
    seat_id: str
    user_id: str
    taps: int
    place: int | None
    blocked: bool
    best: int
    evidence: int


class GameFacts(msgspec.Struct, frozen=True):
    """Everything but the frames."""

    terms: Terms
    finished_ms: int
    seats: Sequence[SeatOfResult]
    decision: Decision
    transfers: Sequence[Transfer]


def read_log(log: bytes) -> dict[int, list[Frame]]:
    """Frames by the player's index, in the order of application.

    Raises:
        ValueError: the log ends in the middle.
    """
    frames: dict[int, list[Frame]] = {}
    at, n = 0, 0
    try:
        while at < len(log):
            batch_ms, counted = _BATCH.unpack_from(log, at)
            at += _BATCH.size
            for _ in range(counted):
                index, low, high, count = _COUNTED.unpack_from(log, at)
                at += _COUNTED.size
                n += 1
                frame = Frame(n, batch_ms, low + (high << 16), count % _AWAY, count >= _AWAY)
                frames.setdefault(index, []).append(frame)
    except error as reason:
        raise ValueError("the log ends in the middle of a batch") from reason
    return frames


def build(facts: GameFacts, log: bytes, made_ms: int, signer: Signer) -> Record:
    """The signed record of a finished game."""
    frames, state = _frames(facts.terms, facts.seats, log)
    players = []
    for seat in sorted(facts.seats, key=lambda seat: seat.index):
        own = frames.get(seat.index, [])
        chain = hashing.links(facts.terms.room_id, seat.seat_id, seat.user_id, own)
        players.append(PlayerFrames(seat.index, seat.user_id, seat.seat_id, own, chain[-1].hex()))
    seen = Seen(
        facts.finished_ms,
        [SeenLine(seat.index, seat.place, seat.taps, seat.best, seat.blocked, seat.evidence) for seat in facts.seats],
    )
    unsigned = Record(
        format=FORMAT,
        made_ms=made_ms,
        log=state,
        room=facts.terms,
        players=players,
        seen=seen,
        decision=facts.decision,
        transfers=list(facts.transfers),
        hashes={},
        marks={},
        root="",
        signature=Signature("ed25519", signer.key_id, signer.public_key, ""),
    )
    return sign(unsigned, signer)


def sign(record: Record, signer: Signer) -> Record:
    """The same record with fresh marks, hashes, root and signature."""
    record = msgspec.structs.replace(record, signature=Signature("ed25519", signer.key_id, signer.public_key, ""))
    sections = hashing.sections(record)
    marks = {name: "".join(hashing.value_marks(name, section)) for name, section in sections.items()}
    for player in record.players:
        chain = hashing.links(record.room.room_id, player.seat_id, player.user_id, player.frames)
        marks[f"frames {player.index}"] = "".join(hashing.frame_marks(chain))
    hashes = {name: hashing.section_hash(name, section) for name, section in sections.items()}
    hashes["marks"] = hashing.section_hash("marks", marks)
    root = hashing.root(hashes)
    signature = msgspec.structs.replace(record.signature, value=signer.sign(root))
    return msgspec.structs.replace(record, marks=marks, hashes=hashes, root=root, signature=signature)


def _frames(terms: Terms, seats: Sequence[SeatOfResult], log: bytes) -> tuple[Mapping[int, list[Frame]], LogState]:
    tapped = any(seat.taps for seat in seats)
    if not log:
        return {}, "missing" if tapped else "complete"
    try:
        frames = read_log(log)
    except ValueError:
        return {}, "incomplete"
    counts = {index: rules.counted(own, terms.ends_ms - terms.starts_ms) for index, own in frames.items()}
    agrees = counts == {seat.index: seat.taps for seat in seats if seat.taps}
    if set(frames) - {seat.index for seat in seats}:
        return {}, "incomplete"
    return frames, "complete" if agrees else "incomplete"
