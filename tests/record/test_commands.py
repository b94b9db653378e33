"""The commands: what they print and with which code they end."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from chance_tap.settings import Settings, SettingsError
from cli import main
from cli.commands.replay import stored
from persistence.records import build
from persistence.records.document import Record, decode, encode, unpack
from persistence.records.hashing import links
from persistence.records.replay import show, timeline
from persistence.records.signing import Signer
from tests.record.conftest import document, maker, play
from tests.record.games import made_record
from tests.rooms.conftest import World

SIGNER = Signer(bytes(range(32)))

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    def run(*words: str) -> tuple[int, str, str]:
        code = main.main(words)
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


@pytest.fixture(scope="module")
def record() -> Record:
    return made_record(SIGNER)


@pytest.fixture
def file(record: Record, tmp_path: Path) -> Path:
    path = tmp_path / "game.json"
    path.write_bytes(encode(record))
    return path


def test_verify_a_right_record(run: Run, file: Path) -> None:
    code, out, _ = run("verify", str(file))
    assert code == 0
    assert out.startswith("note: signed by key")
    assert "right: room" in out
    code, out, _ = run("verify", str(file), "--key", SIGNER.public_key, "--json")
    assert code == 0
    assert json.loads(out) == {
        "valid": True, "recomputed": True, "room_id": "00abcdefghijklmn", "findings": [], "notes": [],
    }  # fmt: skip


def test_verify_a_wrong_record(run: Run, file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"fee_bps":250', b'"fee_bps":0'))
    code, out, _ = run("verify", str(file))
    assert code == 1
    assert "wrong: room.fee_bps: is not what was signed" in out
    assert "wrong: decision.fee: 5, but 0 hundredths" in out
    code, out, _ = run("verify", str(file), "--json")
    assert code == 1
    assert {"where": "room.fee_bps", "what": "is not what was signed"} in json.loads(out)["findings"]


def test_verify_a_record_without_frames(run: Run, record: Record, file: Path) -> None:
    empty = []
    for player in record.players:
        chain = links(record.room.room_id, player.seat_id, player.user_id, [])[-1].hex()
        empty.append(msgspec.structs.replace(player, frames=[], chain=chain))
    file.write_bytes(encode(build.sign(msgspec.structs.replace(record, players=empty, log="missing"), SIGNER)))
    code, out, _ = run("verify", str(file))
    assert code == 3
    assert "note: the log of frames is missing" in out


def test_verify_without_a_file_or_with_a_wrong_key(run: Run, file: Path, tmp_path: Path) -> None:
    assert run("verify", str(tmp_path / "none"))[0] == 2
    code, _, err = run("verify", str(file), "--key", "abc")
    assert (code, err) == (2, "verify: --key must be 64 hex digits.\n")


def test_replay_a_file(run: Run, record: Record, file: Path) -> None:
    code, out, _ = run("replay", str(file), "--speed", "0")
    assert code == 0
    assert "Room 00abcdefghijklmn: standard, 50 Stars, 4 players" in out
    assert f"Winner: {record.decision.winner} takes 195 of 200 Stars." in out
    code, out, _ = run("replay", str(file), "--json")
    shown = json.loads(out)
    totals: dict[str, int] = {}
    for moment in shown["timeline"]:
        totals |= moment["taps"]
    assert totals == {line["user_id"]: line["taps"] for line in shown["standings"]}
    assert [moment["at_ms"] for moment in shown["timeline"]] == sorted(m["at_ms"] for m in shown["timeline"])


def test_replay_moves_its_bars_on_a_terminal(record: Record) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    show(record, screen, speed=0)
    assert screen.getvalue().count("\x1b[5A") == len(timeline(record)) - 1


def test_replay_without_a_record(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    code, _, err = run("replay", "00abcdefghijklmn")
    assert code == 2
    assert "DATABASE_URL is not set" in err
    file.write_text("{}")
    assert run("replay", str(file))[0] == 2
    assert run("replay", str(file), "--speed", "-1")[0] == 2


async def test_replay_of_a_stored_room(world: World) -> None:
    room_id = await play(world)
    await maker(world).round()
    raw = await stored(room_id, world.settings)
    assert raw == unpack(await document(world, room_id))
    assert decode(raw).room.room_id == room_id
    assert await stored("00" + "0" * 14, world.settings) is None


def test_the_key_comes_from_the_settings() -> None:
    seed = "11" * 32
    assert Signer.from_settings(Settings(record_signing_key=seed)).key_id == Signer(bytes.fromhex(seed)).key_id
    one = Signer.from_settings(Settings(jwt_secret="a" * 40))
    assert one.key_id == Signer.from_settings(Settings(jwt_secret="a" * 40 + ",older")).key_id
    assert one.key_id != Signer.from_settings(Settings(jwt_secret="b" * 40)).key_id
    with pytest.raises(SettingsError, match="RECORD_SIGNING_KEY"):
        Signer.from_settings(Settings())
