"""/wallet: connect a TON wallet from the chat, see which one is linked, disconnect it.

Owns the conversation.  The wallet's answer comes over a bridge, some time after the update: it is waited for beside the
updates, one attempt a person; a process that ends forgets the attempt, and the person asks again.
"""

import asyncio
import io
from typing import Final

import segno
import structlog
from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from bot import texts, wallet_apps
from bot.connect import Answer, ChatConnection
from bot.language import Language
from bot.people import KnowsPerson, Person, person_of
from bot.replies import notice, say, show_picture
from bot.services import Services
from persistence.errors import ErrorCode, GameError, StoreUnavailable, TelegramRefused
from persistence.ton.address import friendly

log = structlog.get_logger(__name__)

APPS = wallet_apps.read().wallets
DATA: Final = "wallet:"
OFF: Final = "wallet:off"
LONGEST_WAIT_S: Final = 300.0

_attempts: dict[int, asyncio.Task[None]] = {}
"""Of this process, by user: a new one ends the one before."""


async def show(message: Message, services: Services, person: Person | None, language: Language) -> None:
    if person is None:
        await say(message, texts.NOT_STARTED[language])
    elif person.banned:
        await say(message, texts.BANNED[language].format(reason=person.ban_reason or texts.NO_REASON[language]))
    elif not services.settings.ton_connect_domains or not services.settings.wallet_manifest_url:
        await say(message, texts.WALLET_SWITCHED_OFF[language])
    else:
        linked = await services.wallets.linked(person.user_id)
        if linked is None:
            await say(message, texts.WALLET_CHOOSE[language], _apps())
        else:
            shown = friendly(linked.address, linked.network)
            await say(message, texts.WALLET_LINKED[language].format(address=shown), _disconnect(language))


async def choose(query: CallbackQuery, services: Services) -> None:
    """A button was pressed: one of the wallets, or to disconnect."""
    sender = query.from_user
    person = await person_of(services, sender.id, sender.language_code)
    message = query.message
    if person is None or person.banned or not isinstance(message, Message):
        await notice(query)
        return
    if query.data == OFF:
        await services.wallets.unlink(person.user_id)
        await say(message, texts.WALLET_UNLINKED[person.language])
    else:
        await _connect(message, services, person, int((query.data or "").removeprefix(DATA)))
    await notice(query)


async def _connect(message: Message, services: Services, person: Person, number: int) -> None:
    language, app = person.language, APPS[number]
    try:
        challenge = await services.wallets.challenge(person.user_id)
    except GameError as refused:
        if refused.code is not ErrorCode.FORBIDDEN:
            raise
        await say(message, texts.WALLET_SWITCHED_OFF[language])
        return
    before = _attempts.pop(person.user_id, None)
    if before is not None:
        before.cancel()
    settings = services.settings
    connection = ChatConnection(settings.wallet_manifest_url, services.live.wallet_sessions, person.user_id)
    link = await connection.begin(app, challenge.payload)
    button = InlineKeyboardButton(text=texts.WALLET_OPEN[language].format(app=app.name), url=link)
    words = texts.WALLET_CONFIRM[language].format(app=app.name)
    await show_picture(message, _qr_code(link), words, _apps([button], without=number))
    attempt = asyncio.create_task(_finish(message, services, person, connection), name="wallet from the chat")
    _attempts[person.user_id] = attempt
    attempt.add_done_callback(lambda done: _forget(person.user_id, done))


async def _finish(message: Message, services: Services, person: Person, connection: ChatConnection) -> None:
    try:
        answer = await connection.answer(min(services.settings.ton_proof_s, LONGEST_WAIT_S))
        if answer is not None:
            await say(message, await _outcome(services, person, answer))
    except (StoreUnavailable, TelegramRefused) as error:
        log.warning("wallet answer lost", user_id=person.user_id, error=type(error).__name__)
    finally:
        await connection.close()


async def _outcome(services: Services, person: Person, answer: Answer) -> str:
    language = person.language
    if answer.kind == "rejected":
        return texts.WALLET_REJECTED[language]
    if answer.proof is None or answer.session is None:
        return texts.WALLET_FAILED[language]
    try:
        proven = await services.wallets.link_from_chat(person.user_id, answer.proof, answer.session)
    except StoreUnavailable:
        raise
    except GameError as refused:
        if refused.code is ErrorCode.CONFLICT:
            return texts.WALLET_OF_ANOTHER[language]
        return texts.WALLET_FAILED[language]
    return texts.WALLET_LINKED[language].format(address=friendly(proven.address, proven.network))


def _forget(user_id: int, done: asyncio.Task[None]) -> None:
    if _attempts.get(user_id) is done:
        del _attempts[user_id]
    if not done.cancelled() and done.exception() is not None:
        log.error("wallet answer failed", user_id=user_id, exc_info=done.exception())


def _apps(first: list[InlineKeyboardButton] | None = None, *, without: int | None = None) -> InlineKeyboardMarkup:
    """A row for each application, after the `first` one."""
    rows = [
        [InlineKeyboardButton(text=app.name, callback_data=f"{DATA}{number}")]
        for number, app in enumerate(APPS)
        if number != without
    ]
    return InlineKeyboardMarkup(inline_keyboard=[first, *rows] if first else rows)


def _qr_code(link: str) -> bytes:
    """A picture for the camera of another device; segno, since it needs nothing but Python."""
    picture = io.BytesIO()
    segno.make(link, error="l", micro=False).save(picture, kind="png", scale=8, border=4)
    return picture.getvalue()


def _disconnect(language: Language) -> InlineKeyboardMarkup:
    button = InlineKeyboardButton(text=texts.WALLET_DISCONNECT[language], callback_data=OFF)
    return InlineKeyboardMarkup(inline_keyboard=[[button]])


def build() -> Router:
    router = Router(name="wallet")
    router.message.middleware(KnowsPerson())
    router.message.register(show, Command("wallet"), F.chat.type == "private")
    router.callback_query.register(choose, F.data.in_({OFF, *(f"{DATA}{number}" for number in range(len(APPS)))}))
    return router
