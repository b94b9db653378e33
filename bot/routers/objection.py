"""The button under the news that a way into the account was linked or unlinked: it was not me.

Telegram vouches for who pressed it; Postgres looks whether the change can be taken back by that Telegram account, which
may have no account any more.
"""

import re
from typing import Final

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot import texts
from bot.keyboards import OBJECT_DATA
from bot.language import language_for
from bot.people import person_of
from bot.replies import notice, say
from bot.services import Services
from persistence.errors import StoreUnavailable
from persistence.postgres import logins
from persistence.redis.user_events import SessionsEnded

PRESSED: Final = re.compile(rf"{OBJECT_DATA}([0-9]{{1,18}})")
_WORDS: Final = {"ok": texts.OBJECTED, "not_found": texts.OBJECTED_LATE, "conflict": texts.OBJECTED_CONFLICT}


async def take_back(query: CallbackQuery, services: Services) -> None:
    sender, message = query.from_user, query.message
    pressed = PRESSED.fullmatch(query.data or "")
    assert pressed is not None
    language = language_for(sender.language_code)
    try:
        undone = await logins.object_in_chat(services.db, int(pressed[1]), sender.id)
        if undone.status == "ok":
            services.live.user_events.publish(undone.user_id, SessionsEnded(undone.epoch))
        person = await person_of(services, sender.id, sender.language_code)
        words = _WORDS[undone.status][person.language if person else language]
    except StoreUnavailable as error:
        if error.store == "telegram":
            raise
        words = texts.SORRY[language]
    if isinstance(message, Message):
        await say(message, words)
    await notice(query)


def build() -> Router:
    router = Router(name="objection")
    router.callback_query.register(take_back, F.data.regexp(PRESSED))
    return router
