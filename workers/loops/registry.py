"""Which loops a worker has, by their names, and what each of them needs.

Owns what the loops share (the bot, the clients of the chain and of exchange rates) and its closing.  Must never hold
anything that another worker could not find in the stores.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from arq.connections import ArqRedis

from chance_tap.settings import Settings
from persistence import watches
from persistence.bonus_runs import BonusRuns
from persistence.payments.chain_reconciliation import ChainReconciliation
from persistence.payments.payouts import Payouts, TonMethod
from persistence.payments.stars import StarPayments
from persistence.payments.ton_deposits import TonDeposits
from persistence.postgres.pool import Database
from persistence.records.signing import Signer
from persistence.redis.store import RedisStore
from persistence.rooms.settlement import Settlement
from persistence.ton import exchange_rates
from persistence.ton.toncenter import Toncenter
from workers.loops.bonus_runs import BonusFlush
from workers.loops.deadlines import DeadlineLoop
from workers.loops.leaderboards import LeaderboardLoop
from workers.loops.mail import MailLoop
from workers.loops.notifications import NotificationLoop
from workers.loops.orphaned_seats import OrphanedSeats
from workers.loops.payments import PaymentLoop
from workers.loops.payouts import payout_rounds
from workers.loops.reconciliation import ChainReconciliationLoop, StarReconciliationLoop
from workers.loops.records import Records
from workers.loops.results import ResultReader
from workers.loops.room_reminders import RoomReminders
from workers.loops.runner import repeat
from workers.loops.ton_watcher import ChainWatcher
from workers.loops.watches import WatchLoop

log = structlog.get_logger(__name__)

CONSUMER: Final = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
"""One a process, over all its lives: what the last one left is read again at once."""
DRAIN_S: Final = 10.0

Rounds = dict[str, Callable[[], Awaitable[float]]]
"""A round of each loop, by its name; it answers the seconds to the next one."""


class Loops:
    """The loops inside the arq process: started by its start, ended in order."""

    def __init__(self, live: RedisStore, db: Database, settings: Settings, queue: ArqRedis) -> None:
        self._live = live
        self._db = db
        self._settings = settings
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._toncenter = Toncenter.from_settings(settings)
        self._rates = exchange_rates.from_settings(settings)
        self.bot = None
        if settings.has_bot:
            from persistence.telegram import make_bot  # see persistence.telegram

            self.bot = make_bot(settings)
        self._rounds = self._of_games() | self._of_players(queue) | self._of_payments() | self._of_chain()

    def _of_games(self) -> Rounds:
        live, db, settings = self._live, self._db, self._settings
        settlement = Settlement(live, db)
        results = ResultReader(live, db, settlement, consumer=CONSUMER, stop=self._stop)
        signer = Signer.from_settings(settings)
        return {
            "results": results.read_round,
            "settlements": results.settle_round,
            DeadlineLoop.NAME: DeadlineLoop(live, settlement, settings.stakes).round,
            watches.ORPHANED_SEATS: watches.looking(
                db, watches.ORPHANED_SEATS, OrphanedSeats(live, db, settlement).round
            ),
            BonusFlush.NAME: BonusFlush(live, db, BonusRuns(live, db, settings)).round,
            watches.LEADERBOARDS: watches.looking(db, watches.LEADERBOARDS, LeaderboardLoop(live, db).round),
            "records": Records(
                live, db, signer, backlog=lambda: results.backlog, highest_stake=max(settings.stakes)
            ).round,
        }

    def _of_players(self, queue: ArqRedis) -> Rounds:
        live, db, settings = self._live, self._db, self._settings
        rounds: Rounds = {
            "notifications": NotificationLoop(live, db, queue, has_bot=settings.has_bot).round,
            "mail": MailLoop(db, settings).round,
        }
        if self.bot is not None:
            rounds["room-reminders"] = RoomReminders(live, db, settings).round
        return rounds

    def _of_payments(self) -> Rounds:
        live, db, settings = self._live, self._db, self._settings
        stars = StarPayments(live, db, self.bot, settings)
        gifts = self.bot if settings.withdrawals_premium == "on" else None
        rounds: Rounds = {
            "payments": PaymentLoop(stars).round,
            WatchLoop.NAME: WatchLoop(db, settings).round,
            **payout_rounds(Payouts(live, db, ton=self._ton_method(), bot=gifts)),
        }
        if self.bot is not None:
            from persistence.payments.star_reconciliation import StarReconciliation  # see persistence.telegram

            reconciliation = StarReconciliationLoop(db, StarReconciliation(db, self.bot, stars, settings))
            rounds[StarReconciliationLoop.NAME] = reconciliation.round
            rounds[StarReconciliationLoop.COMPARED] = reconciliation.compare_round
            from workers.loops.errands import ErrandLoop  # likewise

            rounds[ErrandLoop.NAME] = ErrandLoop(live, db, self.bot, stars, settings).round
        return rounds

    def _of_chain(self) -> Rounds:
        live, db, settings = self._live, self._db, self._settings
        # Also where deposits are off by now: an address that players were given stays watched.
        deposits = TonDeposits(live, db, self._rates, settings)
        watcher = ChainWatcher(
            db,
            deposits,
            self._toncenter,
            period_s=settings.ton_poll_ms / 1000,
            late_s=settings.ton_late_s,
            now_ms=live.now_ms,
        )
        rounds: Rounds = {ChainWatcher.NAME: watches.looking(db, ChainWatcher.NAME, watcher.round)}
        if settings.ton_deposits or settings.ton_payout_key:
            reconciliation = ChainReconciliation(db, self._toncenter, settings)
            rounds[ChainReconciliationLoop.NAME] = ChainReconciliationLoop(db, reconciliation).round
        return rounds

    def _ton_method(self) -> TonMethod | None:
        if self._settings.withdrawals_ton != "on":
            return None
        from persistence.ton.highload import HighloadChain, HighloadWallet  # see persistence.ton

        wallet = HighloadWallet.from_settings(self._settings)
        return TonMethod(self._settings.ton_network, wallet, HighloadChain(self._toncenter))

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
