"""The worker process: arq with its periodic jobs, and the loops that must not wait for a queue.

Owns starting, supervising and ending; the jobs stand in `workers/jobs.py`, the loops in `workers/loops/registry.py`.
arq ends when its Redis goes; everything is closed then and opened anew until the stores answer.  Nothing that a worker
holds is of worth: what it does not finish, another one finds.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import structlog
import uvloop
from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.exceptions import RedisError

from chance_tap.settings import Settings, SettingsError
from chance_tap.telemetry.metrics import serve_metrics
from persistence.errors import StoreUnavailable
from persistence.postgres.access import ROLES, Part, check
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from persistence.waiting import pause, wait_for_stores
from workers.jobs import cron_jobs
from workers.loops.notifications import NOTIFY_JOB, notify
from workers.loops.registry import Loops
from workers.loops.runner import FIRST_PAUSE_S, LONGEST_PAUSE_S
from workers.queue import open_queue

log = structlog.get_logger(__name__)

# Few and always there: with more sessions than that each statement costs Postgres more.  The audit may hold one.
POSTGRES_CONNECTIONS = 5
STEADY_S = 10.0
"""A worker that ran this long has recovered: the next pause before a new start is short again."""


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then finish what is under way.

    Raises:
        SettingsError: a store has no address, or the port for metrics cannot be had.
        StoreUnavailable: a store is away at the start, and stays so.
        UnfitStore: Redis is not configured to keep games safe, or the queue would lie on a cluster.
        UnfitDatabase: the database or its login is not for this worker.
    """
    for name in ("database_url", "redis_url"):
        if not getattr(settings, name):
            raise SettingsError(f"{name.upper()} is not set: the worker needs it.")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_signal(settings))


async def _until_signal(settings: Settings) -> None:
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    await wait_for_stores(lambda: asyncio.to_thread(check, settings, Part.WORKER), stop)
    async with serve_metrics(settings, "worker"):
        await supervise(settings, stop)


async def supervise(settings: Settings, stop: asyncio.Event) -> None:
    """Keep a worker running until `stop` is set; when a store goes, try again and again.

    Raises:
        StoreUnavailable: a store was away from the start, for longer than stores take to start themselves: more likely
            a wrong address than an outage.
    """
    clock = asyncio.get_running_loop()
    pause_s = FIRST_PAUSE_S
    opened = asyncio.Event()
    while not stop.is_set():
        started = clock.time()
        try:
            await work(settings, stop, opened)
        except (StoreUnavailable, RedisError, OSError, TimeoutError) as error:
            if not opened.is_set():
                raise
            log.warning("worker interrupted", error=repr(error))
        if clock.time() - started > STEADY_S:
            pause_s = FIRST_PAUSE_S
        await pause(stop, pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


async def work(settings: Settings, stop: asyncio.Event, opened: asyncio.Event) -> None:
    """One life of the worker: until `stop` is set or arq's Redis goes.  `opened` says that all stores answered."""
    async with AsyncExitStack() as stack:
        stores = await wait_for_stores(lambda: stack.enter_async_context(_open_stores(settings)), stop)
        if stores is not None:
            opened.set()
            await _serve_queue(settings, stores, stop)


class _Stores(NamedTuple):
    """What a worker works on."""

    db: Database
    live: RedisStore
    queue: ArqRedis


@asynccontextmanager
async def _open_stores(settings: Settings) -> AsyncIterator[_Stores]:
    db = await Database.open(
        settings.database_url,
        min_size=POSTGRES_CONNECTIONS,
        max_size=POSTGRES_CONNECTIONS,
        name="chance-tap-worker",
        roles=ROLES[Part.WORKER],
    )
    try:
        live = await RedisStore.open(settings.redis_url)
        try:
            yield _Stores(db, live, await open_queue(settings))
        finally:
            await live.close()
    finally:
        await db.close()


async def _serve_queue(settings: Settings, stores: _Stores, stop: asyncio.Event) -> None:
    db, live, queue = stores
    loops = Loops(live, db, settings, queue)
    worker = Worker(
        functions=[func(notify, name=NOTIFY_JOB, keep_result=0)],
        cron_jobs=cron_jobs(),
        redis_pool=queue,
        on_startup=start_loops,
        handle_signals=False,
        ctx={
            "live": live,
            "db": db,
            "loops": loops,
            "bot": loops.bot,
            "turn": asyncio.Lock(),  # see workers.loops.notifications
            "settings": settings,
        },
    )
    serving = asyncio.create_task(worker.async_run(), name="arq")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await loops.stop()
        await _end(serving, stopping, *worker.tasks.values())
        await loops.close()
        await queue.aclose(close_connection_pool=True)
    if not serving.cancelled():
        serving.result()  # raises what made arq end


async def _end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel until it works: before Python 3.12 `wait_for`, which redis-py uses, may swallow a cancellation."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=0.2)
        for task in done:
            if not task.cancelled():
                task.exception()  # known by who owns the task, or of no more interest


async def start_loops(ctx: dict[Any, Any]) -> None:
    """arq's start: from here on the loops run beside its jobs."""
    ctx["loops"].start()
