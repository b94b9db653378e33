"""Who writes: the account behind a private chat, and what is said when that is unknown.

The middleware gives handlers a `person`.  A store that is away is answered politely and not redelivered: the person is
there and can ask again.  Routers of payments do not use it: theirs must come again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Message, TelegramObject

from bot import texts
from bot.language import Language, language_for
from bot.replies import say
from bot.services import Services
from persistence.errors import StoreUnavailable
from persistence.postgres import telegram_chats

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    telegram_id: int
    user_id: int
    language: Language
    is_admin: bool
    banned: bool
    ban_reason: str | None


async def person_of(services: Services, telegram_id: int, reported: str | None) -> Person | None:
    """The account of a sender; None before the first /start or log-in."""
    account = await telegram_chats.account_of(services.db, telegram_id)
    if account is None:
        return None
    return Person(
        telegram_id=telegram_id,
        user_id=account.user_id,
        language=language_for(account.language, reported),
        is_admin=account.role == "admin" and not account.banned,
        banned=account.banned,
        ban_reason=account.ban_reason,
    )


class KnowsPerson(BaseMiddleware):
    """Puts `person` (or None) and `language` beside a message."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Message)
        if event.from_user is None:
            return None
        reported = event.from_user.language_code
        data["language"] = language_for(reported)
        try:
            person = await person_of(data["services"], event.from_user.id, reported)
            data["person"] = person
            if person is not None:
                data["language"] = person.language
            return await handler(event, data)
        except StoreUnavailable as error:
            if error.store == "telegram":
                raise
            return await say(event, texts.SORRY[data["language"]])
