"""Answering in a chat.

A chat that cannot be answered, because the person blocked the bot or is gone, is no failure of the update: redelivering
it would not help.  Everything else is raised, and the update comes again: flood control when it is over, a token that
is refused when there is another.
"""

from typing import Any

import structlog
from aiogram.methods import TelegramMethod
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    ForceReply,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from persistence.errors import TelegramRefused, TelegramUnreadable
from persistence.telegram import ask

log = structlog.get_logger(__name__)

Keyboard = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply


async def say(message: Message, text: str, keyboard: Keyboard | None = None) -> None:
    """Answer in the message's chat, as plain text: nothing that a person wrote is read as markup.

    Raises:
        TelegramUnavailable: it was not said.
    """
    preview = LinkPreviewOptions(is_disabled=True)
    await reply(message.answer(text, parse_mode=None, reply_markup=keyboard, link_preview_options=preview))


async def show_picture(message: Message, picture: bytes, words: str, keyboard: Keyboard | None = None) -> None:
    """Answer with a picture (PNG) and words under it, by the rules of `say`."""
    file = BufferedInputFile(picture, "picture.png")
    await reply(message.answer_photo(file, caption=words, parse_mode=None, reply_markup=keyboard))


async def notice(query: CallbackQuery, words: str | None = None) -> None:
    """Answer a button, with words that are shown for a moment; one that was pressed too long ago is left alone."""
    await reply(query.answer(words))


async def reply(method: TelegramMethod[Any]) -> None:
    """Ask for something that may be in vain, by the rules of `say`."""
    assert method.bot is not None, "it comes from an update"
    try:
        await ask(method.bot, method)
    except TelegramRefused as refused:
        log.info("cannot be answered", method=method.__api_method__, reason=refused.reason)
    except TelegramUnreadable as answer:
        if not answer.done:
            raise
        log.info("answered, and what Telegram says to it cannot be read", method=method.__api_method__)
