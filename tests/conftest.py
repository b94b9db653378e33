"""Fixtures that every area shares; servers are real, and one that is missing fails the test."""

import gc
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.stores", "tests.fixtures.valkey", "tests.fixtures.stack"]

# Python 3.11.4 to 3.11.7 may fail with "AST constructor recursion depth mismatch" when the collector runs in the middle
# of a parse (python/cpython#106905), and collecting the tests is all parsing.
gc.disable()


def pytest_collection_finish() -> None:
    """The modules are read: collect garbage again."""
    gc.enable()


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder for servers: unlike pytest's own it may be entered by the user that Postgres runs as."""
    folder = Path(tempfile.mkdtemp(prefix="chance-tap-test-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
