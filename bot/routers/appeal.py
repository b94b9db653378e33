"""/appeal: what a banned player, who gets into nothing else, can say against it."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from bot import texts
from bot.language import Language
from bot.people import KnowsPerson, Person
from bot.replies import say
from bot.services import Services
from persistence.postgres import notices


async def appeal(
    message: Message, command: CommandObject, services: Services, person: Person | None, language: Language
) -> None:
    words = (command.args or "").strip()
    if person is None:
        await say(message, texts.NOT_STARTED[language])
    elif not person.banned:
        await say(message, texts.APPEAL_NO_BAN[language])
    elif not 1 <= len(words) <= notices.MAX_WORDS:
        await say(message, texts.APPEAL_HOW[language])
    else:
        status = await notices.appeal(services.db, person.user_id, None, words)
        await say(message, (texts.APPEAL_KEPT if status == "ok" else texts.APPEAL_BEFORE)[language])


def build() -> Router:
    router = Router(name="appeal")
    router.message.middleware(KnowsPerson())
    router.message.register(appeal, Command("appeal"), F.chat.type == "private")
    return router
