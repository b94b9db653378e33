"""The whole product beside the stand-ins: gateways with a webhook and a worker, as processes of their own."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fixtures.stack import Stack
from tests.peers.telegram import TelegramApi
from tests.peers.ton import TonNetwork
from tests.whole.doomed import DoomedGateway
from tests.ws.client import Peer

PUBLIC_URL = "https://play.example"
HOUSE = "0:" + "5f" * 32
PAYOUT_KEY = "3c" * 32
NANOTON_PER_STAR = 3_000_000
WEBHOOK_SECRET = "a_webhook-secret_of_37_characters_1234"


def ton_environment(ton: TonNetwork) -> dict[str, str]:
    return {
        "PUBLIC_URL": PUBLIC_URL,
        "TON_CONNECT_DOMAINS": PUBLIC_URL.removeprefix("https://"),
        "TON_WALLET_ADDRESS": HOUSE,
        "TON_NANOTON_PER_STAR": str(NANOTON_PER_STAR),
        "TONCENTER_URL": ton.url,
        "TONCENTER_PER_S": "1000",
        "TON_POLL_MS": "100",
        "WITHDRAWALS_TON": "on",
        "TON_PAYOUT_KEY": PAYOUT_KEY,
    }


def bot_environment(telegram_api: TelegramApi) -> dict[str, str]:
    return {
        "BOT_TOKEN": telegram_api.token,
        "BOT_USERNAME": telegram_api.username,
        "TELEGRAM_API_URL": telegram_api.url,
        "TELEGRAM_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "MINI_APP_URL": f"{PUBLIC_URL}/",
        "STARS_DEPOSITS": "on",
        "DEMO_STARS": "0",
        "DEMO_OPPONENTS": "0",
    }


@pytest.fixture
def product(make_stack: Callable[..., Stack], telegram_api: TelegramApi) -> Stack:
    """Everything running, and Telegram told by the product's own command where the webhook is."""
    rules = {"CAPACITY": "2", "GAME_S": "2", "WAIT_S": "30", "WITHDRAWALS_PREMIUM": "on", "WITHDRAWAL_HOLD_S": "0"}
    stack = make_stack(**rules, **bot_environment(telegram_api))
    set_webhook(stack, telegram_api)
    return stack


@pytest.fixture
def ton() -> Iterator[TonNetwork]:
    network = TonNetwork(PAYOUT_KEY)
    network.start()
    yield network
    network.stop()


@pytest.fixture
def gateway(database_url: str, redis_url: str, telegram_api: TelegramApi, tmp_path: Path) -> Iterator[DoomedGateway]:
    """One gateway, not yet started, that can be killed at a step of its own."""
    environment = Stack(tmp_path, database_url, redis_url, bot_environment(telegram_api)).environment
    with DoomedGateway(environment, tmp_path / "gateway.log") as doomed:
        yield doomed


def set_webhook(stack: Stack, telegram_api: TelegramApi) -> None:
    """By the product's own command, to its first gateway."""
    telegram_api.tunnel(PUBLIC_URL, stack.url)
    command(stack, "bot", "set-webhook", "--url", PUBLIC_URL)


def command(stack: Stack, *arguments: str) -> str:
    """What one of the product's commands prints; it must succeed."""
    argv = [sys.executable, "-P", "-m", "chance_tap", *arguments]
    done = subprocess.run(argv, env=stack.environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest_asyncio.fixture(autouse=True)
async def hang_up() -> AsyncIterator[None]:
    """Sockets end with the loop that they belong to."""
    yield
    for peer in Peer.opened:
        peer.abort()
    Peer.opened.clear()
