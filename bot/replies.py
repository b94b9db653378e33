"""Answering in a chat.

A chat that cannot be answered, because the person blocked the bot or is gone, is no failure of the update: redelivering
it would not help.  Everything else that Telegram says is raised, and the update comes again.
"""

import structlog
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramNotFound
from aiogram.methods import TelegramMethod
from aiogram.types import (
    BufferedInputFile,
    ForceReply,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

log = structlog.get_logger(__name__)

Keyboard = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply


async def say(message: Message, text: str, keyboard: Keyboard | None = None) -> None:
    """Answer in the message's chat, as plain text: nothing that a person wrote is read as markup."""
    preview = LinkPreviewOptions(is_disabled=True)
    await _send(message.answer(text, parse_mode=None, reply_markup=keyboard, link_preview_options=preview))


async def show_picture(message: Message, picture: bytes, words: str, keyboard: Keyboard | None = None) -> None:
    """Answer with a picture (PNG) and words under it, by the rules of `say`."""
    file = BufferedInputFile(picture, "picture.png")
    await _send(message.answer_photo(file, caption=words, parse_mode=None, reply_markup=keyboard))


async def _send(method: TelegramMethod[Message]) -> None:
    try:
        await method
    except (TelegramForbiddenError, TelegramBadRequest, TelegramNotFound) as error:
        log.info("chat cannot be answered", reason=type(error).__name__)
