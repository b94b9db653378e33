"""The buttons under the bot's messages."""

from typing import Final
from urllib.parse import quote

from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    WebAppInfo,
)

from bot import texts
from bot.language import Language

LANGUAGE_DATA: Final = "language:"
OBJECT_DATA: Final = "object:"


def enter_game(mini_app_url: str, language: Language, start_param: str = "") -> InlineKeyboardMarkup | None:
    """The button that opens the Mini App, which gets the parameter as it would from a direct link; None: no address."""
    if not mini_app_url:
        return None
    url = f"{mini_app_url}?tgWebAppStartParam={quote(start_param)}" if start_param else mini_app_url
    button = InlineKeyboardButton(text=texts.ENTER_GAME[language], web_app=WebAppInfo(url=url))
    return InlineKeyboardMarkup(inline_keyboard=[[button]])


def object_to(change_id: int, language: Language) -> InlineKeyboardMarkup:
    """The button by which a change of the ways in is taken back."""
    button = InlineKeyboardButton(text=texts.OBJECT[language], callback_data=f"{OBJECT_DATA}{change_id}")
    return InlineKeyboardMarkup(inline_keyboard=[[button]])


def languages() -> InlineKeyboardMarkup:
    row = [
        InlineKeyboardButton(text=name, callback_data=f"{LANGUAGE_DATA}{language}")
        for language, name in texts.LANGUAGE_NAMES.items()
    ]
    return InlineKeyboardMarkup(inline_keyboard=[row])


def share_phone(language: Language) -> ReplyKeyboardMarkup:
    button = KeyboardButton(text=texts.SHARE_PHONE_BUTTON[language], request_contact=True)
    return ReplyKeyboardMarkup(keyboard=[[button]], resize_keyboard=True, one_time_keyboard=True)
