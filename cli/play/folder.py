"""The data folder of `play`: what lies where, who may use it, what a killed launcher left in it.

Owns DATA_DIR.  One launcher at a time uses it; everything in it that is secret is readable by its owner only.
"""

import contextlib
import fcntl
import json
import os
import pwd
import secrets
import shutil
import signal
from pathlib import Path

from cli.embedded.child import Child, end_stranger, identity
from cli.embedded.postgres import reachable, unprivileged_user

FORMAT = "1"  # of the folder: raised when an older one cannot be used any more
FRESH_BYTES = 150_000_000  # a new cluster with its first write-ahead log
USED_BYTES = 40_000_000
_BEFORE_VERSION = ("lock", "jwt_secret", "lost+found", ".version.new")  # what a folder without a version may hold
_OUTSIDE = Path("/var/lib/chance-tap")


class PlayError(RuntimeError):
    """`play` cannot start or go on; the message is one line that says what to do."""


class DataFolder:
    """Prepared and locked from `open` until `close`, or until this process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self._pids = self.path / "run"
        self._lock: int | None = None

    def open(self) -> None:
        """Make or check the folder, take its lock, end what a killed launcher left running.

        Raises:
            PlayError: in one line, when it cannot be used.
        """
        try:
            self._prepare()
        except OSError as error:
            self.close()
            raise PlayError(f"DATA_DIR ({self.path}) cannot be used: {error.strerror}.") from error
        except PlayError:
            self.close()
            raise

    def close(self) -> None:
        """Forget this run's addresses and let another launcher in."""
        if self._lock is not None:
            with contextlib.suppress(OSError):  # of a failing disk: who reads them finds that nobody answers
                (self.path / "addresses.json").unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def postgres(self) -> Path:
        """The folder of the cluster.

        As root it must be within reach of the user that Postgres runs as; below a closed folder (/root) it is a link
        to a place that is.
        """
        here = self.path / "postgres"
        user = unprivileged_user()
        if user is not None and not here.exists():
            os.chown(self.path, 0, user[1])
            self.path.chmod(0o710)
            if not reachable(self.path, user):
                there = _OUTSIDE / f"data-{secrets.token_hex(8)}"
                there.mkdir(parents=True)
                _OUTSIDE.chmod(0o755)
                here.unlink(missing_ok=True)  # a link whose target was removed
                here.symlink_to(there)
        here.mkdir(mode=0o711, exist_ok=True)
        return here.resolve()

    def valkey(self) -> Path:
        return self.path / "valkey"

    def mail(self) -> Path:
        """Where e-mails are put that no server is there to send."""
        return self.path.resolve() / "mail"

    def jwt_secret(self) -> str:
        """The secret that signs sessions: made once, so that a restart logs nobody out."""
        return kept_secret(self.path / "jwt_secret")

    def remember(self, child: Child) -> None:
        """Note a running part, so that the next launcher can recognise and end it."""
        write_private(self._pids / child.name, json.dumps({"pid": child.pid, "identity": identity(child.pid)}))

    def forget(self, name: str) -> None:
        (self._pids / name).unlink(missing_ok=True)

    def publish(self, addresses: dict[str, str]) -> None:
        """Let other commands of this folder (`audit`, `doctor`) find the embedded stores while they run."""
        write_private(self.path / "addresses.json", json.dumps(addresses))

    def _prepare(self) -> None:
        version = self.path / "version"
        fresh = not version.exists()
        if fresh and self.path.is_dir() and any(entry.name not in _BEFORE_VERSION for entry in self.path.iterdir()):
            raise PlayError(f"DATA_DIR ({self.path}) holds other things than Chance Tap's data: choose another.")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not fresh and version.stat().st_uid != os.geteuid():
            owner = _user_name(version.stat().st_uid)
            raise PlayError(f"DATA_DIR ({self.path}) belongs to {owner}: start as that user, or choose another.")
        if not fresh and (found := version.read_text(encoding="utf-8").strip()) != FORMAT:
            raise PlayError(f"DATA_DIR ({self.path}) is of version {found}, this is {FORMAT}: move it away.")
        self._take_lock()
        free = shutil.disk_usage(self.path).free
        needed = FRESH_BYTES if fresh else USED_BYTES
        if free < needed:
            raise PlayError(
                f"The disk of DATA_DIR ({self.path}) is full: {free // 10**6} MB free, {needed // 10**6} MB needed."
            )
        if fresh:
            self.path.chmod(0o700)
            write_private(version, FORMAT + "\n")
        for folder in (self.logs, self._pids, self.valkey()):
            folder.mkdir(mode=0o700, exist_ok=True)
        self._end_leftovers()
        for log in self.logs.glob("*.log"):
            log.replace(log.with_suffix(".log.1"))

    def _take_lock(self) -> None:
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._lock, 20).decode() or "?"
            os.close(self._lock)
            self._lock = None
            raise PlayError(f"DATA_DIR ({self.path}) is in use by another launcher (process {holder}).") from None
        os.ftruncate(self._lock, 0)
        os.write(self._lock, str(os.getpid()).encode())

    def _end_leftovers(self) -> None:
        """End the parts of a launcher that was killed.  On Linux the kernel has told them; wait for them."""
        for file in self._pids.iterdir():
            try:
                noted = json.loads(file.read_text(encoding="utf-8"))
                pid, noted_identity = int(noted["pid"]), str(noted["identity"])
            except (ValueError, KeyError, TypeError):
                file.unlink()
                continue
            if identity(pid) == noted_identity:
                end_stranger(pid, signal.SIGINT if file.name == "postgres" else signal.SIGTERM)
            file.unlink()


def running_addresses(data_dir: Path) -> dict[str, str]:
    """`redis_url` and `database_url` of the stores that a running `play` embeds, and `database_url_gateway` and so on,
    which are the parts' own logins; empty when none runs."""
    try:
        found = json.loads((data_dir / "addresses.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()}


def kept_secret(file: Path) -> str:
    """Read a secret, or make one and keep it for its owner only."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(file, secrets.token_urlsafe(32))
    return file.read_text(encoding="utf-8").strip()


def write_private(file: Path, text: str) -> None:
    """Replace a file as one, readable by its owner only."""
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text, encoding="utf-8")
    new.replace(file)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
