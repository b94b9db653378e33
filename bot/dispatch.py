"""The dispatcher: which routers are asked, and in which order."""

from aiogram import Dispatcher

from bot.routers import account, admin, appeal, chat, documents, language, objection, payments, start, wallet
from bot.services import Services
from bot.throttle import Throttle

ROUTERS = (
    payments,
    start,
    language,
    account,
    wallet,
    documents,
    appeal,
    objection,
    admin,
    chat,
)  # `chat` answers what no other did


def build_dispatcher(services: Services) -> Dispatcher:
    """One a process.  No conversation is kept between updates: any gateway may get the next one."""
    dispatcher = Dispatcher(disable_fsm=True, services=services)
    for observer in (dispatcher.message, dispatcher.callback_query):
        observer.outer_middleware(Throttle())
    for module in ROUTERS:
        dispatcher.include_router(module.build())
    return dispatcher
