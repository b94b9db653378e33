"""The Bot API: a bot made from the settings, and one function to ask it.

Loading this module loads aiogram, which takes seconds of CPU: import it where there is a bot, not at the top of what
every process loads.

Owns the address, the time limits, what flood control means, where a chat has moved, and which answers are refusals.
Must never decide about money, and never let the token into a log or an exception: it is a part of every address that is
asked.
"""

import asyncio
import json
import math
import os
import re
from typing import Any, Final, TypeVar

import aiogram
import structlog
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    RestartingTelegram,
    TelegramAPIError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiohttp import ClientSession

from chance_tap.proxies import proxy_of, split
from chance_tap.settings import Settings
from persistence.errors import TelegramRefused, TelegramUnavailable, TelegramUnreadable, TokenRefused
from persistence.tls import authorities

log = structlog.get_logger(__name__)

T = TypeVar("T")

REQUEST_TIMEOUT_S: Final = 10.0
PATIENCE_S: Final = 3.0
"""How long `ask` itself waits for flood control to end; who can wait longer comes again."""
_MAX_FLOODS: Final = 10_000
_UNTOLD_S: Final = 5
"""How long flood control is taken to last where Telegram does not say."""
_EARLY_S: Final = 0.05
"""By so much may a timer be early."""
_TOO_MANY: Final = re.compile(r"too many requests(?:: retry after (\d{1,9}))?", re.IGNORECASE)


class _Manners(BaseRequestMiddleware):
    """What Telegram asks of whoever asks it: silence while flood control lasts, and the new address of a chat.

    While flood control lasts for a chat nothing is sent there: each further request would be refused, and might make it
    last longer.  It is logged once.  What is for no chat is not held back here: whoever asks has a time of its own.
    """

    def __init__(self) -> None:
        self._until: dict[tuple[str, Any], float] = {}

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: aiogram.Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        clock = asyncio.get_running_loop().time
        flood = _flood_of(method)
        left_s = 0.0 if flood is None else self._until.get(flood, 0.0) - clock()
        if left_s > _EARLY_S:
            raise TelegramRetryAfter(method=method, message="flood control", retry_after=math.ceil(left_s))
        try:
            try:
                return await make_request(bot, method)
            except TelegramMigrateToChat as moved:
                return await make_request(bot, method.model_copy(update={"chat_id": moved.migrate_to_chat_id}))
        except TelegramAPIError as error:
            retry_after = _retry_after(error)
            if retry_after is None:
                raise
            if flood is not None:
                self._remember(flood, clock() + retry_after, clock())
            log.warning("flood control", method=method.__api_method__, retry_after_s=retry_after)
            if isinstance(error, TelegramRetryAfter):
                raise
            raise TelegramRetryAfter(method=method, message=error.message, retry_after=retry_after) from None

    def _remember(self, flood: tuple[str, Any], until: float, now: float) -> None:
        if len(self._until) >= _MAX_FLOODS:
            self._until = {key: end for key, end in self._until.items() if end > now}
        if len(self._until) < _MAX_FLOODS:
            self._until[flood] = until


def _flood_of(method: TelegramMethod[Any]) -> tuple[str, Any] | None:
    """The chat, or the button that was pressed in it: its updates come again and again."""
    for name in ("chat_id", "callback_query_id", "pre_checkout_query_id"):
        value = getattr(method, name, None)
        if value is not None:
            return name, value
    return None


def _retry_after(error: TelegramAPIError) -> int | None:
    """For how many seconds it wants silence; None: it is something else."""
    if isinstance(error, TelegramRetryAfter):
        return error.retry_after
    told = _TOO_MANY.match(error.message or "") if type(error) is TelegramAPIError else None
    if told is None:
        return None
    return int(told[1] or 0) or _UNTOLD_S


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
    session = _Session(settings.telegram_api_url)
    session.middleware(_Manners())
    return aiogram.Bot(settings.bot_token, session=session)


async def ask(bot: aiogram.Bot, method: TelegramMethod[T], *, timeout_s: float = REQUEST_TIMEOUT_S) -> T:
    """Call a method; flood control is waited for once, when it is short.

    Raises:
        TelegramUnavailable: no answer, or none that could be read; may be repeated if the method may.  TokenRefused
            where the token is the reason.
        TelegramRefused: it was refused.
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
        except (TelegramUnauthorizedError, TelegramNotFound) as error:  # 404: what cannot be a token at all
            raise TokenRefused(_without_secrets(bot, error.message)) from None
        except TelegramAPIError as error:
            raise TelegramRefused(_without_secrets(bot, error.message)) from None
        except ClientDecodeError as error:  # a form that is new at Telegram; or a proxy's error page
            done = isinstance(error.data, dict) and error.data.get("ok") is True
            answer = error.data if isinstance(error.data, str) else json.dumps(error.data)
            raise TelegramUnreadable(type(error).__name__, answer, done=done) from None
        except UnicodeDecodeError as error:
            answer = bytes(error.object).decode("utf-8", "replace")
            raise TelegramUnreadable(type(error).__name__, answer, done=False) from None
        except AiogramError as error:
            raise TelegramUnavailable(type(error).__name__) from None
    raise AssertionError("unreachable")


def _without_secrets(bot: aiogram.Bot, text: str) -> str:
    return text.replace(bot.token, "<token>")[:200]
