"""Checks a record offline: chain, sections, root, signature; and the game and its money by the rules.

Never asks anybody: what a file cannot prove by itself (whose key it was, that people tapped) is said in the notes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from struct import error as StructError
from typing import Any

import msgspec

from persistence.records import hashing
from persistence.records.document import Record, Unreadable, decode
from persistence.records.findings import Finding
from persistence.records.money import check_money
from persistence.records.rules import check_game
from persistence.records.signing import fits, key_id_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """`findings` empty: nothing is wrong.  `recomputed`: the frames were there, so the game was played again."""

    record: Record | None
    findings: list[Finding]
    notes: list[str]
    recomputed: bool


def verify(raw: bytes, public_key: str | None = None) -> Verdict:
    """Check a record against itself and, where given, the public key (hex) of who should have signed it."""
    try:
        record = decode(raw)
    except Unreadable as error:
        return Verdict(None, [Finding("record", f"cannot be read: {error}")], [], recomputed=False)
    findings = [*_check_hashes(record), *_check_chains(record), *_check_signature(record, public_key)]
    findings += check_game(record)
    findings += check_money(record)
    return Verdict(record, findings, _notes(record, public_key), record.log == "complete")


def _notes(record: Record, public_key: str | None) -> list[str]:
    notes = []
    if public_key is None:
        notes.append(
            f"signed by key {record.signature.key_id}, which the file itself names: compare it with the operator's"
            " (GET /api/v1/record-keys) or give --key"
        )
    if record.log != "complete":
        notes.append(f"the log of frames is {record.log}: Redis had lost it, so the counts cannot be worked out again")
    blocked = [line for line in record.seen.standings if line.blocked]
    if blocked:
        names = ", ".join(f"player {line.index} ({line.evidence} taps within two seconds)" for line in blocked)
        notes.append(f"blocked for cheating: {names}; the frame that did it was not counted and is not in the record")
    return notes


def _check_hashes(record: Record) -> Iterator[Finding]:
    """Sections against their hashes.  A hash that was changed is told from a section that was by the signed root."""
    sections = hashing.sections(record)
    sections_and_marks: dict[str, Any] = {**sections, "marks": record.marks}
    actual = {name: hashing.section_hash(name, section) for name, section in sections_and_marks.items()}
    for name in sorted(actual.keys() | record.hashes.keys()):
        if name not in actual or name not in record.hashes:
            yield Finding(f"hashes.{name}", "is missing" if name in actual else "is of nothing in a record")
        elif actual[name] != record.hashes[name]:
            if _is_root(record, {**record.hashes, name: actual[name]}):
                yield Finding(f"hashes.{name}", f"is not the hash of {name}, which is as it was signed")
            elif name == "marks":
                yield from _changed_marks(record, sections)
            else:
                yield from _changed_values(name, sections[name], record.marks.get(name, ""))
    if hashing.root(record.hashes) != record.root:
        yield Finding("root", "is not the hash of the hashes")


def _is_root(record: Record, hashes: dict[str, str]) -> bool:
    return hashing.root(hashes) == record.root


def _changed_values(name: str, section: Any, marks: str) -> Iterator[Finding]:
    """The values of a section that are not what was signed, as far as the marks tell."""
    found = False
    signed = hashing.split_marks(marks, of_frames=False)
    values = [path for path, _ in hashing.leaves(section)]
    for path, mark, due in zip_longest(values, hashing.value_marks(name, section), signed):
        if path is not None and mark != due:
            found = True
            yield Finding(_shown(name, path), "is not what was signed")
    if not found or len(signed) != len(values):
        yield Finding(name, "is not what was signed")


def _shown(name: str, path: str) -> str:
    if name != "head":
        return name + path
    return "signature.key_id" if path == ".key_id" else path.removeprefix(".")


def _changed_marks(record: Record, sections: dict[str, Any]) -> Iterator[Finding]:
    """Which marks are not those of what they stand for."""
    expected = {name: "".join(hashing.value_marks(name, section)) for name, section in sections.items()}
    for player, chain in zip(record.players, _chains(record), strict=True):
        expected[f"frames {player.index}"] = "".join(hashing.frame_marks(chain))
    for name in sorted(expected.keys() | record.marks.keys()):
        if expected.get(name) != record.marks.get(name):
            yield Finding(f"marks.{name}", f"are not the marks of {name}, or not as they were signed")


def _chains(record: Record) -> list[list[bytes]]:
    """Every player's chain; empty where a number fits no frame."""
    chains = []
    for player in record.players:
        try:
            chains.append(hashing.links(record.room.room_id, player.seat_id, player.user_id, player.frames))
        except StructError:
            chains.append([])
    return chains


def _check_chains(record: Record) -> Iterator[Finding]:
    for place, (player, chain) in enumerate(zip(record.players, _chains(record), strict=True)):
        where = f"players[{place}]"
        if not chain:
            yield Finding(f"{where}.frames", "hold a number that no frame can have")
        elif chain[-1].hex() != player.chain:
            marks = hashing.frame_marks(chain)
            signed = hashing.split_marks(record.marks.get(f"frames {player.index}", ""), of_frames=True)
            changed = next((n for n, (mark, due) in enumerate(zip_longest(marks, signed)) if mark != due), None)
            if changed is None:
                yield Finding(f"{where}.chain", "is not the last link of the player's frames")
            elif len(marks) != len(signed):
                yield Finding(
                    f"{where}.frames",
                    f"are {len(marks)} where {len(signed)} were signed; they differ from [{changed}] on",
                )
            else:
                yield Finding(f"{where}.frames[{changed}]", "is not what was signed: from here on the chain is broken")


def _check_signature(record: Record, public_key: str | None) -> Iterator[Finding]:
    signature = record.signature
    key_fits = _names_key(signature.public_key, signature.key_id)
    if not key_fits:
        yield Finding("signature.public_key", f"is not key {signature.key_id}")
    if public_key is not None and public_key.lower() != signature.public_key:
        yield Finding("signature.public_key", "is not the key that was given")
    key = public_key or signature.public_key
    if fits(key, record.root, signature.value):
        return
    if fits(key, hashing.root(record.hashes), signature.value):
        yield Finding("root", "is not what was signed")
    elif key_fits:
        yield Finding("signature.value", "does not fit the root and the key")


def _names_key(public_key: str, key_id: str) -> bool:
    try:
        return key_id_of(bytes.fromhex(public_key)) == key_id
    except ValueError:
        return False


def as_json(verdict: Verdict) -> bytes:
    """The verdict for programs."""
    return msgspec.json.encode(
        {
            "valid": not verdict.findings,
            "recomputed": verdict.recomputed,
            "room_id": verdict.record.room.room_id if verdict.record else None,
            "findings": [finding._asdict() for finding in verdict.findings],
            "notes": verdict.notes,
        }
    )
