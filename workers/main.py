"""The worker process: arq with its periodic jobs, and the loops that must not wait for a queue.

Owns starting, supervising and ending.  arq ends when its Redis goes; everything is closed then and opened anew until
the stores answer.  Nothing that a worker holds is of worth: what it does not finish, another one finds.
"""

import asyncio
import os
import secrets
import signal
import socket
from typing import Any

import structlog
import uvloop
from arq import cron
from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.exceptions import RedisError

from chance_tap.settings import Settings, SettingsError
from persistence.bonus_runs import BonusRuns
from persistence.errors import StoreUnavailable
from persistence.payments.chain_reconciliation import ChainReconciliation
from persistence.payments.payouts import Payouts, TonMethod
from persistence.payments.stars import StarPayments
from persistence.payments.ton_deposits import TonDeposits
from persistence.postgres import idempotency, logins
from persistence.postgres import telegram_chats as bot_memory
from persistence.postgres.pool import Database
from persistence.records.signing import Signer
from persistence.redis.store import RedisStore
from persistence.rooms.audit import audit
from persistence.rooms.settlement import Settlement
from persistence.ton import exchange_rates
from persistence.ton.toncenter import Toncenter
from workers import metrics
from workers.loops import records
from workers.loops.bonus_runs import BonusFlush
from workers.loops.deadlines import DeadlineLoop
from workers.loops.leaderboards import LeaderboardLoop
from workers.loops.mail import MailLoop
from workers.loops.notifications import NOTIFY_JOB, NotificationLoop, tell
from workers.loops.orphaned_seats import OrphanedSeats
from workers.loops.payments import PaymentLoop
from workers.loops.payouts import loops as payout_loops
from workers.loops.reconciliation import ChainReconciliationLoop, ReconciliationGauges, StarReconciliationLoop
from workers.loops.records import Records
from workers.loops.results import ResultReader
from workers.loops.room_reminders import RoomReminders
from workers.loops.runner import FIRST_PAUSE_S, LONGEST_PAUSE_S, repeat, wait
from workers.loops.ton_watcher import ChainWatcher
from workers.queue import open_queue

log = structlog.get_logger(__name__)

# Few and always there: with more sessions than that each statement costs Postgres more.  The audit may hold one.
POSTGRES_CONNECTIONS = 5
CONSUMER = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
"""One a process, over all its lives: what the last one left is read again at once."""
DRAIN_S = 10.0
STEADY_S = 10.0
"""A worker that ran this long has recovered: the next pause before a new start is short again."""
PURGE_ROWS = 10_000
AUDIT_MINUTES = {7, 22, 37, 52}
PURGE_MINUTES = {13}
KEEP_UPDATES_S = 3 * 86_400.0


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then finish what is under way.

    Raises:
        SettingsError: a store has no address.
        StoreUnavailable: a store is away at the start.
        UnfitStore: Redis is not configured to keep games safe, or the queue would lie on a cluster.
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
    await supervise(settings, stop)


async def supervise(settings: Settings, stop: asyncio.Event) -> None:
    """Keep a worker running until `stop` is set; when a store goes, try again and again.

    Raises:
        StoreUnavailable: a store was away from the start: more likely a wrong address than an outage.
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
        await wait(stop, pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


async def work(settings: Settings, stop: asyncio.Event, opened: asyncio.Event) -> None:
    """One life of the worker: until `stop` is set or arq's Redis goes.  `opened` tells that all stores answered."""
    db = await Database.open(
        settings.database_url, min_size=POSTGRES_CONNECTIONS, max_size=POSTGRES_CONNECTIONS, name="chance-tap-worker"
    )
    try:
        live = await RedisStore.open(settings.redis_url)
        try:
            queue = await open_queue(settings)
            opened.set()
            await _serve_queue(settings, queue, live, db, stop)
        finally:
            await live.close()
    finally:
        await db.close()


async def _serve_queue(
    settings: Settings, queue: ArqRedis, live: RedisStore, db: Database, stop: asyncio.Event
) -> None:
    loops = Loops(live, db, settings, queue)
    worker = Worker(
        functions=[func(tell, name=NOTIFY_JOB, keep_result=0)],
        cron_jobs=[
            cron(purge_keys, minute=PURGE_MINUTES),
            cron(audit_ledger, minute=AUDIT_MINUTES),
            cron(purge_records, minute=PURGE_MINUTES),
            cron(purge_updates, minute=PURGE_MINUTES),
        ],
        redis_pool=queue,
        on_startup=start_loops,
        handle_signals=False,
        ctx={
            "live": live,
            "db": db,
            "loops": loops,
            "bot": loops.bot,
            "turn": asyncio.Lock(),
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


class Loops:
    """The loops inside the arq process: started by its start, ended in order."""

    def __init__(self, live: RedisStore, db: Database, settings: Settings, queue: ArqRedis) -> None:
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.bot = book = None
        if settings.has_bot:
            from persistence.payments.star_reconciliation import StarReconciliation  # see persistence.telegram
            from persistence.telegram import make_bot

            self.bot = make_bot(settings)
        stars = StarPayments(live, db, self.bot, settings)
        if self.bot is not None:
            book = StarReconciliation(db, self.bot, stars, settings)
        self._toncenter = Toncenter.from_settings(settings)
        self._rates = exchange_rates.from_settings(settings)
        deposits = TonDeposits(live, db, self._rates, settings)
        settlement = Settlement(live, db)
        ton = None
        if settings.withdrawals_ton == "on":
            from persistence.ton.highload import HighloadChain, HighloadWallet  # see persistence.ton

            wallet = HighloadWallet.from_settings(settings)
            ton = TonMethod(settings.ton_network, wallet, HighloadChain(self._toncenter, wallet))
        gifts = self.bot if settings.withdrawals_premium == "on" else None
        results = ResultReader(live, db, settlement, consumer=CONSUMER, stop=self._stop)
        self._rounds = {
            "read": results.read_round,
            "settle": results.settle_round,
            "sweep": DeadlineLoop(live, settlement, settings.stakes).round,
            "orphans": OrphanedSeats(live, db, settlement).round,
            "bonus": BonusFlush(live, db, BonusRuns(live, db, settings)).round,
            "boards": LeaderboardLoop(live, db).round,
            "payments": PaymentLoop(stars).round,
            "tell": NotificationLoop(live, db, queue, has_bot=settings.has_bot).round,
            **({} if self.bot is None else {"rooms": RoomReminders(live, db, settings).round}),
            **({} if book is None else {"reconcile": StarReconciliationLoop(book).round}),
            "books": ReconciliationGauges(db).round,
            "mail": MailLoop(db, settings).round,
            **payout_loops(Payouts(live, db, ton=ton, bot=gifts)),
            "records": Records(live, db, Signer.from_settings(settings), backlog=lambda: results.backlog).round,
        }
        if settings.ton_deposits:
            watcher = ChainWatcher(deposits, self._toncenter, period_s=settings.ton_poll_ms / 1000)
            self._rounds["chain"] = watcher.round
        if settings.ton_deposits or settings.ton_payout_key:
            self._rounds["chain-book"] = ChainReconciliationLoop(
                ChainReconciliation(db, self._toncenter, settings)
            ).round

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(repeat(name, round_, self._stop), name=name) for name, round_ in self._rounds.items()
        ]
        log.info("worker started")

    async def stop(self) -> None:
        """Let the rounds under way come to their end; what is left then is cancelled, which loses nothing either."""
        self._stop.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=DRAIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._toncenter.close()
        await self._rates.close()

    async def close(self) -> None:
        """After the last job: jobs speak through this bot too."""
        if self.bot is not None:
            await self.bot.session.close()


async def start_loops(ctx: dict[Any, Any]) -> None:
    """arq's start: from here on the loops run beside its jobs."""
    ctx["loops"].start()


async def purge_keys(ctx: dict[Any, Any]) -> None:
    """Forget Idempotency-Keys that are older than they must be kept, and tokens of mails that have expired."""
    for purge in (idempotency.purge, logins.purge):
        gone = PURGE_ROWS
        while gone >= PURGE_ROWS:
            gone = await purge(ctx["db"], limit=PURGE_ROWS)


async def purge_updates(ctx: dict[Any, Any]) -> None:
    """Forget updates that Telegram no longer delivers again."""
    gone = PURGE_ROWS
    while gone >= PURGE_ROWS:
        gone = await bot_memory.purge_updates(ctx["db"], older_than_s=KEEP_UPDATES_S, limit=PURGE_ROWS)


async def purge_records(ctx: dict[Any, Any]) -> None:
    """Forget game records and signals that are older than they must be kept."""
    await records.purge(ctx["db"])


async def audit_ledger(ctx: dict[Any, Any]) -> None:
    """Look whether the books are right and both stores agree; a finding is an alarm, nothing is changed."""
    findings = await audit(ctx["live"], ctx["db"])
    metrics.audit_findings.set(len(findings))
    for finding in findings:
        log.error("audit", rule=finding.rule, subject=finding.subject, detail=finding.detail)
