"""The package: built from a copy of the source, installed where no checkout is near, and a game played from it."""

import asyncio
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.embedded.child import free_port
from cli.simulate.api import Api
from cli.simulate.identity import SIMULATED_IDS, identity

PROJECT = Path(__file__).resolve().parents[2]
OURS = ("cli", "gateway", "workers", "bot", "persistence", "chance_tap")
PATIENCE_S = 60.0


class Installed:
    """A virtual environment with the wheel in it.  Other packages are those of the tests, less this project."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.empty = folder / "empty"
        self.empty.mkdir()
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        self.bin = folder / "venv" / "bin"
        self.packages = next((folder / "venv" / "lib").glob("python3*")) / "site-packages"
        run(sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "install", *OFFLINE, str(wheel))
        # A folder on the path, whose own .pth files are not read: the editable install of this project is one.
        (self.packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
        self.environment = {
            "PATH": os.defpath,
            "DATA_DIR": str(folder / "data"),
            "PORT": str(self.port),
            "WAIT_S": "1",
            "COUNTDOWN_S": "0",
            "GAME_S": "2",
            "DEMO_OPPONENTS": "0",
        }

    def command(self, *words: str) -> list[str]:
        return [str(self.bin / "python"), "-I", str(self.bin / "chance-tap"), *words]

    def run(self, *words: str, code: int = 0) -> str:
        """What a command says, on either stream."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.empty,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout


@contextmanager
def playing(installed: Installed) -> Iterator[None]:
    """`play` runs from the wheel until the end of the block, and then stops as asked."""
    with (installed.folder / "play.log").open("w+") as log:
        play = subprocess.Popen(
            installed.command("play"), cwd=installed.empty, env=installed.environment, stdout=log, stderr=log
        )
        try:
            until = time.monotonic() + PATIENCE_S
            while "is ready" not in Path(log.name).read_text():
                assert play.poll() is None, Path(log.name).read_text()
                assert time.monotonic() < until, Path(log.name).read_text()
                time.sleep(0.1)
            yield
        finally:
            play.terminate()
            assert play.wait(PATIENCE_S) == 0, Path(log.name).read_text()


async def record(url: str) -> bytes:
    """The record of the first virtual player's game, once a worker has made it."""
    api = Api(url, DEVELOPMENT_BOT_TOKEN)
    token = (await api.log_in(identity(SIMULATED_IDS))).token
    await api.close()
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", headers={"authorization": f"Bearer {token}"}) as client:
        room_id = (await client.get("/games")).json()["games"][0]["room_id"]
        async with asyncio.timeout(PATIENCE_S):
            answer = await client.get(f"/games/{room_id}/record")
            while answer.status_code == 404:
                await asyncio.sleep(0.1)
                answer = await client.get(f"/games/{room_id}/record")
    return answer.content


OFFLINE = ("--disable-pip-version-check", "--quiet", "--no-index", "--no-deps")


def run(*words: str) -> None:
    done = subprocess.run(words, cwd=PROJECT.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, in which an earlier build has left a module that is no more."""
    source = tmp_path_factory.mktemp("source")
    for name in (*OURS, "lua", "migrations", "webapp/dist"):
        shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in"):
        shutil.copy(PROJECT / name, source)
    (source / "build" / "lib" / "cli").mkdir(parents=True)
    (source / "build" / "lib" / "cli" / "gone.py").touch()
    built = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", *OFFLINE, "--no-build-isolation", "-w", str(built), str(source))
    return next(built.glob("*.whl"))


def test_it_holds_every_file_once_and_nothing_else(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {
        str(file.relative_to(PROJECT))
        for name in OURS
        for file in (PROJECT / name).rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    for folder, pattern in (("lua", "*.lua"), ("migrations", "*.sql"), ("webapp/dist", "*")):
        found = [file for file in (PROJECT / folder).rglob(pattern) if file.is_file()]
        assert found
        wanted |= {f"chance_tap/_data/{file.relative_to(PROJECT)}" for file in found}
    assert held == wanted


def test_a_game_is_played_from_it(wheel: Path, open_folder: Path) -> None:
    installed = Installed(open_folder, wheel)
    where = "import " + ", ".join(OURS) + "; print(*{m.__file__ for m in (" + ", ".join(OURS) + ")}, sep='\\n')"
    said = subprocess.check_output([installed.bin / "python", "-I", "-c", where], cwd=installed.empty, text=True)
    assert {Path(line).parents[1] for line in said.splitlines()} == {installed.packages}
    assert "DATABASE_URL is not set" in installed.run("migrate", code=2)

    with playing(installed):
        with urllib.request.urlopen(installed.url, timeout=PATIENCE_S) as page:
            assert b"<script" in page.read()
            assert "content-security-policy" in page.headers
        assert installed.run("migrate") == "Nothing to do.\n"
        assert "BOT_TOKEN is the development token" in installed.run("bot", code=2)
        figures = orjson.loads(installed.run("simulate", "--players", "2", "--seed", "1", "--json"))
        assert (figures["rooms_settled"], figures["discrepancies"], figures["audit"]) == (1, 0, "clean"), figures
        (installed.empty / "game.json").write_bytes(asyncio.run(record(installed.url)))
    assert orjson.loads(installed.run("verify", "game.json", "--json"))["valid"] is True
    assert "Winner: " in installed.run("replay", "game.json", "--speed", "0")
