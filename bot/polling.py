"""Asks Telegram for updates, for development: in production they come to the gateways' webhook.

An update is given up only when it was dealt with: Telegram forgets what a later offset confirms.  That Telegram is away
or refuses is a reason to wait, from the first question on; only a token that it does not know ends the asking.
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
from persistence.errors import TelegramRefused, TelegramUnavailable, TokenRefused
from persistence.telegram import ask

log = structlog.get_logger(__name__)

POLL_S: Final = 8  # within the session's own time limit
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0


async def poll_until_stopped(updates: Updates, settings: Settings) -> None:
    """Until SIGTERM or SIGINT.

    Raises:
        TokenRefused: as `poll`.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # In production a forgotten `run` must not take the webhook away.
    polling = asyncio.create_task(poll(updates, instead_of_webhook=not settings.is_production), name="polling")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in (polling, stopping):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await polling


async def poll(updates: Updates, *, instead_of_webhook: bool = False) -> None:
    """Ask for updates for ever; one that failed is taken again before any later one.

    `instead_of_webhook`: a webhook that is set, now or later, is taken away.

    Raises:
        TokenRefused: there is no such bot.
    """
    log.info("bot started")
    offset, pauses, webhook_may_be = 0, _Pauses(), instead_of_webhook
    while True:
        try:
            if webhook_may_be:
                await delete_webhook(updates)
                webhook_may_be = False
            method = GetUpdates(offset=offset, timeout=POLL_S, allowed_updates=list(updates.kinds))
            for update in await ask(updates.bot, method):
                if await updates.handle(update) is Outcome.FAILED:
                    raise TelegramUnavailable("an update failed")
                offset = update.update_id + 1
            pauses.over()
        except TokenRefused:
            raise
        except TelegramUnavailable as error:
            await pauses.next(error.problem, error.retry_after_s or 0)
        except TelegramRefused as refused:  # another process asks, or set a webhook: that may end
            webhook_may_be = instead_of_webhook
            await pauses.next(refused.reason, 0)


class _Pauses:
    """Between tries that failed, longer from one to the next; the first one is a warning, and so is its end a line."""

    def __init__(self) -> None:
        self._next_s = FIRST_PAUSE_S

    async def next(self, problem: str, at_least_s: float) -> None:
        tell = log.warning if self._next_s == FIRST_PAUSE_S else log.debug
        tell("polling interrupted", problem=problem)
        pause_s = max(self._next_s, at_least_s)
        self._next_s = min(self._next_s * 2, LONGEST_PAUSE_S)
        await asyncio.sleep(pause_s)

    def over(self) -> None:
        if self._next_s != FIRST_PAUSE_S:
            log.info("polling goes on")
        self._next_s = FIRST_PAUSE_S
