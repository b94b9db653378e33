"""The data folder of `play`: who may use it, and what a killed launcher left in it."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.embedded.child import identity
from cli.play.folder import DataFolder, PlayError, kept_secret, running_addresses


def test_a_new_folder_is_private_and_keeps_its_secret(tmp_path: Path) -> None:
    first = DataFolder(tmp_path / "with a space" / "data")
    first.open()
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o700
    secret = first.jwt_secret()
    assert stat.S_IMODE((first.path / "jwt_secret").stat().st_mode) == 0o600
    first.publish({"redis_url": "redis://x"})
    assert running_addresses(first.path) == {"redis_url": "redis://x"}
    first.close()
    assert running_addresses(first.path) == {}

    again = DataFolder(first.path)
    again.open()
    assert again.jwt_secret() == secret
    again.close()


def test_two_launchers_do_not_share_it(tmp_path: Path) -> None:
    first = DataFolder(tmp_path / "data")
    first.open()
    with pytest.raises(PlayError, match=f"in use by another launcher .process {os.getpid()}."):
        DataFolder(tmp_path / "data").open()
    first.close()
    second = DataFolder(tmp_path / "data")
    second.open()
    second.close()


def test_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("0\n")
    with pytest.raises(PlayError, match="is of version 0, this is 1: move it away"):
        DataFolder(tmp_path).open()
    assert [entry.name for entry in tmp_path.iterdir()] == ["version"]


def test_somebody_else_s_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(PlayError, match="holds other things"):
        DataFolder(tmp_path).open()


def test_a_path_that_cannot_be_a_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PlayError, match=r"cannot be used: Not a directory\.$"):
        DataFolder(tmp_path / "file" / "data").open()


def test_a_full_disk_is_one_line_and_then_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    with monkeypatch.context() as full:
        full.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**6))
        with pytest.raises(PlayError, match=re.escape(f"The disk of DATA_DIR ({data}) is full: 1 MB free, 150 MB")):
            DataFolder(data).open()
    folder = DataFolder(data)
    folder.open()
    folder.close()


def test_what_a_killed_launcher_left_is_ended_and_strangers_are_not(tmp_path: Path) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    left, stranger = subprocess.Popen(sleeper), subprocess.Popen(sleeper)
    try:
        folder = DataFolder(tmp_path / "data")
        folder.open()
        pids = folder.path / "run"
        (pids / "worker").write_text(json.dumps({"pid": left.pid, "identity": identity(left.pid)}))
        (pids / "gateway").write_text(json.dumps({"pid": stranger.pid, "identity": "boot:0"}))
        (pids / "broken").write_text("{")
        folder.close()
        folder.open()
        assert left.wait(timeout=10) == -signal.SIGTERM
        assert stranger.poll() is None
        assert list(pids.iterdir()) == []
        folder.close()
    finally:
        for process in (left, stranger):
            process.kill()
            process.wait()


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret"
    secret = kept_secret(file)
    assert len(secret) >= 32
    assert kept_secret(file) == secret
