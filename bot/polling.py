"""Asks Telegram for updates, for development: in production they come to the gateways' webhook.

An update is given up only when it was dealt with: Telegram forgets what a later offset confirms.
"""

import asyncio
import signal
from contextlib import suppress
from typing import Final

import structlog
from aiogram.methods import GetUpdates

from bot.outcome import Outcome
from bot.updates import Updates
from bot.webhook import delete_webhook
from chance_tap.settings import Settings
from persistence.errors import TelegramUnavailable
from persistence.telegram import ask

log = structlog.get_logger(__name__)

POLL_S: Final = 8  # within the session's own time limit
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0


async def poll_until_stopped(updates: Updates, settings: Settings) -> None:
    """Until SIGTERM or SIGINT.

    Raises:
        TelegramRefused: as `poll`.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if not settings.is_production:  # in production a forgotten `run` must not take the webhook away
        await delete_webhook(updates)
    polling = asyncio.create_task(poll(updates), name="polling")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in (polling, stopping):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await polling


async def poll(updates: Updates) -> None:
    """Ask for updates for ever; one that failed is taken again before any later one.

    Raises:
        TelegramRefused: the token is wrong, or a webhook is set.
    """
    log.info("bot started")
    offset, pause_s = 0, FIRST_PAUSE_S
    while True:
        method = GetUpdates(offset=offset, timeout=POLL_S, allowed_updates=list(updates.kinds))
        try:
            for update in await ask(updates.bot, method):
                if await updates.handle(update) is Outcome.FAILED:
                    raise TelegramUnavailable("an update failed")
                offset, pause_s = update.update_id + 1, FIRST_PAUSE_S
        except TelegramUnavailable as error:
            log.warning("polling interrupted", problem=error.problem)
            await asyncio.sleep(max(pause_s, error.retry_after_s or 0))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
