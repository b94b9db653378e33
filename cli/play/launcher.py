"""The launcher of `play`: starts every part, waits, and leaves no process behind.

Owns the order of starting and stopping.  A part without which nobody can play ends everything when it ends by itself;
nothing is restarted here, since on one machine a person is better served by the reason than by a loop.  Bot and
opponents may go: the others stay.  Must never let anything keep it from stopping.  Runs on the main thread only: the
kernel ends the children when the thread that made them dies.
"""

import contextlib
import ctypes
import http.client
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn
from urllib.parse import quote

import psycopg
from psycopg import sql

from chance_tap.resources import CHECKOUT, WEB_APP
from chance_tap.settings import Settings
from cli import outside
from cli.embedded.child import Child
from cli.embedded.exec_shim import PR_SET_PDEATHSIG
from cli.embedded.postgres import EmbeddedPostgres
from cli.embedded.valkey import EmbeddedValkey
from cli.machine import STOP_SIGNALS, hear_signals, on_one_line
from cli.play.folder import DataFolder, PlayError
from cli.surroundings import for_parts
from persistence.errors import StoreUnavailable
from persistence.postgres.access import Part
from persistence.postgres.migrate import MigrationRefused, applied, migrate

_READY_TIMEOUT_S = 120.0  # on a slow machine; a part that ends is noticed at once
_DATABASE = "chance_tap"
_OPPONENTS: Final = "opponents"
_MAY_GO: Final = (Part.BOT.value, _OPPONENTS)
_UMASK: Final = 0o022
# What a part gets beside the caller's environment.  The demo opponents know the public address and nothing else; it is
# this machine's, whatever it is called, and no proxy's business.
_SECRETS = ("DATABASE_URL", "REDIS_URL", "QUEUE_REDIS_URL", "JWT_SECRET")


class StopRequested(Exception):
    """Ctrl-C or a signal came while things were being started."""


class PartEnded(Exception):
    """A part stopped by itself; holds what to show."""


def play(settings: Settings, *, stop_with_parent: bool = False) -> int:
    """Run everything until a stop is asked for (exit code 0) or a part ends by itself (1).

    Raises:
        PlayError, EmbeddedError: in one line, when it cannot start.
    """
    try:
        launcher = Launcher(settings)
    except FileNotFoundError:
        raise PlayError("The folder that it was started in is gone: change into another one.") from None
    for number in STOP_SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # else it is to outlive its terminal
            signal.signal(number, launcher.on_stop_signal)
    signal.signal(signal.SIGCHLD, launcher.on_child)
    hear_signals()
    # What is private says so by its mode; the rest is read by the user that Postgres runs as.
    os.umask(_UMASK)
    if stop_with_parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    try:
        launcher.start()
        launcher.wait()
    except StopRequested:
        return 0
    except PartEnded as ended:
        say(str(ended))
        return 1
    except OSError as error:  # of the machine: a disk that filled up, no more processes
        raise PlayError(f"It cannot go on: {error}.") from error
    except psycopg.Error as error:
        raise PlayError(f"Postgres does not do what it is asked: {str(error).splitlines()[0]}") from error
    finally:
        launcher.stop()


def say(text: str) -> None:
    """A line of progress; neither a closed terminal nor one that lacks our letters may keep us from stopping."""
    try:
        print(text, flush=True)
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the end


class Launcher:
    """The parts that run, in the order in which they were started."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = DataFolder(settings.data_dir)
        self._parts: list[Child] = []
        self._stop_asked = False
        self._news = threading.Event()  # a signal came or a child changed

    def on_stop_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_asked = True
        self._news.set()

    def on_child(self, _number: int, _frame: FrameType | None) -> None:
        self._news.set()

    def start(self) -> None:
        """Everything up to the line with the address."""
        began = time.monotonic()
        settings = self._settings
        self._folder.open()
        check_loopback()
        check_port(settings.host, settings.port)
        for line in outside.silent(os.environ, outside.asked_by("play", settings)):
            say(f"  {line}")
        environment = for_parts(os.environ) | {
            "DATA_DIR": str(self._folder.path),
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "DRAIN_NOTICE_S": "0",  # no balancer stands before the one gateway
            "DRAIN_S": "0",
        }
        if CHECKOUT is not None:
            environment["PYTHONPATH"] = str(CHECKOUT)  # where nothing need be installed
        if not settings.is_production:
            environment["JWT_SECRET"] = settings.jwt_secret or self._folder.jwt_secret()
        if not settings.smtp_url and not settings.is_production:
            environment["SMTP_URL"] = f"folder:{quote(os.fsencode(self._folder.mail()))}"
        redis_url = settings.redis_url or self._start_valkey()
        environment["REDIS_URL"] = redis_url
        urls = self._external_postgres() if settings.database_url else self._start_postgres()
        logins = {f"database_url_{part}": urls[part] for part in Part}
        self._folder.publish({"database_url": urls["admin"], "redis_url": redis_url} | logins)
        for number, name in enumerate((Part.GATEWAY, Part.WORKER, Part.BOT)):
            if name is Part.BOT and not settings.has_bot:
                continue
            own = {"DATABASE_URL": urls[name]}
            if settings.metrics_port:  # one a process: the next ones for worker and bot
                own["METRICS_PORT"] = str(settings.metrics_port + number)
            self._start_part(name.value, environment | own)
        address = public_address(settings.host, settings.port)
        self._wait_until_ready(address)
        if settings.demo_opponents and not settings.is_production:
            public = {name: value for name, value in environment.items() if not _is_kept_from_opponents(name)}
            arguments = ["simulate", "--opponents", str(settings.demo_opponents), "--url", address]
            self._start_part(_OPPONENTS, public, arguments)
        if not (WEB_APP / "index.html").exists():
            say("  The web app is not built: `make web` builds it.")
        say(f"Chance Tap is ready after {time.monotonic() - began:.1f} s: {address}")
        say(f"  Data, logs and e-mails: {on_one_line(self._folder.path)}. Ctrl-C stops everything.")

    def wait(self) -> NoReturn:
        """Until a stop is asked for or a part ends by itself."""
        while True:
            self._news.clear()
            self._check()
            self._news.wait()

    def stop(self) -> None:
        """End what runs, last started first; the stores last and together."""
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if self._parts:
            say("Stopping …")
        opponents = [part for part in self._parts if part.name == _OPPONENTS]
        stores = [part for part in self._parts if part.name in ("postgres", "valkey")]
        ours = [part for part in self._parts if part not in opponents and part not in stores]
        for group, patience_s in ((opponents, 5), (ours, 10), (stores, 20)):
            for part in group:
                part.ask_to_stop()
            for part in group:
                part.stop(patience_s)
                self._forget(part)
        self._parts.clear()
        self._folder.close()

    def _start_valkey(self) -> str:
        server = EmbeddedValkey(self._folder.valkey(), password=secrets.token_hex(16), log=self._log("valkey"))
        self._step("Valkey", server.start)
        self._add(server.child)
        return server.url

    def _start_postgres(self) -> dict[str, str]:
        """Start, migrate, and give each part a login of its own; their passwords live as long as this launcher."""
        cluster = self._folder.postgres()
        if not cluster.is_relative_to(self._folder.path.resolve()):
            path = on_one_line(self._folder.path)
            say(f"  Postgres runs as nobody, who cannot reach {path}: its files are in {on_one_line(cluster)}")
        server = EmbeddedPostgres(cluster, log=self._log("postgres"))
        self._step("Postgres", server.start)
        self._add(server.child)
        with psycopg.connect(server.admin_url(), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_DATABASE)))
        admin = server.admin_url(_DATABASE)
        remedy = f"move {self._folder.path} away or delete it, and `play` makes a new one"
        self._step("Migrations", lambda: self._migrate(admin, remedy))
        urls = {"admin": admin}
        with psycopg.connect(admin, autocommit=True) as connection:
            for part in Part:
                login, password = f"ct_{part}", secrets.token_urlsafe(24)
                connection.execute(
                    sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(login), sql.Literal(password))
                )
                urls[part.value] = server.url(login, _DATABASE, password)
        return urls

    def _external_postgres(self) -> dict[str, str]:
        url = self._settings.database_url
        remedy = "use the version that made it, or set DATABASE_URL to another"
        self._step("Migrations", lambda: self._migrate(url, remedy))
        return dict.fromkeys(("admin", *Part), url)

    def _migrate(self, url: str, remedy: str) -> None:
        try:
            if unknown := applied(url).unknown:
                made = f"The database was made by another version of Chance Tap (it has {unknown[-1]})"
                raise PlayError(f"{made}: {remedy}.")
            migrate(url, env=self._settings.env)
        except StoreUnavailable as error:
            raise PlayError("Postgres at DATABASE_URL does not answer.") from error
        except (MigrationRefused, psycopg.Error) as error:
            raise PlayError(f"The database cannot be brought up to date: {str(error).splitlines()[0]}") from error

    def _start_part(self, name: str, environment: dict[str, str], arguments: list[str] | None = None) -> None:
        self._check()
        argv = [sys.executable, "-P", "-m", "cli", *(arguments or [name])]
        self._add(Child.start(name, argv, log=self._log(name), env=environment))

    def _wait_until_ready(self, address: str) -> None:
        began = time.monotonic()
        while not answers(address):
            self._check()
            if time.monotonic() - began > _READY_TIMEOUT_S:
                gateway = next(part for part in self._parts if part.name == "gateway")
                raise PlayError(f"The gateway does not become ready: {gateway.last_words()} ({gateway.log})")
            time.sleep(0.05)
        say(f"  Gateway and worker: ready ({time.monotonic() - began:.1f} s)")

    def _step(self, name: str, work: Callable[[], object]) -> None:
        self._check()
        began = time.monotonic()
        work()
        say(f"  {name}: ready ({time.monotonic() - began:.1f} s)")

    def _add(self, part: Child) -> None:
        self._parts.append(part)
        self._folder.remember(part)

    def _forget(self, part: Child) -> None:
        with contextlib.suppress(OSError):  # of a full or failing disk: the next launcher recognises what is gone
            self._folder.forget(part.name)

    def _log(self, name: str) -> Path:
        return self._folder.logs / f"{name}.log"

    def _check(self) -> None:
        """Raise what there is to raise: a stop that was asked for, or a part that ended by itself."""
        if self._stop_asked:
            raise StopRequested
        for part in [part for part in self._parts if not part.running()]:
            how = part.ending()
            if part.name not in _MAY_GO:
                lines = "".join(f"\n    {line}" for line in part.tail())
                raise PartEnded(f"{part.name} stopped by itself ({how}); the end of {on_one_line(part.log)}:{lines}")
            self._parts.remove(part)
            part.kill()  # what it started itself
            self._forget(part)
            log = on_one_line(part.log)
            say(f"  {part.name} stopped by itself ({how}), the others go on: {part.last_words()} ({log})")


def _is_kept_from_opponents(name: str) -> bool:
    return name in _SECRETS or name.lower().endswith("_proxy")


def check_loopback() -> None:
    """Raises PlayError when this machine does not reach itself, as in a network of its own that nobody set up."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 2):
            return
    except OSError as error:
        raise PlayError(
            f"127.0.0.1 does not answer ({error.strerror or error}): bring the loopback interface up"
            " (`ip link set lo up`)."
        ) from error


def check_port(host: str, port: int) -> None:
    """Raises PlayError when the gateway could not listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except PermissionError as error:
        raise PlayError(f"Port {port} is not allowed to this user: set PORT to one above 1023.") from error
    except (socket.gaierror, UnicodeError) as error:
        raise PlayError(f"HOST {host} is not an address of this machine.") from error
    except OSError as error:
        raise PlayError(f"Port {port} on {host} cannot be used ({error.strerror}): set PORT to another.") from error


def public_address(host: str, port: int) -> str:
    """Where a browser on this machine finds the gateway."""
    near = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{near}:{port}"


def answers(address: str) -> bool:
    """Whether the gateway says that it is ready; proxies of the environment are not asked."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
