"""/help, /terms, /privacy, /paysupport: what Telegram wants every bot that sells to answer."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import Message

from bot import texts
from bot.language import Language
from bot.people import KnowsPerson, Person
from bot.replies import say
from bot.services import Services


async def show_help(message: Message, language: Language) -> None:
    await say(message, texts.HELP[language])


async def terms(message: Message, language: Language) -> None:
    await say(message, texts.TERMS[language])


async def privacy(message: Message, language: Language) -> None:
    await say(message, texts.PRIVACY[language])


async def paysupport(message: Message, services: Services, language: Language, person: Person | None) -> None:
    contact = services.settings.support_contact
    to = texts.PAYSUPPORT_CONTACT[language].format(contact=contact) if contact else texts.PAYSUPPORT_HERE[language]
    user = texts.PAYSUPPORT_USER[language].format(user_id=person.user_id) if person else ""
    await say(message, texts.PAYSUPPORT[language].format(contact=to, user=user))


def build() -> Router:
    router = Router(name="documents")
    router.message.middleware(KnowsPerson())
    router.message.filter(F.chat.type == "private")
    router.message.register(show_help, Command("help"))
    router.message.register(terms, Command("terms"))
    router.message.register(privacy, Command("privacy"))
    router.message.register(paysupport, Command("paysupport"))
    return router
