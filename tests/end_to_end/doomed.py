"""Real gateways and workers that are killed with SIGKILL at a chosen step: run as a program, it forks one for every
line it reads, so that one is up in a fraction of a second.

A gateway's steps are the beginning of an update, the end of each call that its handling makes to Postgres and to
Telegram, and the end of the handling before the answer is sent.  A worker's are the ends of the calls to Postgres, to
the chain and to Telegram by which it pays withdrawals out.  Production code knows nothing of it.
"""

import contextlib
import contextvars
import ctypes
import functools
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

from aiogram.client.session.aiohttp import AiohttpSession

from bot.updates import Updates
from cli.embedded.child import free_port
from cli.main import main as command_line
from gateway import server  # warm: every gateway needs all of it
from persistence.payments.payouts import Payouts
from persistence.postgres import withdrawals
from persistence.postgres.pool import Database
from persistence.ton.highload import HighloadChain
from tests.fixtures.stack import READY_S, is_ready
from tests.fixtures.waiting import wait_for
from workers import main as worker
from workers.loops import payouts

__all__ = ["DoomedGateway", "DoomedWorker", "server", "worker"]

_READY_S = 20.0
_PR_SET_PDEATHSIG = 1

_handling = contextvars.ContextVar("handling", default=False)


class Fuse:
    """Kills this process at step number `at`, counted over all that it does; 0: never."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._steps = 0

    def burn(self) -> None:
        self._steps += 1
        if self._steps == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: Any, name: str) -> None:
        """Each end of this call is a step, where it is part of the handling and found something to do."""
        original: Callable[..., Awaitable[Any]] = getattr(owner, name)

        @functools.wraps(original)
        async def watched(*args: Any, **kwargs: Any) -> Any:
            result = await original(*args, **kwargs)
            if _handling.get() and result != []:
                self.burn()
            return result

        setattr(owner, name, watched)

    def surround(self, owner: type, name: str, *, ends: bool = True) -> None:
        """This method is the handling: its beginning and its end are steps if `ends`, and all within it."""
        original: Callable[..., Awaitable[Any]] = getattr(owner, name)

        @functools.wraps(original)
        async def surrounded(*args: Any, **kwargs: Any) -> Any:
            token = _handling.set(True)
            if ends:
                self.burn()
            try:
                return await original(*args, **kwargs)
            finally:
                if ends:
                    self.burn()
                _handling.reset(token)

        setattr(owner, name, surrounded)


def _lay_in_gateway(fuse: Fuse) -> None:
    fuse.surround(Updates, "take_json")
    for owner, name in ((Database, "call"), (Database, "rows"), (AiohttpSession, "make_request")):
        fuse.watch(owner, name)


def _lay_in_worker(fuse: Fuse) -> None:
    payouts.PERIOD_S = 0.1  # what is waited for between rounds is no step
    for name in ("release", "send_ton", "send_premium"):
        fuse.surround(Payouts, name, ends=False)
    for name in ("release", "take", "next_query", "begin", "end", "gifts_known"):
        fuse.watch(withdrawals, name)
    for name in ("now_s", "transfer", "send", "processed"):
        fuse.watch(HighloadChain, name)
    fuse.watch(AiohttpSession, "make_request")


_LAY: dict[str, Callable[[Fuse], None]] = {"gateway": _lay_in_gateway, "worker": _lay_in_worker}


def _part(name: str, environment: dict[str, str], log: str, at: int) -> None:
    """The child: a part by its own command line, with a fuse."""
    die_with_parent()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(environment)
    _LAY[name](Fuse(at))
    os._exit(command_line([name]))


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    die_with_parent()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _part(*pickle.loads(bytes.fromhex(line)))
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


class Doomed:
    """The program above, seen from a test: one part at a time."""

    def __init__(self, name: str, environment: dict[str, str], log: Path) -> None:
        self._name = name
        self._environment = environment
        self._log = log
        self._pid: int | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.end_to_end.doomed"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.communicate()

    @property
    def log(self) -> str:
        return self._log.read_text()

    def start(self, at: int = 0) -> None:
        """Start one that dies at step `at`; it may be dead when this returns."""
        assert self._pid is None, "the one before still lives"
        assert self._process.stdin is not None
        self._process.stdin.write(pickle.dumps((self._name, self._environment, str(self._log), at)).hex() + "\n")
        self._process.stdin.flush()
        self._pid = int(self._read())

    def dies(self) -> bool:
        """Wait for its end: whether it was killed."""
        code = int(self._read())
        self._pid = None
        assert code in (0, -signal.SIGKILL), f"the {self._name} failed: {self.log[-2000:]}"
        return code != 0

    def kill(self) -> None:
        if self._pid is not None:
            with contextlib.suppress(ProcessLookupError):  # it is dead already
                os.kill(self._pid, signal.SIGKILL)
            self.dies()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def alive(self) -> bool:
        assert self._pid is not None
        try:
            state = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state != "Z"


class DoomedGateway(Doomed):
    """Always on the same port."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._port = free_port()
        super().__init__("gateway", environment | {"PORT": str(self._port)}, log)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self, at: int = 0) -> None:
        super().start(at)
        wait_for("the gateway is ready, or dead", lambda: not self.alive() or is_ready(self.url), within_s=READY_S)


class DoomedWorker(Doomed):
    """Nobody asks a worker whether it is ready: what it does is seen in the stores."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        super().__init__("worker", environment, log)


if __name__ == "__main__":
    main()
