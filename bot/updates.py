"""One update from Telegram, however it came: checked, handled once, remembered.

An update that was dealt with is not handled again.  Two deliveries at the same time, or a death between effect and
memory, may still run a handler twice: what handlers do to money is idempotent by itself.
"""

import asyncio
import contextlib
import json
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
from bot.outcome import Dealt, Outcome
from bot.services import Services
from persistence.errors import StoreUnavailable, TelegramUnavailable, TokenRefused
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
        self._token_is_refused = False

    async def take_json(self, body: bytes) -> Dealt:
        """Deal with one update, as Telegram writes it; never raises but to be cancelled."""
        update = self._read(_parse(body))
        dealt = Dealt(update) if isinstance(update, Outcome) else await self._handle(update)
        return self.count(dealt)

    def count(self, dealt: Dealt) -> Dealt:
        """Count what became of an update, also of one that could not be handed to `take_json`."""
        updates_total.labels(dealt.outcome.value).inc()
        return dealt

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

    async def _handle(self, update: Update) -> Dealt:
        update_id = update.update_id
        with contextlib.suppress(StoreUnavailable):
            if await memory.is_handled(self._db, update_id):
                return Dealt(Outcome.REPEATED)
        try:
            async with asyncio.timeout(HANDLING_TIME_S):
                await self._dispatcher.feed_update(self.bot, update)
        except TokenRefused as refused:
            if not self._token_is_refused:
                log.error("Telegram refuses BOT_TOKEN: nobody is answered until it is another", reason=refused.reason)
            self._token_is_refused = True
            return Dealt(Outcome.FAILED, refused.retry_after_s)
        except (StoreUnavailable, TimeoutError) as error:
            again_s = error.retry_after_s if isinstance(error, TelegramUnavailable) else None
            if again_s is None:  # flood control was logged when it began
                log.warning("update comes again", update_id=update_id, error=repr(error))
            return Dealt(Outcome.FAILED, again_s)
        except Exception:
            log.exception("update failed", update_id=update_id)
            return Dealt(Outcome.FAILED)
        with contextlib.suppress(StoreUnavailable):
            await memory.note_handled(self._db, update_id)
        return Dealt(Outcome.HANDLED)


def _parse(body: bytes) -> Any:
    """What stands in it; None: nothing that could be read.

    Half of a pair of surrogates (where something was cut), a mark of the byte order and bytes that are no text need not
    cost the rest: a "?" stands for them.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        text = json.dumps(json.loads(body.decode("utf-8-sig", "replace")), ensure_ascii=False)
        return json.loads(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


@asynccontextmanager
async def open_updates(services: Services, bot: Bot) -> AsyncIterator[Updates]:
    """The dispatcher for a bot, which stays the caller's; nothing is asked of Telegram yet."""
    dispatcher = build_dispatcher(services)
    await dispatcher.emit_startup(bot=bot)
    try:
        yield Updates(services, bot, dispatcher)
    finally:
        await dispatcher.emit_shutdown(bot=bot)
