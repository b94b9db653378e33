"""Asking for updates: whatever Telegram says passes, but that there is no such bot."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from structlog.testing import capture_logs

from bot import polling
from bot.updates import Updates
from persistence.errors import TokenRefused
from tests.bot.conftest import TOKEN, NoNetwork

NETWORK = (0, "")
WEBHOOK = (409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first")


class Telegram(NoNetwork):
    """Answers from a list: an error, or None for what the method gives; at its end nothing comes any more."""

    def __init__(self, *answers: tuple[int, str] | None) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked: list[str] = []
        self.told = asyncio.Event()

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - the base class's
    ) -> TelegramType:
        self.asked.append(method.__api_method__)
        if not self.answers:
            self.told.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if answer == NETWORK:
            raise TelegramNetworkError(method=method, message="Cannot connect to host")
        if answer is not None:
            code, description = answer
            body = f'{{"ok":false,"error_code":{code},"description":"{description}"}}'
            return cast(TelegramType, self.check_response(bot, method, code, body).result)
        return cast(TelegramType, [] if method.__api_method__ == "getUpdates" else True)


def updates_on(session: Telegram) -> Updates:
    return cast(Updates, SimpleNamespace(bot=Bot(TOKEN, session=session), kinds=("message",)))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(polling, "LONGEST_PAUSE_S", 0.004)


@pytest.mark.parametrize(
    "passing",
    [
        NETWORK,
        (502, "Bad Gateway"),
        (500, "Internal Server Error: restart"),
        WEBHOOK,
        (409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"),
        (400, "Logged out"),
        (403, "Forbidden: not from this country"),
    ],
)
@pytest.mark.parametrize("method", ["deleteWebhook", "getUpdates"])
async def test_a_passing_refusal_is_waited_for(method: str, passing: tuple[int, str]) -> None:
    session = Telegram(*([] if method == "deleteWebhook" else [None]), *[passing] * 4, None, None, None)
    with capture_logs() as logs:
        asking = asyncio.create_task(polling.poll(updates_on(session), instead_of_webhook=True))
        told = asyncio.create_task(session.told.wait())
        done, _ = await asyncio.wait({asking, told}, return_when=asyncio.FIRST_COMPLETED)
        assert done == {told}, asking
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["polling interrupted"]


@pytest.mark.parametrize("final", [(401, "Unauthorized"), (404, "Not Found")])
@pytest.mark.parametrize("before", [[], [None], [None, None, NETWORK]])
async def test_only_an_unknown_token_ends_it(before: list[tuple[int, str] | None], final: tuple[int, str]) -> None:
    with pytest.raises(TokenRefused, match=final[1]):
        await polling.poll(updates_on(Telegram(*before, final)), instead_of_webhook=True)


async def test_a_webhook_that_was_set_meanwhile_is_taken_away() -> None:
    session = Telegram(None, None, WEBHOOK, None, None, (401, "Unauthorized"))
    with pytest.raises(TokenRefused):
        await polling.poll(updates_on(session), instead_of_webhook=True)
    assert session.asked == ["deleteWebhook", "getUpdates", "getUpdates", "deleteWebhook", "getUpdates", "getUpdates"]
