"""`play` as a person runs it: one process to start, to stop and to kill, with the real parts."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from cli.embedded.child import free_port
from cli.play.launcher import answers
from tests.fixtures.waiting import wait_for
from tests.platform.hostile import BOT, EVERYTHING, PROJECT, STRANGE, processes_of
from tests.stand_ins.telegram import TelegramApi

PATIENCE_S = 60.0


class Play:
    """A launcher started like `make play` does, from another folder; its output is read line by line.

    On a machine whose owner thinks of much else: `make hostile` has its habits one by one.
    """

    def __init__(self, data: Path, port: int, **environment: str) -> None:
        self.data = data
        self.port = port
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli", "play"],
            cwd=data.parent,
            env=os.environ
            | EVERYTHING
            | {"PYTHONPATH": str(PROJECT), "DATA_DIR": data.name, "PORT": str(port), "DEMO_OPPONENTS": "2"}
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            umask=0o077,
        )

    def until(self, word: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if word in line:
                return line
        raise AssertionError(f"{word!r} was never said:\n" + "\n".join(self.lines))

    def part(self, name: str) -> int:
        return int(json.loads((self.data / "run" / name).read_text())["pid"])

    def database_url(self) -> str:
        return str(json.loads((self.data / "addresses.json").read_text())["database_url"])

    def ended(self) -> int:
        """Its exit code, once it and all that it said is over."""
        rest, _ = self.process.communicate(timeout=PATIENCE_S)
        self.lines += rest.splitlines()
        return self.process.returncode


@pytest.fixture
def start(open_folder: Path) -> Iterator[Callable[..., Play]]:
    started: list[Play] = []
    parent = Path(tempfile.mkdtemp(prefix=f"play {STRANGE} ", dir=open_folder))
    parent.chmod(0o755)

    def run(**environment: str) -> Play:
        port = started[0].port if started else free_port()
        started.append(Play(parent / "data", port, **environment))
        return started[-1]

    yield run
    for play in started:
        if play.process.poll() is None:
            play.process.terminate()
            play.process.wait(PATIENCE_S)
        assert play.process.stdout is not None
        play.process.stdout.close()


def test_a_life_of_starts_stops_and_kills(start: Callable[..., Play], telegram_api: TelegramApi) -> None:
    play = start()
    assert f"http://127.0.0.1:{play.port}" in play.until("is ready")
    assert answers(f"http://127.0.0.1:{play.port}")
    assert {entry.name for entry in (play.data / "run").iterdir()} == {
        "gateway", "opponents", "postgres", "valkey", "worker",
    }  # fmt: skip
    with psycopg.connect(play.database_url()) as database:
        database.execute("CREATE TABLE public.kept (n int)")

    # Somebody else's start meanwhile does no harm.
    second = start()
    assert second.ended() == 2
    assert "in use by another launcher" in second.lines[-1]

    # Ctrl-C: a clean end.
    play.process.send_signal(signal.SIGINT)
    assert play.ended() == 0
    assert processes_of(play.data) == []

    # The data is still there; and a part that crashes takes everything down, with its reason.
    play = start()
    play.until("is ready")
    with psycopg.connect(play.database_url()) as database:
        assert database.execute("SELECT count(*) FROM public.kept").fetchone() == (0,)
    os.kill(play.part("worker"), signal.SIGKILL)
    assert play.ended() == 1
    assert any(line.startswith("worker stopped by itself (SIGKILL)") for line in play.lines)
    assert processes_of(play.data) == []

    # A bot that Telegram does not know goes alone.  Then kill -9 of the launcher: its parts go too, and the next start
    # is not hindered, even at once.
    play = start(TELEGRAM_API_URL=telegram_api.url, **BOT)
    play.until("is ready")
    said = play.until("stopped by itself")
    assert said.startswith("  bot stopped by itself (exit code 1), the others go on: chance-tap bot: BOT_TOKEN is not")
    assert answers(f"http://127.0.0.1:{play.port}")
    play.process.kill()
    play.ended()
    play = start()
    play.until("is ready")
    with psycopg.connect(play.database_url()) as database:
        database.execute(
            "INSERT INTO migrations._yoyo_migration (migration_hash, migration_id) VALUES ('h', '9999.other')"
        )
    play.process.terminate()
    assert play.ended() == 0
    wait_for("nothing is left of the parts", lambda: not processes_of(play.data), within_s=PATIENCE_S)

    # Data that another version made is left as it is.
    play = start()
    assert play.ended() == 2
    assert play.lines[-1].startswith(
        "chance-tap play: The database was made by another version of Chance Tap (it has 9999.other): move "
    )
    assert play.lines[-1].endswith(" away or delete it, and `play` makes a new one.")
    wait_for("the part is gone", lambda: processes_of(play.data) == [], within_s=PATIENCE_S)


def test_a_port_in_use_is_one_line(start: Callable[..., Play]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        play = start(PORT=str(holder.getsockname()[1]))
        assert play.ended() == 2
    assert len(play.lines) == 1
    assert "cannot be used (Address already in use): set PORT to another." in play.lines[0]
    assert processes_of(play.data) == []


def test_a_stop_while_it_starts_is_obeyed(start: Callable[..., Play]) -> None:
    play = start()
    play.until("Valkey: ready")
    play.process.terminate()
    assert play.ended() == 0
    assert "is ready after" not in "".join(play.lines)
    assert processes_of(play.data) == []


def test_a_wrong_setting_is_one_line(start: Callable[..., Play]) -> None:
    play = start(STAKES="fifty")
    assert play.ended() == 2
    assert play.lines == ["chance-tap play: STAKES is 'fifty': it must be whole numbers separated by commas."]
    assert not play.data.exists()
