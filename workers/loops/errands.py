"""Admins' commands from the chat: done here, since a gateway has no right to, and answered into the admin's chat.

Each at least once, however often anything dies: what they do may be repeated.  Everything that was done in an admin's
name is answered to that admin, so that a command that somebody else made up is seen.
"""

from typing import Final

import aiogram
import structlog
from aiogram.methods import SendMessage
from aiogram.types import LinkPreviewOptions

from bot.errands import Means, carry_out
from chance_tap.settings import Settings
from persistence.accounts.bans import Bans
from persistence.errors import StoreUnavailable, TelegramRefused, TelegramUnavailable
from persistence.payments.stars import StarPayments
from persistence.postgres import errands
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from persistence.telegram import ask

log = structlog.get_logger(__name__)

PERIOD_S: Final = 0.5
LEASE_S: Final = 60.0
"""Longer than a command and its answer take: nobody else may begin the same meanwhile."""


class ErrandLoop:
    """One round each half second: who asked waits before a screen."""

    NAME: Final = "errands"

    def __init__(
        self, live: RedisStore, db: Database, bot: aiogram.Bot, stars: StarPayments, settings: Settings
    ) -> None:
        self._db = db
        self._bot = bot
        self._means = Means(db, live, stars, Bans(live, db, settings))

    async def round(self) -> float:
        """Do the next thing that was asked for."""
        asked = await errands.claim(self._db, lease_s=LEASE_S)
        if asked is None:
            return PERIOD_S
        try:
            answer = await carry_out(self._means, asked)
        except StoreUnavailable:
            raise  # its lease ends, and it is done again
        except Exception:
            # Its lease ends as well, and others come before it.
            log.exception("errand failed", errand_id=asked.errand_id, user_id=asked.user_id)
            return 0
        log.info("errand done", errand_id=asked.errand_id, user_id=asked.user_id)
        message = SendMessage(
            chat_id=asked.telegram_id, text=answer, link_preview_options=LinkPreviewOptions(is_disabled=True)
        )
        try:
            await ask(self._bot, message)
        except TelegramUnavailable as error:
            log.warning("errand not answered yet", errand_id=asked.errand_id, problem=error.problem)
            return 0
        except TelegramRefused as error:
            log.warning("errand cannot be answered", errand_id=asked.errand_id, reason=error.reason)
        await errands.finish(self._db, asked.errand_id)
        return 0
