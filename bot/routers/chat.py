"""What is left: who blocks the bot or takes it back, and words that no other router knows."""

from aiogram import F, Router
from aiogram.types import ChatMemberUpdated, Message

from bot import texts
from bot.language import Language
from bot.people import KnowsPerson
from bot.replies import say
from bot.services import Services
from persistence.postgres import telegram_chats


async def blocked_or_back(event: ChatMemberUpdated, services: Services) -> None:
    await telegram_chats.set_can_write(services.db, event.from_user.id, event.new_chat_member.status != "kicked")


async def unknown(message: Message, language: Language) -> None:
    await say(message, texts.UNKNOWN[language])


def build() -> Router:
    router = Router(name="chat")
    router.message.middleware(KnowsPerson())
    router.my_chat_member.register(blocked_or_back, F.chat.type == "private")
    router.message.register(unknown, F.chat.type == "private", F.text)
    return router
