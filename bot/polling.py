"""Asks Telegram for updates, for development: in production they come to the gateways' webhook.

Each update is dealt with by itself, as where Telegram delivers them: one that cannot be read, and one that fails, hold
up no other.  An update is given up only when it was dealt with: Telegram forgets what a later offset confirms.  That
Telegram is away or refuses is a reason to wait, from the first question on; only a token that it does not know ends the
asking.
"""

import asyncio
import json
import re
from contextlib import suppress
from typing import Any, Final

import structlog
from aiogram.methods import TelegramMethod

from bot.outcome import Dealt, Outcome
from bot.updates import Updates
from bot.webhook import delete_webhook
from chance_tap.settings import Settings
from persistence.errors import TelegramRefused, TelegramUnavailable, TelegramUnreadable, TokenRefused
from persistence.telegram import ask

log = structlog.get_logger(__name__)

POLL_S: Final = 8  # within the session's own time limit
PAGE: Final = 100  # the most that Telegram gives at once
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
WAITING_PAUSE_S: Final = 1.0
"""Between two looks while updates wait to be tried again: Telegram gives those at once each time."""
PATIENCE: Final = 5
"""So often is an update tried where Telegram has more of them than it gives at once: behind a page of such that fail
there would be no way to the others."""
_UPDATE_ID: Final = re.compile(r'"update_id"\s*:\s*(\d{1,18})')


class RawUpdates(TelegramMethod[list[Any]]):
    """getUpdates, answered as it comes: as aiogram types it, one that is not understood hides all the others."""

    __returning__ = list[Any]
    __api_method__ = "getUpdates"

    offset: int
    limit: int
    timeout: int
    allowed_updates: list[str]


async def poll_until_stopped(updates: Updates, settings: Settings, stop: asyncio.Event) -> None:
    """Until `stop` is set.

    Raises:
        TokenRefused: as `poll`.
    """
    # In production a forgotten `run` must not take the webhook away.
    polling = asyncio.create_task(poll(updates, instead_of_webhook=not settings.is_production), name="polling")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in (polling, stopping):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await polling


async def poll(updates: Updates, *, instead_of_webhook: bool = False) -> None:
    """Ask for updates for ever.

    `instead_of_webhook`: a webhook that is set, now or later, is taken away.

    Raises:
        TokenRefused: there is no such bot.
    """
    log.info("bot started")
    line, pauses, webhook_may_be = _Line(updates), _Pauses(), instead_of_webhook
    while True:
        try:
            if webhook_may_be:
                await delete_webhook(updates)
                webhook_may_be = False
            page = await line.ask()
            pauses.over()
        except TokenRefused:
            raise
        except TelegramUnavailable as error:
            await pauses.next(error.problem, error.retry_after_s or 0)
        except TelegramRefused as refused:  # another process asks, or set a webhook: that may end
            webhook_may_be = instead_of_webhook
            await pauses.next(refused.reason, 0)
        else:
            if await line.deal_with(page):
                await asyncio.sleep(WAITING_PAUSE_S)


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


class _Line:
    """What Telegram has for us, from the first update on that is not dealt with."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self._offset = 0
        self._limit = PAGE
        self._done: set[int] = set()
        """Behind one that is not."""
        self._failed: dict[int, tuple[int, float]] = {}
        """How often, and when it may be tried again."""

    async def ask(self) -> list[Any]:
        """The next updates; none where the only one that was asked for cannot be read.

        Raises:
            TelegramUnavailable, TelegramRefused
        """
        kinds = list(self._updates.kinds)
        method = RawUpdates(offset=self._offset, limit=self._limit, timeout=POLL_S, allowed_updates=kinds)
        try:
            page = await ask(self._updates.bot, method)
        except TelegramUnreadable as unreadable:
            found = _UPDATE_ID.search(unreadable.answer)
            if found is None:
                raise  # no list of updates
            if self._limit == 1:
                log.error("update cannot be read", update_id=int(found[1]))
                self._updates.count(Dealt(Outcome.UNKNOWN))
                self._offset = int(found[1]) + 1
            self._limit = 1
            return []
        self._limit = PAGE
        return page

    async def deal_with(self, page: list[Any]) -> bool:
        """Each by itself; whether Telegram will give the same ones again."""
        now = asyncio.get_running_loop().time
        left: list[int] = []
        newest = self._offset - 1
        for raw in page:
            update_id = raw.get("update_id") if isinstance(raw, dict) else None
            number = update_id if type(update_id) is int and update_id >= 0 else None
            if number is not None:
                newest = max(newest, number)
                if number in self._done:
                    continue
                if self._failed.get(number, (0, 0.0))[1] > now():
                    left.append(number)
                    continue
            dealt = await self._updates.take_json(json.dumps(raw).encode())
            if number is None:
                continue  # the next one that has a number confirms it
            if dealt.outcome is not Outcome.FAILED:
                self._done.add(number)
                continue
            times = self._failed.get(number, (0, 0.0))[0] + 1
            pause_s = min(FIRST_PAUSE_S * 2 ** (times - 1), LONGEST_PAUSE_S)
            self._failed[number] = (times, now() + max(pause_s, dealt.again_s or 0))
            if len(page) >= PAGE and times >= PATIENCE:
                log.error("update given up", update_id=number)
                self._done.add(number)
            else:
                left.append(number)
        before, self._offset = self._offset, min(left, default=newest + 1)
        self._done = {number for number in self._done if number >= self._offset}
        self._failed = {number: state for number, state in self._failed.items() if number in left}
        return bool(left) or (bool(page) and self._offset == before)
