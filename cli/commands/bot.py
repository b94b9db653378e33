"""`chance-tap bot`: polling for development, and telling Telegram where the webhook is."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any

import typer

from bot.polling import poll_until_stopped
from bot.services import Services
from bot.updates import Updates, open_updates
from bot.webhook import delete_webhook, set_webhook
from chance_tap.settings import Settings
from chance_tap.telemetry import log, sentry
from chance_tap.telemetry.metrics import serve_metrics
from cli.commands.options import settings_of
from cli.commands.output import refuse
from cli.commands.stores import open_bot, open_stores
from cli.environment import warn_of_silence
from persistence.errors import TelegramRefused, TokenRefused
from persistence.payments.stars import StarPayments
from persistence.payments.wallets import Wallets
from persistence.postgres.access import Part
from persistence.ton.toncenter import Toncenter
from persistence.waiting import wait_for_stores

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def without_action(context: typer.Context) -> int:
    """The same as `run`."""
    return run(context) if context.invoked_subcommand is None else 0


@app.command()
def run(context: typer.Context) -> int:
    """Ask Telegram for updates: for development, without a webhook."""
    return _done(_run(_settings(context)))


@app.command("set-webhook")
def set_(
    context: typer.Context,
    url: Annotated[str, typer.Option("--url", help="the gateways' public address, https://…")],
) -> int:
    """Let Telegram send updates to the gateways; at each deploy."""
    return _done(_set_webhook(_settings(context), url))


@app.command("delete-webhook")
def delete(context: typer.Context) -> int:
    """Let Telegram keep updates until somebody asks for them."""
    return _done(_delete_webhook(_settings(context)))


def _settings(context: typer.Context) -> Settings:
    settings = settings_of(context)
    log.configure(settings.log_level, part="bot")
    sentry.configure(settings, part="bot")
    warn_of_silence("bot", settings)
    return settings


def _done(work: Coroutine[Any, Any, None]) -> int:
    """0 when it is done, 1 when Telegram refuses."""
    try:
        asyncio.run(work)
    except TokenRefused as refused:
        return refuse(
            "bot", f"BOT_TOKEN is not known to Telegram ({refused.reason}): take the one that @BotFather shows."
        )
    except TelegramRefused as refused:
        return refuse("bot", f"Telegram refuses: {refused.reason}")
    return 0


@asynccontextmanager
async def _updates(settings: Settings) -> AsyncIterator[Updates]:
    async with (
        open_bot(settings) as bot,
        open_stores(settings, "bot", Part.BOT) as (live, db),
        Toncenter.from_settings(settings) as toncenter,
    ):
        stars = StarPayments(live, db, bot, settings)
        services = Services(settings, db, live, stars, Wallets(live, db, toncenter, settings))
        async with open_updates(services, bot) as updates:
            yield updates


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        updates = await wait_for_stores(lambda: stack.enter_async_context(_updates(settings)), stop)
        if updates is not None:
            await stack.enter_async_context(serve_metrics(settings, "bot"))
            await poll_until_stopped(updates, settings, stop)


async def _set_webhook(settings: Settings, url: str) -> None:
    async with _updates(settings) as updates:
        address = await set_webhook(updates, settings, url)
        print(f"Telegram sends {', '.join(updates.kinds)} to {address}")


async def _delete_webhook(settings: Settings) -> None:
    async with _updates(settings) as updates:
        await delete_webhook(updates)
    print("Telegram keeps updates until somebody asks for them.")
