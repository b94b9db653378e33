"""The start of a part whose stores are not there yet: when a machine comes up, everything on it begins at once.

Owns how long a part waits for them, and what is said of a store that is away.  Must never wait for what waiting does
not mend (UnfitStore, UnfitDatabase, settings), nor for commands: a person waits for their answer.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from persistence.errors import StoreUnavailable, WritesRefused

log = structlog.get_logger(__name__)

T = TypeVar("T")

PATIENCE_S: Final = 20.0
"""Longer than stores take to start after an orderly end, and so long that a supervisor which gives up after several
short lives (systemd: five in ten seconds) never does."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0
_ANSWER: Final = re.compile(r"failed: \w+:  (.+)")
"""Of a server, in libpq's words: `connection to server at … failed: FATAL:  sorry, too many clients already`."""


async def wait_for_stores(open_: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T | None:
    """What `open_` opens, tried again while a store is away; None: `stop` was set before that.

    Raises:
        StoreUnavailable: one was away for `PATIENCE_S`.
        Exception: whatever else `open_` raises, at once.
    """
    clock = asyncio.get_running_loop().time
    until, pause_s, missed = clock() + PATIENCE_S, FIRST_PAUSE_S, ""
    while not stop.is_set():
        try:
            opened = await open_()
        except StoreUnavailable as error:
            left_s = until - clock()
            if left_s <= 0:
                raise
            if error.store != missed:
                missed = error.store
                log.warning("waiting for a store", store=missed, problem=problem(error), patience_s=round(left_s))
            await pause(stop, min(pause_s, left_s))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        else:
            if missed:
                log.info("stores answer")
            return opened
    return None


def problem(error: StoreUnavailable) -> str:
    """What the store does instead of working, in words that stand after its name."""
    if isinstance(error, WritesRefused):
        return f"takes no writes: {error.reason}"
    answer = _ANSWER.search(str(error.__cause__)) if error.store == "postgres" else None
    return f"refuses: {answer[1]}" if answer else "does not answer"


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
