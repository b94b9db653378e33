"""The whole product beside the stand-ins: gateways with a webhook and a worker, as processes of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.doomed import DoomedGateway
from tests.fixtures.fork_server import ForkServer
from tests.fixtures.outside import bot_environment, set_webhook
from tests.fixtures.postgres import login_url
from tests.fixtures.stack import Stack, stack_environment
from tests.stand_ins.telegram import TelegramApi
from tests.ws.client import hang_up

__all__ = ["gateway", "hang_up", "product"]


@pytest.fixture
def product(make_stack: Callable[..., Stack], telegram_api: TelegramApi) -> Stack:
    """Everything running, and Telegram told by the product's own command where the webhook is."""
    rules = {"CAPACITY": "2", "GAME_S": "2", "WAIT_S": "30", "WITHDRAWALS_PREMIUM": "on", "WITHDRAWAL_HOLD_S": "0"}
    stack = make_stack(**rules, **bot_environment(telegram_api))
    set_webhook(stack, telegram_api)
    return stack


@pytest.fixture
def gateway(
    database_url: str, redis_url: str, telegram_api: TelegramApi, tmp_path: Path, fork_server: ForkServer
) -> Iterator[DoomedGateway]:
    """One gateway, not yet started, that can be killed at a step of its own."""
    url = login_url(database_url, "gateway")
    environment = stack_environment(tmp_path, url, redis_url, **bot_environment(telegram_api))
    with DoomedGateway(fork_server, environment, tmp_path / "gateway.log") as doomed:
        yield doomed
