"""The Bot API: a bot made from the settings, and one function to ask it.

Loading this module loads aiogram, which takes seconds of CPU: import it where there is a bot, not at the top of what
every process loads.

Owns the address, the time limits, what flood control means, and which answers are refusals.  Must never decide about
money, and never let the token into a log or an exception: it is a part of every address that is asked.
"""

import asyncio
import os
from typing import Final, TypeVar

import aiogram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    RestartingTelegram,
    TelegramAPIError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from aiohttp import ClientSession

from chance_tap.proxies import proxy_of, split
from chance_tap.settings import Settings
from persistence.errors import TelegramRefused, TelegramUnavailable, TokenRefused
from persistence.tls import authorities

T = TypeVar("T")

REQUEST_TIMEOUT_S: Final = 10.0
PATIENCE_S: Final = 3.0
"""How long `ask` itself waits for flood control to end; who can wait longer comes again."""


class _Session(AiohttpSession):
    """Goes the way that our other clients go: through the environment's proxy, by its authorities."""

    def __init__(self, url: str) -> None:
        super().__init__(api=TelegramAPIServer.from_base(url.rstrip("/")), timeout=REQUEST_TIMEOUT_S)
        self._connector_init["ssl"] = authorities()
        name = proxy_of(url, os.environ)
        self._through = split(os.environ[name]).geturl() if name else None

    async def create_session(self) -> ClientSession:
        if self._session is None or self._session.closed:
            self._session = ClientSession(connector=self._connector_type(**self._connector_init), proxy=self._through)
            self._should_reset_connector = False
        return self._session


def make_bot(settings: Settings) -> aiogram.Bot:
    """The settings' bot, on TELEGRAM_API_URL.  Needs the running event loop; close its `session` at the end."""
    return aiogram.Bot(settings.bot_token, session=_Session(settings.telegram_api_url))


async def ask(bot: aiogram.Bot, method: TelegramMethod[T], *, timeout_s: float = REQUEST_TIMEOUT_S) -> T:
    """Call a method; flood control is waited for once, when it is short.

    Raises:
        TelegramUnavailable: no answer, or none that could be read; may be repeated if the method may.
        TelegramRefused: it was refused; TokenRefused where the token is the reason.
    """
    for last in (False, True):
        try:
            async with asyncio.timeout(timeout_s):
                return await bot(method)
        except TelegramRetryAfter as error:
            if last or error.retry_after > PATIENCE_S:
                raise TelegramUnavailable("flood control", float(error.retry_after)) from None
            await asyncio.sleep(error.retry_after)
        except (TelegramNetworkError, TelegramServerError, RestartingTelegram, TimeoutError) as error:
            raise TelegramUnavailable(type(error).__name__) from None
        except (TelegramUnauthorizedError, TelegramNotFound) as error:  # the token is a part of the address
            raise TokenRefused(_without_secrets(bot, error.message)) from None
        except TelegramAPIError as error:
            raise TelegramRefused(_without_secrets(bot, error.message)) from None
        except AiogramError as error:  # an answer that is none of the Bot API: a proxy's error page
            raise TelegramUnavailable(type(error).__name__) from None
    raise AssertionError("unreachable")


def _without_secrets(bot: aiogram.Bot, text: str) -> str:
    return text.replace(bot.token, "<token>")[:200]
