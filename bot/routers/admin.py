"""What admins ask for in the chat is written down for the worker: /stats, /ban, /unban, /refund, /room.

A gateway has no right to do any of it (`bot/errands.py` does, in the worker, which also answers).  To everybody else
these commands do not exist.
"""

from aiogram import F, Router
from aiogram.filters import BaseFilter, Command
from aiogram.types import Message

from bot import texts
from bot.errands import COMMANDS
from bot.language import Language
from bot.people import KnowsPerson, Person
from bot.replies import say
from bot.services import Services
from persistence.postgres import errands


class IsAdmin(BaseFilter):
    """By the account's role, read anew for each message.  A kindness to others only: what counts is what the worker
    finds."""

    async def __call__(self, _message: Message, person: Person | None = None) -> bool:
        return person is not None and person.is_admin


async def write_down(message: Message, services: Services, person: Person, language: Language) -> None:
    """The worker does it and answers; only what was not written down is answered here."""
    if await errands.ask(services.db, person.telegram_id, message.message_id, message.text or "") != "ok":
        await say(message, texts.TOO_MANY_ERRANDS[language])


def build() -> Router:
    router = Router(name="admin")
    router.message.outer_middleware(KnowsPerson())
    router.message.filter(F.chat.type == "private", IsAdmin())
    router.message.register(write_down, Command(*COMMANDS))
    return router
