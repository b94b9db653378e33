"""A record with one thing changed: every single value, and whole pieces; each is found and named."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from persistence.records import build
from persistence.records.document import Leg, Record, Transfer, decode, encode
from persistence.records.hashing import links
from persistence.records.replay import as_plain
from persistence.records.signing import Signer
from persistence.records.verify import verify
from persistence.redis.codes import TapFrame, TapMark
from tests.record.games import ENDS_MS, HERO, STARTS_MS, facts_of, finish, log_of, made_record, open_room

SIGNER = Signer(bytes(range(32)))
OTHER = Signer(bytes(32))


@pytest.fixture(scope="module")
def raw() -> bytes:
    return encode(made_record(SIGNER))


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


def changed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value is None:
        return "1"
    if set(value) <= set("0123456789abcdef") and value:
        return ("1" if value[0] == "0" else "0") + value[1:]
    return value + "x"


def shown(path: tuple[str | int, ...]) -> str:
    """The path of a value as findings name it; a frame is named as a whole."""
    if "frames" in path:
        path = path[: path.index("frames") + 2]
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def test_nothing_is_wrong_with_it(raw: bytes) -> None:
    for record in (raw, encode(made_record(SIGNER, HERO))):
        verdict = verify(record, SIGNER.public_key)
        assert verdict.findings == []
        assert verdict.recomputed


@pytest.mark.parametrize("kind", ["standard", "hero"])
def test_every_single_value_changed_once_is_found_and_named(kind: str) -> None:
    record = json.loads(encode(made_record(SIGNER, HERO if kind == "hero" else None)))
    paths = list(leaves(record))
    # Of a player's frames some are enough: the first, the last and those between in steps.
    frames = [path for path in paths if "frames" in path]
    kept = set(frames[::41]) | set(frames[:4]) | set(frames[-4:])
    for path in (path for path in paths if "frames" not in path or path in kept or path[0] == "marks"):
        tampered = copy.deepcopy(record)
        at = tampered
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = changed(at[path[-1]])
        verdict = verify(json.dumps(tampered).encode())
        names = [finding.where for finding in verdict.findings]
        what = " ".join(finding.what for finding in verdict.findings)
        if names == ["record"]:
            assert str(path[-1]) in what, f"{shown(path)} changed: {what}"
        else:
            assert shown(path) in names, f"{shown(path)} changed: {verdict.findings}"


def test_pieces_taken_out_put_in_or_exchanged_are_found(raw: bytes) -> None:
    def without(record: Any) -> None:
        del record["players"][0]["frames"][5]

    def twice(record: Any) -> None:
        record["players"][0]["frames"].insert(5, record["players"][0]["frames"][5])

    def exchanged(record: Any) -> None:
        one, two = record["players"][0], record["players"][1]
        one["frames"], two["frames"] = two["frames"], one["frames"]

    def no_transfer(record: Any) -> None:
        record["transfers"].pop()

    def no_player(record: Any) -> None:
        record["players"].pop()

    def no_mark(record: Any) -> None:
        del record["marks"]["room"]

    def no_hash(record: Any) -> None:
        del record["hashes"]["room"]

    def another_hash(record: Any) -> None:
        record["hashes"]["more"] = record["hashes"]["room"]

    def another_field(record: Any) -> None:
        record["room"]["colour"] = "red"

    for change, name in (
        (without, "players[0].frames"), (twice, "players[0].frames"), (exchanged, "players[1].frames"),
        (no_transfer, "transfers"), (no_player, "players"), (no_mark, "marks.room"), (no_hash, "hashes.room"),
        (another_hash, "hashes.more"), (another_field, "record"),
    ):  # fmt: skip
        record = json.loads(raw)
        change(record)
        names = [finding.where for finding in verify(json.dumps(record).encode()).findings]
        assert any(found.startswith(name) for found in names), f"{change.__name__}: {names}"


def test_a_game_of_before_is_held_to_the_rules_of_its_day() -> None:
    """Frames of 50 taps, and what came 12 s late and after the end: signed by a release that knew no absences."""
    raw = (Path(__file__).parent / "released" / "record-1.json").read_bytes()
    verdict = verify(raw)
    assert verdict.findings == []
    assert verdict.recomputed
    record = decode(raw)
    assert record.format == "chance-tap-record/1"
    assert any(frame.taps == 50 for player in record.players for frame in player.frames)
    assert max(frame.at_ms - frame.stamp_ms for player in record.players for frame in player.frames) > 10_000
    assert as_plain(record)["timeline"][-1]["taps"] == {"102": 284}
    # Signed as a game of today it is none.
    found = " ".join(finding.what for finding in verify(encode(build.sign(relabelled(record), SIGNER))).findings)
    assert "1 to 20 are allowed" in found
    assert "was applied after the end and does not say so" in found


def relabelled(record: Record) -> Record:
    return msgspec.structs.replace(record, format="chance-tap-record/2")


def test_absences_are_worked_out_again(raw: bytes) -> None:
    """Claimed at the limit, and counted by the player's own rate: as the scripts did, and nothing else."""
    room = open_room(["101", "102"])
    for at in range(500, 60_000, 500):
        frames = [TapFrame("102", 6, STARTS_MS + at)]
        if at <= 40_000:
            frames.append(TapFrame("101", 4, STARTS_MS + at))
        room.tap(STARTS_MS + at, frames)
    away = range(48_500, 59_500, 1_000)
    room.tap(ENDS_MS + 300, [TapFrame("101", 20, STARTS_MS + at, mark=TapMark.AWAY) for at in away])
    finish(room)
    record = build.build(facts_of(room), log_of(room), ENDS_MS + 2_000, SIGNER)
    assert verify(encode(record)).findings == []
    line = next(line for line in record.seen.standings if line.index == 1)
    assert sum(frame.taps for frame in record.players[0].frames) == 320 + 220
    weighed_ms = sum(1_000 * (110 * 60_000 - 20 * at) // 6_000_000 for at in away)
    own = weighed_ms * 320 // 49_000
    assert line.taps == 320 + own + own * 5_000 // (3 * 11_000) + 7
    assert as_plain(record)["timeline"][-1]["taps"]["101"] == line.taps
    more = [msgspec.structs.replace(each, taps=540) if each is line else each for each in record.seen.standings]
    assert "seen.standings[1].taps" in forged(record, seen=msgspec.structs.replace(record.seen, standings=more))
    honest = record.players[0]
    claims = [frame._replace(away=False) for frame in honest.frames]
    chain = links(record.room.room_id, honest.seat_id, honest.user_id, claims)[-1].hex()
    lie = msgspec.structs.replace(honest, frames=claims, chain=chain)
    assert "players[0].frames[80]" in forged(record, players=[lie, record.players[1]])


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b'{"format":"other"}', b"[" * 100_000])
def test_what_is_no_record_is_said_to_be_none(text: bytes) -> None:
    assert [finding.where for finding in verify(text).findings] == ["record"]


def test_a_name_that_stands_there_twice_is_refused(raw: bytes) -> None:
    text = raw.replace(b'{"format"', b'{"root":"00","format"', 1)
    [finding] = verify(text).findings
    assert "'root' stands there twice" in finding.what


def test_a_record_signed_anew_by_another_is_known_by_its_key(raw: bytes) -> None:
    record = build.sign(decode(raw), OTHER)
    assert verify(encode(record)).findings == []
    assert [finding.where for finding in verify(encode(record), SIGNER.public_key).findings] == [
        "signature.public_key",
        "signature.value",
    ]


def forged(record: Record, **changes: Any) -> list[str]:
    """What is found when the holder of the key signs a record that is not true."""
    lie = build.sign(msgspec.structs.replace(record, **changes), SIGNER)
    return [finding.where for finding in verify(encode(lie), SIGNER.public_key).findings]


def test_even_the_key_cannot_sign_what_the_rules_do_not_give(raw: bytes) -> None:
    record = decode(raw)
    replace = msgspec.structs.replace
    decision, room, players = record.decision, record.room, record.players
    loser = decision.standings[1].user_id
    assert "decision.winner" in forged(record, decision=replace(decision, winner=loser))
    assert "decision.prize" in forged(record, decision=replace(decision, prize=decision.prize - 1))
    assert "decision.fee" in forged(record, room=replace(room, fee_bps=500))
    assert "decision.pool" in forged(record, room=replace(room, stake=room.stake + 1))
    lines = record.seen.standings
    more = [replace(lines[0], taps=lines[0].taps + 1), *lines[1:]]
    assert "seen.standings[0].taps" in forged(record, seen=replace(record.seen, standings=more))
    faster = [replace(lines[0], best=lines[0].best + 1), *lines[1:]]
    assert "seen.standings[0].best" in forged(record, seen=replace(record.seen, standings=faster))
    swapped = [lines[1], lines[0], *lines[2:]]
    assert "seen.standings[0]" in forged(record, seen=replace(record.seen, standings=swapped))
    early = replace(record.seen, finished_ms=room.ends_ms + 999)
    assert forged(record, seen=early) == ["seen.finished_ms"]
    third = players[0].frames[3]
    for wrong in (
        *(third._replace(taps=21), third._replace(taps=0), third._replace(stamp_ms=70_000)),
        *(third._replace(at_ms=99_000), third._replace(n=9999)),
    ):
        frames = list(players[0].frames)
        frames[3] = wrong
        chain = links(room.room_id, players[0].seat_id, players[0].user_id, frames)[-1].hex()
        found = forged(record, players=[replace(players[0], frames=frames, chain=chain), *players[1:]])
        assert "players[0].frames[3]" in found, wrong
    dear = [replace(record.transfers[0], legs=[Leg("escrow", 60), Leg(f"player:{players[0].user_id}", -60)])]
    assert "transfers[0].legs" in forged(record, transfers=[*dear, *record.transfers[1:]])
    theft = Transfer(99_999, "gift:1", "gift", None, [Leg("escrow", -1), Leg("house", 1)])
    assert f"transfers[{len(record.transfers)}].key" in forged(record, transfers=[*record.transfers, theft])
    payouts = decision.payouts | {loser: 1}
    assert f"decision.payouts.{loser}" in forged(record, decision=replace(decision, payouts=payouts))


def test_two_seconds_with_over_fifty_taps_are_found(raw: bytes) -> None:
    record = decode(raw)
    player = record.players[0]
    at = next(n for n, frame in enumerate(player.frames) if frame.stamp_ms > 20_000)
    frames = [f._replace(taps=20) if at - 2 <= n <= at + 1 else f for n, f in enumerate(player.frames)]
    chain = links(record.room.room_id, player.seat_id, player.user_id, frames)[-1].hex()
    found = forged(record, players=[msgspec.structs.replace(player, frames=frames, chain=chain), *record.players[1:]])
    assert f"players[0].frames[{at + 1}]" in found
