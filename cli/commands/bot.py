"""`chance-tap bot`: polling for development, and telling Telegram where the webhook is.

In polling, too, an update is given up only when it was dealt with: Telegram forgets what a later offset confirms.
"""

import argparse
import asyncio
import signal
import sys
from contextlib import AsyncExitStack, suppress
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from aiogram.methods import DeleteWebhook, GetUpdates, SetMyCommands, SetWebhook
from aiogram.types import BotCommand

from bot import texts
from bot.outcome import Outcome
from bot.services import Services
from bot.updates import Updates, open_updates
from chance_tap.settings import Settings, SettingsError
from persistence.errors import TelegramRefused, TelegramUnavailable
from persistence.payments.stars import StarPayments
from persistence.payments.wallets import Wallets
from persistence.postgres.pool import Database
from persistence.redis.store import RedisStore
from persistence.telegram import ask, make_bot
from persistence.ton.toncenter import Toncenter

log = structlog.get_logger(__name__)

WEBHOOK_PATH: Final = "/telegram/webhook"
POLL_S: Final = 8  # within the session's own time limit
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
MENU: Final = ("start", "balance", "wallet", "language", "help", "paysupport", "terms", "privacy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`run` (the default), `set-webhook --url …`, `delete-webhook`."""
    actions = parser.add_subparsers(dest="action", metavar="action")
    actions.add_parser("run", help="ask Telegram for updates: for development, without a webhook")
    setting = actions.add_parser("set-webhook", help="let Telegram send updates to the gateways; at each deploy")
    setting.add_argument("--url", required=True, help="the gateways' public address, https://…")
    actions.add_parser("delete-webhook", help="let Telegram keep updates until somebody asks for them")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The command: 0 when it is done, 1 when Telegram refuses.

    Raises:
        SettingsError: there is no bot, no secret, or no fit address.
        StoreUnavailable: a store, or Telegram, does not answer.
    """
    if not settings.has_bot:
        raise SettingsError("BOT_TOKEN is the development token: there is no such bot.")
    try:
        if arguments.action == "set-webhook":
            asyncio.run(_with_updates(settings, lambda updates: _set_webhook(updates, settings, arguments.url)))
        elif arguments.action == "delete-webhook":
            asyncio.run(_with_updates(settings, _delete_webhook))
        else:
            asyncio.run(_with_updates(settings, lambda updates: _poll(updates, settings)))
    except TelegramRefused as refused:
        print(f"chance-tap bot: Telegram refuses: {refused.reason}", file=sys.stderr)
        return 1
    return 0


async def _with_updates(settings: Settings, work: Any) -> None:
    async with AsyncExitStack() as stack:
        db = await Database.open(settings.database_url, max_size=4, name="chance-tap-bot")
        stack.push_async_callback(db.close)
        live = await RedisStore.open(settings.redis_url, heartbeat=False)
        stack.push_async_callback(live.close)
        bot = make_bot(settings)
        stack.push_async_callback(bot.session.close)
        toncenter = Toncenter.from_settings(settings)
        stack.push_async_callback(toncenter.close)
        stars = StarPayments(live, db, bot, settings)
        services = Services(settings, db, live, stars, Wallets(live, db, toncenter, settings))
        await work(await stack.enter_async_context(open_updates(services, bot)))


async def _set_webhook(updates: Updates, settings: Settings, url: str) -> None:
    if not settings.telegram_webhook_secret:
        raise SettingsError("TELEGRAM_WEBHOOK_SECRET is not set: gateways would refuse what Telegram sends.")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise SettingsError("--url must be the gateways' public address, like https://example.org.")
    await ask(
        updates.bot,
        SetWebhook(
            url=url.rstrip("/") + WEBHOOK_PATH,
            secret_token=settings.telegram_webhook_secret,
            # Left out, Telegram keeps what was set before, and payments might never come.
            allowed_updates=list(updates.kinds),
        ),
    )
    for language in texts.LANGUAGE_NAMES:
        commands = [BotCommand(command=name, description=texts.MENU[name][language]) for name in MENU]
        await ask(updates.bot, SetMyCommands(commands=commands, language_code=language if language != "en" else None))
    print(f"Telegram sends {', '.join(updates.kinds)} to {url.rstrip('/')}{WEBHOOK_PATH}")


async def _delete_webhook(updates: Updates) -> None:
    await ask(updates.bot, DeleteWebhook(drop_pending_updates=False))
    print("Telegram keeps updates until somebody asks for them.")


async def _poll(updates: Updates, settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if not settings.is_production:  # in production a forgotten `run` must not take the webhook away
        await ask(updates.bot, DeleteWebhook(drop_pending_updates=False))
    polling = asyncio.create_task(poll(updates), name="polling")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in (polling, stopping):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await polling


async def poll(updates: Updates) -> None:
    """Ask for updates for ever; one that failed is taken again before any later one.

    Raises:
        TelegramRefused: the token is wrong, or a webhook is set.
    """
    log.info("bot started")
    offset, pause_s = 0, FIRST_PAUSE_S
    while True:
        method = GetUpdates(offset=offset, timeout=POLL_S, allowed_updates=list(updates.kinds))
        try:
            for update in await ask(updates.bot, method):
                if await updates.handle(update) is Outcome.FAILED:
                    raise TelegramUnavailable("an update failed")
                offset, pause_s = update.update_id + 1, FIRST_PAUSE_S
        except TelegramUnavailable as error:
            log.warning("polling interrupted", problem=error.problem)
            await asyncio.sleep(max(pause_s, error.retry_after_s or 0))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
