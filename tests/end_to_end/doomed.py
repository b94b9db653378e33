"""Real gateways and workers that are killed with SIGKILL at a chosen step.

A gateway's steps are the beginning of an update, the end of each call that its handling makes to Postgres and to
Telegram, and the end of the handling before the answer is sent.  A worker's are the ends of the calls to Postgres, to
the chain and to Telegram by which it pays withdrawals out.  Production code knows nothing of it.
"""

import contextvars
import functools
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

from aiogram.client.session.aiohttp import AiohttpSession

from bot.updates import Updates
from cli.embedded.child import free_port
from cli.main import main as command_line
from persistence.payments.payouts import Payouts
from persistence.postgres import withdrawals
from persistence.postgres.pool import Database
from persistence.ton.highload import HighloadChain
from tests.fixtures.fork_server import Forked, ForkServer
from tests.fixtures.parts import take_over
from tests.fixtures.stack import READY_S, is_ready
from tests.fixtures.waiting import wait_for
from workers.loops import payouts

_END_S = 20.0

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
    for name in ("release", "take", "next_query", "begin", "end", "match_gift"):
        fuse.watch(withdrawals, name)
    for name in ("now_s", "transfer", "send", "processed"):
        fuse.watch(HighloadChain, name)
    fuse.watch(AiohttpSession, "make_request")


_LAY: dict[str, Callable[[Fuse], None]] = {"gateway": _lay_in_gateway, "worker": _lay_in_worker}


def run(name: str, environment: dict[str, str], log: str, at: int) -> int:
    """In the forked process: a part by its own command line, with a fuse."""
    take_over(environment, log)
    _LAY[name](Fuse(at))
    return command_line([name])


class Doomed:
    """One part at a time, as its test sees it."""

    def __init__(self, forks: ForkServer, name: str, environment: dict[str, str], log: Path) -> None:
        self._forks = forks
        self._name = name
        self._environment = environment
        self._log = log
        self._process: Forked | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def log(self) -> str:
        return self._log.read_text()

    def start(self, at: int = 0) -> None:
        """Start one that dies at step `at`; it may be dead when this returns."""
        assert self._process is None, "the one before still lives"
        self._process = self._forks.start(f"{__name__}:run", self._name, self._environment, str(self._log), at)

    def dies(self) -> bool:
        """Wait for its end: whether it was killed."""
        assert self._process is not None
        code = self._process.wait(_END_S)
        self._process = None
        assert code in (0, -signal.SIGKILL), f"the {self._name} failed: {self.log[-2000:]}"
        return code != 0

    def kill(self) -> None:
        if self._process is not None:
            self._process.send(signal.SIGKILL)
            self.dies()

    def alive(self) -> bool:
        assert self._process is not None
        return self._process.running()


class DoomedGateway(Doomed):
    """Always on the same port."""

    def __init__(self, forks: ForkServer, environment: dict[str, str], log: Path) -> None:
        self._port = free_port()
        super().__init__(forks, "gateway", environment | {"PORT": str(self._port)}, log)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self, at: int = 0) -> None:
        super().start(at)
        wait_for("the gateway is ready, or dead", lambda: not self.alive() or is_ready(self.url), within_s=READY_S)


class DoomedWorker(Doomed):
    """Nobody asks a worker whether it is ready: what it does is seen in the stores."""

    def __init__(self, forks: ForkServer, environment: dict[str, str], log: Path) -> None:
        super().__init__(forks, "worker", environment, log)
