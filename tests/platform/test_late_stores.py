"""A machine comes up and everything on it begins at once: parts wait for their stores, for a while, and say so once."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from cli.embedded.child import free_port
from cli.embedded.valkey import EmbeddedValkey
from cli.play.launcher import answers
from persistence import waiting
from persistence.errors import StoreUnavailable, WritesRefused
from persistence.redis.store import UnfitStore
from persistence.waiting import problem, wait_for_stores
from tests.fixtures.postgres import Execute, login_url
from tests.fixtures.stores import JWT_SECRET
from tests.fixtures.waiting import wait_for
from tests.platform.hostile import BOT, DEAD

PROJECT = Path(__file__).parents[2]
PARTS = ("gateway", "worker", "bot")
# As `python -m cli`, with the patience of a test on a machine that does much else.
PATIENT = """
import sys
from cli.main import main
from persistence import waiting
waiting.PATIENCE_S = 200
sys.exit(main())
"""


class Part:
    """A part as a process, and what it has logged."""

    def __init__(self, name: str, folder: Path, **environment: str) -> None:
        self.name = name
        self.port = free_port()
        self._output = folder / name
        base = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PROJECT),
            "JWT_SECRET": JWT_SECRET,
            "PORT": str(self.port),
        }
        base |= {"DATA_DIR": str(folder), "METRICS_PORT": str(free_port()), "TELEGRAM_API_URL": DEAD}
        base |= {"DRAIN_NOTICE_S": "0", "DRAIN_S": "0"} | (BOT if name == "bot" else {})  # it costs the others seconds
        with self._output.open("wb") as file:
            argv = [sys.executable, "-P", "-c", PATIENT, name]
            self.process = subprocess.Popen(argv, env=base | environment, stdout=file, stderr=file)

    def said(self) -> str:
        return self._output.read_text("utf-8")

    def lines(self, event: str) -> list[Any]:
        """As they were logged."""
        return [line for line in map(json.loads, self.said().splitlines()) if line["event"] == event]

    def waits_for(self) -> list[tuple[str, str]]:
        return [(line["store"], line["problem"]) for line in self.lines("waiting for a store")]

    def comes_to_wait_for(self, *stores: tuple[str, str]) -> None:
        wait_for(f"{self.name} waits for {stores[-1]}", lambda: self.waits_for() == [*stores], within_s=60)

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0, self.said()
        assert "Traceback" not in self.said()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., list[Part]]]:
    started: list[Part] = []

    def start_all(database_url: str, redis_url: str) -> list[Part]:
        for name in PARTS:
            url = login_url(database_url, name)
            started.append(Part(name, tmp_path, DATABASE_URL=url, REDIS_URL=redis_url))
        return started

    yield start_all
    for part in started:
        part.process.kill()
        part.process.wait()


def test_every_part_waits_for_both_stores(
    start: Callable[..., list[Part]],
    database_url: str,
    database_name: str,
    execute: Execute,
    make_valkey: Callable[..., EmbeddedValkey],
) -> None:
    redis = make_valkey()
    redis.kill()
    execute(f'ALTER DATABASE "{database_name}" CONNECTION LIMIT 0')
    full = ("postgres", f'refuses: too many connections for database "{database_name}"')
    parts = start(database_url, redis.url)
    for part in parts:
        part.comes_to_wait_for(full)
    execute(f'ALTER DATABASE "{database_name}" CONNECTION LIMIT -1')
    away = ("redis", "does not answer")
    for part in parts:
        part.comes_to_wait_for(full, away)
    redis.start()
    gateway, worker, bot = parts
    wait_for("the gateway is ready", lambda: answers(f"http://127.0.0.1:{gateway.port}"), within_s=60)
    wait_for("the worker works", lambda: worker.lines("worker started"), within_s=60)
    wait_for("the bot asks", lambda: bot.lines("bot started"), within_s=60)
    for part in parts:
        part.end()
        assert part.waits_for() == [full, away]  # once each


def test_who_waits_ends_when_asked_to(start: Callable[..., list[Part]]) -> None:
    parts = start("postgresql://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1/0")
    for part in parts:
        part.comes_to_wait_for(("postgres", "does not answer"))
    for part in parts:
        part.end()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_S", 0.05)
    monkeypatch.setattr(waiting, "FIRST_PAUSE_S", 0.001)


@pytest.mark.usefixtures("hasty")
async def test_it_waits_so_long_and_says_each_store_once() -> None:
    tries: list[StoreUnavailable] = []

    async def never() -> None:
        tries.append(StoreUnavailable("postgres") if len(tries) < 2 else WritesRefused("redis", "OOM"))
        raise tries[-1]

    with capture_logs() as logs, pytest.raises(WritesRefused) as given_up:
        await wait_for_stores(never, asyncio.Event())
    assert given_up.value is tries[-1]
    assert 3 < len(tries) < 12  # the pauses grow
    assert [(line["store"], line["problem"]) for line in logs] == [
        ("postgres", "does not answer"),
        ("redis", "takes no writes: OOM"),
    ]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("error", [UnfitStore("it may evict games"), ValueError("a defect"), OSError("a disk")])
async def test_what_waiting_does_not_mend_is_not_waited_for(error: Exception) -> None:
    tries = 0

    async def unfit() -> None:
        nonlocal tries
        tries += 1
        raise error

    with capture_logs() as logs, pytest.raises(type(error)):
        await wait_for_stores(unfit, asyncio.Event())
    assert (tries, logs) == (1, [])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('connection to server at "::1", port 5432 failed: FATAL:  sorry, too many clients already', "sorry, too many"),
        (
            'connection to server on socket "/x/.s.PGSQL.5432" failed: FATAL:  the database system is starting up',
            "the d",
        ),
        ('connection to server at "db", port 5432 failed: ВАЖНО:  база данных "x" не существует', "база данных"),
        ('connection to server at "127.0.0.1", port 1 failed: Connection refused\n\tIs the server running', ""),
        ("connection timeout expired", ""),
    ],
)
def test_what_postgres_says_is_handed_on(said: str, told: str) -> None:
    error = StoreUnavailable("postgres")
    error.__cause__ = OSError(said)
    assert problem(error).startswith(f"refuses: {told}" if told else "does not answer")
    assert len(problem(error).splitlines()) == 1
