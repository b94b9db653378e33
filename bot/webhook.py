"""Tells Telegram where the gateways' webhook is, and which updates it is to send there.

Owns the address's path and the menu of commands that people see.  Must never set a webhook without its secret.
"""

from typing import Final
from urllib.parse import urlsplit

from aiogram.methods import DeleteWebhook, SetMyCommands, SetWebhook
from aiogram.types import BotCommand

from bot import texts
from bot.updates import Updates
from chance_tap.settings import Settings, SettingsError
from persistence.telegram import ask

WEBHOOK_PATH: Final = "/telegram/webhook"
MENU: Final = ("start", "balance", "wallet", "language", "help", "paysupport", "terms", "privacy")


async def set_webhook(updates: Updates, settings: Settings, url: str) -> str:
    """Let Telegram send updates to the gateways at `url`; the address that it was told.

    Raises:
        SettingsError: there is no secret, or no fit address.
        TelegramRefused, TelegramUnavailable
    """
    if not settings.telegram_webhook_secret:
        raise SettingsError("TELEGRAM_WEBHOOK_SECRET is not set: gateways would refuse what Telegram sends.")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise SettingsError("--url must be the gateways' public address, like https://example.org.")
    address = url.rstrip("/") + WEBHOOK_PATH
    await ask(
        updates.bot,
        SetWebhook(
            url=address,
            secret_token=settings.telegram_webhook_secret,
            # Left out, Telegram keeps what was set before, and payments might never come.
            allowed_updates=list(updates.kinds),
        ),
    )
    for language in texts.LANGUAGE_NAMES:
        commands = [BotCommand(command=name, description=texts.MENU[name][language]) for name in MENU]
        await ask(updates.bot, SetMyCommands(commands=commands, language_code=language if language != "en" else None))
    return address


async def delete_webhook(updates: Updates) -> None:
    """Let Telegram keep updates until somebody asks for them.

    Raises:
        TelegramRefused, TelegramUnavailable
    """
    await ask(updates.bot, DeleteWebhook(drop_pending_updates=False))
