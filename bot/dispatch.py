"""The dispatcher: which routers are asked, and in which order."""

from aiogram import Dispatcher

from bot.routers import account, chat, documents, language, start
from bot.services import Services

ROUTERS = (start, language, account, documents, chat)  # `chat` answers what no other did


def build_dispatcher(services: Services) -> Dispatcher:
    """One a process.  No conversation is kept between updates: any gateway may get the next one."""
    dispatcher = Dispatcher(disable_fsm=True, services=services)
    for module in ROUTERS:
        dispatcher.include_router(module.build())
    return dispatcher
