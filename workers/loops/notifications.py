"""Notifies players whose app is closed: notices that are due, through the job queue, within Telegram's limits.

Postgres decides that a notice is delivered once, and how fast all workers together send.  A death between the request
and its answer leaves a notice at `sending`: it may have arrived, and is not sent again.
"""

import asyncio
from typing import Any, Final

import structlog
from arq.connections import ArqRedis

from chance_tap.settings import Settings
from persistence.errors import TelegramRefused, TelegramUnavailable
from persistence.postgres import notices
from persistence.postgres import telegram_chats as memory
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from workers import metrics

log = structlog.get_logger(__name__)

PERIOD_S: Final = 0.45
AT_ONCE: Final = 100
LEASE_S: Final = 60.0
PER_S: Final = 25.0  # of Telegram's 30: answers to commands need some too
A_TURN_S: Final = 2 / PER_S  # who must wait longer, for a chat's own pause or flood control, holds nobody up
PATIENCE_S: Final = 40.0
NOTIFY_JOB: Final = "notify"
_NO_SUCH_CHAT: Final = ("Forbidden", "chat not found", "user is deactivated", "PEER_ID_INVALID")


class NotificationLoop:
    """Takes up what is due, leaves in peace whose app is open, and queues the rest."""

    def __init__(self, live: RedisStore, db: Database, queue: ArqRedis, *, has_bot: bool) -> None:
        self._live = live
        self._db = db
        self._queue = queue
        self._has_bot = has_bot

    async def round(self) -> float:
        due = await notices.due(self._db, limit=AT_ONCE, lease_s=LEASE_S)
        if not due:
            return PERIOD_S
        if not self._has_bot:
            await notices.close(self._db, [notice_id for notice_id, _, _ in due], "no_bot")
            return 0
        present = await self._live.presence.present({str(user_id) for _, user_id, _ in due}, self._live.now_ms())
        # Whoever has the app open sees it there, but for what must reach the owner when it is somebody else's app.
        seen = {notice_id for notice_id, user_id, insists in due if str(user_id) in present and not insists}
        if seen:
            await notices.close(self._db, list(seen), "app_open")
            metrics.notifications.labels("app_open").inc(len(seen))
        for notice_id, _, _ in due:
            if notice_id not in seen:
                await self._queue.enqueue_job(NOTIFY_JOB, notice_id)
        return 0 if len(due) == AT_ONCE else PERIOD_S


async def _turn(turn: asyncio.Lock, db: Database, notice_id: int) -> notices.Delivery | None:
    """Claim the delivery of a notice; one of a worker's jobs at a time waits for the moment when one may be sent again.

    All of them would wake in that moment, and one would send: asking cost Postgres many times what sending does.
    """
    async with turn:
        while True:
            delivery = await notices.claim_delivery(db, notice_id, per_s=PER_S)
            if delivery is None or not 0 < delivery.wait_s <= A_TURN_S:
                return delivery
            await asyncio.sleep(delivery.wait_s)


async def notify(ctx: dict[Any, Any], notice_id: int) -> None:
    """The job: deliver one notice, when it is its turn."""
    db: Database = ctx["db"]
    settings: Settings = ctx["settings"]
    if ctx["bot"] is None:
        return
    from bot.notifications import message_of  # see persistence.telegram
    from persistence.telegram import ask

    until = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        delivery = await _turn(ctx["turn"], db, notice_id)
        if delivery is None:
            return
        if delivery.wait_s == 0:
            break
        if asyncio.get_running_loop().time() + delivery.wait_s > until:
            return  # its lease ends, and it is queued again
        await asyncio.sleep(delivery.wait_s)
    try:
        await ask(ctx["bot"], message_of(delivery, settings.mini_app_url))
    except TelegramUnavailable as error:
        if error.retry_after_s is not None:
            await notices.finish_delivery(db, notice_id, "sent", again_s=error.retry_after_s)
            metrics.notifications.labels("flood_control").inc()
        else:
            metrics.notifications.labels("unknown").inc()
            log.warning("notice may not have been sent", notice_id=notice_id, problem=error.problem)
    except TelegramRefused as error:
        await notices.finish_delivery(db, notice_id, "refused")
        metrics.notifications.labels("refused").inc()
        if any(word in error.reason for word in _NO_SUCH_CHAT):
            await memory.set_can_write(db, delivery.telegram_id, False)
        else:
            log.warning("notice refused", notice_id=notice_id, reason=error.reason)
    else:
        await notices.finish_delivery(db, notice_id, "sent")
        metrics.notifications.labels("sent").inc()
