"""Fixtures that every area shares; servers are real, and one that is missing fails the test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.stores", "tests.fixtures.valkey", "tests.fixtures.stack"]


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder for servers: unlike pytest's own it may be entered by the user that Postgres runs as."""
    folder = Path(tempfile.mkdtemp(prefix="chance-tap-test-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
