"""How much one person may ask of the bot: a flood of commands and buttons gets one polite answer, then silence.

Shared by all gateways, by Telegram's number of the sender.  Must never hold back what is about money: pre-checkout
queries do not come through here, and messages of charges pass.  While Redis is away the limit is open.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject
from prometheus_client import Counter

from bot import texts
from bot.language import language_for
from bot.replies import notice, say
from bot.services import Services
from persistence.errors import StoreUnavailable
from persistence.redis.rate_limits import SharedRateLimit

ASKED: Final = SharedRateLimit("bot", interval_s=2, burst=15)
SLOWED: Final = SharedRateLimit("bot-slowed", interval_s=30, burst=1)

throttled_total = Counter(
    "chance_tap_bot_throttled_total",
    "Commands and buttons over the limit: answered, silent; or open, since Redis did not answer.",
    ("outcome",),
)

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Throttle(BaseMiddleware):
    """Before any handler of messages and buttons.  What is dropped counts as dealt with: it need not come again."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Message | CallbackQuery)
        if event.from_user is None or _is_not_limited(event):
            return await handler(event, data)
        outcome = await _outcome(data["services"], event.from_user.id)
        if outcome != "allowed":
            throttled_total.labels(outcome).inc()
        if outcome in ("allowed", "open"):
            return await handler(event, data)
        if outcome == "answered":
            await _ask_to_wait(event, texts.TOO_FAST[language_for(event.from_user.language_code)])
        return None


async def _outcome(services: Services, telegram_id: int) -> str:
    sender = str(telegram_id)
    try:
        if await services.live.rate_limits.take(ASKED, sender) == 0:
            return "allowed"
        return "answered" if await services.live.rate_limits.take(SLOWED, sender) == 0 else "silent"
    except StoreUnavailable:
        return "open"


async def _ask_to_wait(event: Message | CallbackQuery, words: str) -> None:
    if isinstance(event, Message):
        await say(event, words)
    else:
        await notice(event, words)


def _is_not_limited(event: Message | CallbackQuery) -> bool:
    """What is about money, and what nobody answers anyway."""
    if isinstance(event, CallbackQuery):
        return False
    return bool(event.successful_payment or event.refunded_payment) or event.chat.type != "private"
