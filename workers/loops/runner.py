"""A loop that outlives its stores: one round after another, with growing pauses while rounds fail."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from persistence.errors import StoreUnavailable
from persistence.waiting import pause
from workers import metrics

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0


async def repeat(name: str, round_: Callable[[], Awaitable[float]], stop: asyncio.Event) -> None:
    """Run rounds until `stop` is set; each answers the seconds to pause before the next.

    A store that is away is expected and logged once; anything else is a defect and logged each time.  Neither ends
    the loop.
    """
    pause_s, away = FIRST_PAUSE_S, False
    while not stop.is_set():
        try:
            wait_s = await round_()
        except StoreUnavailable as error:
            metrics.loop_failures.labels(name).inc()
            if not away:
                log.warning("store away", loop=name, store=error.store)
            away, wait_s, pause_s = True, pause_s, min(pause_s * 2, LONGEST_PAUSE_S)
        except Exception:
            metrics.loop_failures.labels(name).inc()
            log.exception("round failed", loop=name)
            wait_s, pause_s = pause_s, min(pause_s * 2, LONGEST_PAUSE_S)
        else:
            if away:
                log.info("store back", loop=name)
            pause_s, away = FIRST_PAUSE_S, False
            metrics.loop_succeeded_at.labels(name).set_to_current_time()
        if wait_s > 0:
            await pause(stop, wait_s)
