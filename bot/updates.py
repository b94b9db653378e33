"""One update from Telegram, however it came: checked, handled once, remembered.

An update that was dealt with is not handled again.  Two deliveries at the same time, or a death between effect and
memory, may still run a handler twice: what handlers do to money is idempotent by itself.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
import structlog
from aiogram import Bot, Dispatcher
from aiogram.types import Update
from prometheus_client import Counter
from pydantic import ValidationError

from bot.dispatch import build_dispatcher
from bot.outcome import Outcome
from bot.services import Services
from persistence.errors import StoreUnavailable
from persistence.postgres import telegram_chats as memory

log = structlog.get_logger(__name__)

HANDLING_TIME_S: Final = 50.0  # Telegram gives up waiting after 60 s and delivers again
_MAX_UPDATE_ID: Final = 2**63

updates_total = Counter("chance_tap_bot_updates_total", "Updates from Telegram, by what became of them.", ("outcome",))


class Updates:
    """The entry for webhook and polling."""

    def __init__(self, services: Services, bot: Bot, dispatcher: Dispatcher) -> None:
        self.bot = bot
        self.kinds = tuple(dispatcher.resolve_used_update_types())
        self._db = services.db
        self._dispatcher = dispatcher

    async def take_json(self, body: bytes) -> Outcome:
        """An update as the webhook brings it."""
        try:
            raw = orjson.loads(body)
        except orjson.JSONDecodeError:
            raw = None
        update = self._read(raw)
        if isinstance(update, Outcome):
            updates_total.labels(update.value).inc()
            return update
        return await self.handle(update)

    async def handle(self, update: Update) -> Outcome:
        """Deal with one update; never raises but to be cancelled."""
        outcome = await self._handle(update)
        updates_total.labels(outcome.value).inc()
        return outcome

    def _read(self, raw: Any) -> Update | Outcome:
        update_id = raw.get("update_id") if isinstance(raw, dict) else None
        if type(update_id) is not int or not 0 <= update_id < _MAX_UPDATE_ID:
            return Outcome.MALFORMED
        if all(raw.get(kind) is None for kind in self.kinds):
            return Outcome.UNKNOWN
        try:
            return Update.model_validate(raw, context={"bot": self.bot})
        except (ValidationError, RecursionError, OverflowError):
            # Should it have been a payment, the reconciliation with Telegram finds it.
            log.error("update cannot be read", update_id=update_id, kinds=[kind for kind in self.kinds if kind in raw])
            return Outcome.UNKNOWN

    async def _handle(self, update: Update) -> Outcome:
        update_id = update.update_id
        with contextlib.suppress(StoreUnavailable):
            if await memory.is_handled(self._db, update_id):
                return Outcome.REPEATED
        try:
            async with asyncio.timeout(HANDLING_TIME_S):
                await self._dispatcher.feed_update(self.bot, update)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("update comes again", update_id=update_id, error=repr(error))
            return Outcome.FAILED
        except Exception:
            log.exception("update failed", update_id=update_id)
            return Outcome.FAILED
        with contextlib.suppress(StoreUnavailable):
            await memory.note_handled(self._db, update_id)
        return Outcome.HANDLED


@asynccontextmanager
async def open_updates(services: Services, bot: Bot) -> AsyncIterator[Updates]:
    """The dispatcher for a bot, which stays the caller's; nothing is asked of Telegram yet."""
    dispatcher = build_dispatcher(services)
    await dispatcher.emit_startup(bot=bot)
    try:
        yield Updates(services, bot, dispatcher)
    finally:
        await dispatcher.emit_shutdown(bot=bot)
