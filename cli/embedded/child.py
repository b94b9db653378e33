"""Child processes that never outlive their launcher, and the identity of processes found in pid files.

Owns starting, stopping and recognising processes.  Never signals a pid that it did not start or recognise.
"""

import contextlib
import itertools
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from chance_tap.resources import CHECKOUT

HOW_TO_GET_SERVERS: Final = "run `make play`" if CHECKOUT else "install `chance-tap[play]`"
_SHIM = Path(__file__).with_name("exec_shim.py")


class EmbeddedError(RuntimeError):
    """A part cannot be started; the message is one line that says what to do."""


class Child:
    """One running child in its own session, so that a terminal's Ctrl-C reaches the launcher only."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], stop_signal: signal.Signals, log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log
        self._stop_signal = stop_signal

    @classmethod
    def start(
        cls,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path | None = None,
        user: tuple[int, int] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> "Child":
        """Start `argv` (its first word an absolute path) with its output added to `log`; call it on the main thread.

        `user` is the (uid, gid) to become.  `stop_signal` asks for a clean end; it is also what the child gets when
        this process dies (Linux).
        """
        uid, gid = user or (-1, -1)
        shim = [sys.executable, "-I", "-S", str(_SHIM), str(os.getpid()), str(int(stop_signal)), str(uid), str(gid)]
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*shim, *argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        return cls(name, process, stop_signal, log)

    @property
    def pid(self) -> int:
        return self.process.pid

    def running(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.running():
            self.process.send_signal(self._stop_signal)

    def stop(self, timeout_s: float = 10) -> None:
        """Ask, wait, then kill the whole process group."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout_s)
        self.kill()

    def kill(self) -> None:
        """Kill at once, what the child itself started included."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def ending(self) -> str:
        """How it ended, in words."""
        code = self.process.returncode
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

    def tail(self, lines: int = 15) -> list[str]:
        """The last lines of its log; none when it cannot be read."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - 16_384))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        return text.splitlines()[-lines:]

    def last_words(self) -> str:
        """The one line of the log's end that best says why it stopped."""
        return telling_line(self.tail())


def telling_line(lines: Sequence[str]) -> str:
    """The line that names a reason, else the last one."""
    for word in ("no space left", "read-only", "fatal", "panic", "error", "can't", "failed"):
        for line in reversed(lines):
            if word in line.lower():
                return line.strip()
    return lines[-1].strip() if lines else "it said nothing"


def identity(pid: int) -> str | None:
    """What tells a process from a later one with the same pid: its start time (and the boot); None when it is gone."""
    if sys.platform == "linux":
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
            after_name = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].decode().split()
        except OSError:
            return None
        return None if after_name[0] == "Z" else f"{boot}:{after_name[19]}"
    return shown_by_ps(pid, "lstart") or None


def shown_by_ps(pid: int, column: str) -> str:
    """A column of `ps` where there is no /proc; empty when the process is gone."""
    command = ["/bin/ps", "-o", f"{column}=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False).stdout.strip()


def end_stranger(pid: int, stop_signal: signal.Signals, timeout_s: float = 10) -> None:
    """Stop a recognised process that is not our child: ask, wait until it is gone, then kill."""
    who = identity(pid)
    for signal_to_send, patience_s in ((stop_signal, timeout_s), (signal.SIGKILL, 5.0)):
        if who is None or identity(pid) != who:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal_to_send)
        until = time.monotonic() + patience_s
        while identity(pid) == who and time.monotonic() < until:
            time.sleep(0.02)


_FIRST_PORT: Final = 20_000
_PORTS: Final = 12_000
_next_port = itertools.count(secrets.randbelow(_PORTS))


def free_port() -> int:
    """A port of 127.0.0.1 that nobody holds, below the range from which the kernel takes ports for clients.

    Never the same one twice in a process, since whoever asked may bind it only later; other processes begin elsewhere.
    """
    for _ in range(_PORTS):
        port = _FIRST_PORT + next(_next_port) % _PORTS
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise EmbeddedError(f"No free port between {_FIRST_PORT} and {_FIRST_PORT + _PORTS} on 127.0.0.1.")
