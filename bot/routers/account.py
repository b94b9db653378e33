"""/balance and the phone number: what a player asks about its own account, and adds to it."""

import re
from typing import Final

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import Message, ReplyKeyboardRemove

from bot import keyboards, texts
from bot.language import Language
from bot.people import KnowsPerson, Person
from bot.replies import say
from bot.services import Services
from persistence.postgres import users

_NUMBER: Final = re.compile(r"\+?[0-9]{5,20}")


async def balance(message: Message, services: Services, person: Person | None, language: Language) -> None:
    if person is None:
        await say(message, texts.NOT_STARTED[language])
    elif person.banned:
        await say(message, texts.BANNED[language].format(reason=person.ban_reason or texts.NO_REASON[language]))
    else:
        me = await users.me(services.db, person.user_id)
        await say(message, texts.BALANCE[language].format(balance=me.balance))


async def ask_phone(message: Message, language: Language) -> None:
    await say(message, texts.SHARE_PHONE[language], keyboards.share_phone(language))


async def keep_phone(message: Message, services: Services, person: Person | None, language: Language) -> None:
    """Telegram says whose contact it is; anybody's card can be sent to a bot."""
    assert message.contact is not None
    assert message.from_user is not None
    number = re.sub(r"[ ()-]", "", message.contact.phone_number)
    if message.contact.user_id != message.from_user.id or not _NUMBER.fullmatch(number):
        await say(message, texts.PHONE_OF_ANOTHER[language])
    elif person is None or not await users.share_phone(services.db, person.telegram_id, number):
        await say(message, texts.NOT_STARTED[language])
    else:
        await say(message, texts.PHONE_KEPT[language], ReplyKeyboardRemove())


def build() -> Router:
    router = Router(name="account")
    router.message.middleware(KnowsPerson())
    router.message.filter(F.chat.type == "private")
    router.message.register(balance, Command("balance"))
    router.message.register(ask_phone, Command("phone"))
    router.message.register(keep_phone, F.contact)
    return router
