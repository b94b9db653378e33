"""/language: the language of the bot, the Mini App and every message."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot import keyboards, texts
from bot.language import Language, language_for
from bot.people import KnowsPerson, Person, person_of
from bot.replies import notice, say
from bot.services import Services
from persistence.errors import StoreUnavailable
from persistence.postgres import users


async def ask_language(message: Message, language: Language) -> None:
    await say(message, texts.CHOOSE_LANGUAGE[language], keyboards.languages())


async def choose_language(query: CallbackQuery, services: Services) -> None:
    chosen = language_for((query.data or "").removeprefix(keyboards.LANGUAGE_DATA))
    try:
        person: Person | None = await person_of(services, query.from_user.id, query.from_user.language_code)
        if person is not None:
            await users.set_language(services.db, person.user_id, chosen)
        said = texts.LANGUAGE_CHOSEN if person is not None else texts.NOT_STARTED
    except StoreUnavailable as error:
        if error.store == "telegram":
            raise
        said = texts.SORRY
    await notice(query, said[chosen][:200])


def build() -> Router:
    router = Router(name="language")
    router.message.middleware(KnowsPerson())
    router.message.register(ask_language, Command("language"), F.chat.type == "private")
    choices = {f"{keyboards.LANGUAGE_DATA}{name}" for name in texts.LANGUAGE_NAMES}
    router.callback_query.register(choose_language, F.data.in_(choices))
    return router
