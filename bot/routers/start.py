"""/start: the account is there after it, or the person hears politely that it is not.

The parameter of the link is a referral code, which counts for a new account only, or a hero room's key, which the
button hands on to the Mini App.
"""

import contextlib
import re
from typing import Final

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User

from bot import keyboards, texts
from bot.language import Language, language_for
from bot.replies import say
from bot.services import Services
from persistence.accounts.login_retry import FAILURES, with_retries
from persistence.errors import StoreUnavailable
from persistence.postgres import telegram_chats, users
from persistence.postgres.referrals import normalise_code
from persistence.redis.keys import normalise_key

PARAMETER: Final = re.compile(r"[A-Za-z0-9_-]{1,512}")


async def start(message: Message, command: CommandObject, services: Services) -> None:
    sender = message.from_user
    assert sender is not None
    parameter = _parameter(command.args)
    profile = _profile(sender, services.settings.has_bot, parameter)
    demo_stars = 0 if services.settings.is_production else services.settings.demo_stars
    try:
        account = await with_retries(lambda: users.log_in_telegram(services.db, profile, demo_stars))
    except FAILURES:
        await say(message, texts.SORRY[language_for(sender.language_code)])
        return
    language = language_for(account.language, sender.language_code)
    with contextlib.suppress(StoreUnavailable):  # the next refusal to be written to would say it again
        await telegram_chats.set_can_write(services.db, sender.id, True)
    if account.banned:
        await say(message, await _banned(services, sender.id, language))
        return
    words = [
        texts.WELCOME[language].format(name=profile.first_name or profile.last_name or profile.username or "Player")
    ]
    key = normalise_key(parameter)
    if key is not None:
        words.append(texts.WELCOME_TO_ROOM[language].format(key=key))
    button = keyboards.enter_game(services.settings.mini_app_url, language, parameter)
    if button is None:
        words.append(texts.NO_MINI_APP[language])
    await say(message, "\n\n".join(words), button)


def _parameter(arguments: str | None) -> str:
    text = (arguments or "").strip()
    return text if PARAMETER.fullmatch(text) else ""


def _profile(sender: User, is_real: bool, parameter: str) -> users.TelegramProfile:
    fields = {name: getattr(sender, name) for name in users.LONGEST_TEXT}
    return users.TelegramProfile(
        telegram_id=sender.id,
        is_demo=not is_real,
        keep_photo=True,
        referral_code=normalise_code(parameter),
        source="bot",
        **{name: users.fit_text(name, value) if value else None for name, value in fields.items()},
    )


async def _banned(services: Services, telegram_id: int, language: Language) -> str:
    reason = None
    with contextlib.suppress(StoreUnavailable):
        account = await telegram_chats.account_of(services.db, telegram_id)
        reason = account.ban_reason if account else None
    return texts.BANNED[language].format(reason=reason or texts.NO_REASON[language])


def build() -> Router:
    router = Router(name="start")
    router.message.register(start, Command("start"), F.chat.type == "private", F.from_user.is_bot.is_(False))
    return router
