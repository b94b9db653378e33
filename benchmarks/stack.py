"""The real stack for measuring: embedded stores, and the product's own commands, pinned to their cores.

The server under test has the first core for itself; Valkey, the worker and the load share the second.  Postgres is not
pinned: it is idle while taps are measured, and takes what is free while money is.
"""

import os
import secrets
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.machine import BenchError, cores, on_core
from cli.embedded.child import Child, free_port
from cli.embedded.postgres import EmbeddedPostgres
from cli.embedded.valkey import EmbeddedValkey
from persistence.postgres.migrate import migrate

_PROJECT = Path(__file__).resolve().parents[1]
_READY_S = 30.0
_DATABASE = "chance_tap"
GAME_S = 3600


class Stack:
    """Everything that runs; `close` ends it and removes its folder."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="chance-tap-bench-")
        self.path = Path(self.folder.name)
        self.path.chmod(0o755)
        self.core, self.other_core = cores()
        self.postgres = EmbeddedPostgres(self.path / "postgres")
        self.valkey = EmbeddedValkey(self.path / "valkey")
        self.port = free_port()
        self.jwt_secret = secrets.token_urlsafe(32)
        self.bot_secret = secrets.token_urlsafe(26)  # of nobody's bot
        self.parts: dict[str, Child] = {}
        self._urls: dict[str, str] = {}

    @property
    def admin_url(self) -> str:
        return self.postgres.admin_url(_DATABASE)

    def start_stores(self) -> None:
        self.postgres.start()
        with on_core(self.other_core):
            self.valkey.start()
        with psycopg.connect(self.postgres.admin_url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_DATABASE)))
        migrate(self.admin_url, env="production")
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            for part in ("gateway", "worker"):
                login, password = f"ct_{part}", secrets.token_urlsafe(24)
                connection.execute(
                    sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(login), sql.Literal(password))
                )
                self._urls[part] = self.postgres.url(login, _DATABASE, password)

    def start_gateway(self) -> Child:
        """A fresh gateway on the first core, as in production."""
        gateway = self.start("gateway", self.command("gateway"), self.core, self.environment("gateway"))
        self._until_ready(gateway, self._answers)
        return gateway

    def start_worker(self, core: int) -> Child:
        return self.start("worker", self.command("worker"), core, self.environment("worker"))

    def start_peer(self, name: str, command: list[str]) -> tuple[Child, int]:
        """A peer on the first core, and its port."""
        port = free_port()
        peer = self.start(name, [word.replace("{port}", str(port)) for word in command], self.core, dict(os.environ))
        self._until_ready(peer, lambda: _listens(port))
        return peer, port

    def start(self, name: str, argv: list[str], core: int, environment: dict[str, str]) -> Child:
        self.stop(name)
        with on_core(core):
            self.parts[name] = Child.start(name, argv, log=self.path / f"{name}.log", env=environment)
        return self.parts[name]

    def stop(self, name: str) -> None:
        if part := self.parts.pop(name, None):
            part.stop()

    def close(self) -> None:
        for name in list(self.parts):
            self.stop(name)
        self.valkey.stop()
        self.postgres.stop()
        self.folder.cleanup()

    def command(self, part: str) -> list[str]:
        return [sys.executable, "-P", "-m", "cli", part]

    def environment(self, part: str) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(_PROJECT),
            "ENV": "production",
            "PORT": str(self.port),
            "DATA_DIR": str(self.path / "data"),
            "BOT_TOKEN": f"424242:{self.bot_secret}",
            "TELEGRAM_API_URL": "http://127.0.0.1:9",  # nobody is there: players without a socket are written to
            "JWT_SECRET": self.jwt_secret,
            "DATABASE_URL": self._urls[part],
            "REDIS_URL": self.valkey.url,
            "GAME_S": str(GAME_S),
        }

    def _until_ready(self, part: Child, ready: Callable[[], bool]) -> None:
        until = time.monotonic() + _READY_S
        while not ready():
            if not part.running() or time.monotonic() > until:
                raise BenchError(f"{part.name} does not start: {part.last_words()}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True
