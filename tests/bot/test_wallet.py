"""/wallet in the chat, over a real bridge: connect, refuse, show, disconnect."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.connect import WalletApp
from bot.routers import wallet as router
from chance_tap.settings import Settings
from persistence.ton.address import friendly
from tests.bot.conftest import Chats, Execute, Telegram, press
from tests.peers.bridge import Bridge, BridgeWallet
from tests.peers.wallet import Wallet

DOMAIN = "game.example"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings, ton_connect_domains=(DOMAIN,), ton_connect_manifest_url="https://game.example/manifest.json"
    )


@pytest_asyncio.fixture
async def bridge(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bridge]:
    server = await Bridge().start()
    monkeypatch.setattr(router, "APPS", (WalletApp("Test", server.url, "https://wallet.example/connect"),))
    yield server
    await server.stop()


async def opened(chats: Chats, telegram: Telegram, bridge: Bridge, wallet: Wallet) -> BridgeWallet:
    assert await press(chats, "wallet:0") == 200
    markup = json.loads(telegram.said()[-1]["reply_markup"])
    return BridgeWallet(bridge, wallet, markup["inline_keyboard"][0][0]["url"])


async def finished() -> None:
    await asyncio.wait_for(asyncio.gather(*router._attempts.values()), 20)


async def test_connect_show_and_disconnect(chats: Chats, telegram: Telegram, bridge: Bridge, execute: Execute) -> None:
    wallet = Wallet(1, "v5r1")
    await chats.write("/start")
    await chats.write("/wallet")
    assert "Test" in telegram.said()[-1]["reply_markup"]

    there = await opened(chats, telegram, bridge, wallet)
    await there.accept(domain=DOMAIN, timestamp=int(time.time()))
    await finished()

    shown = friendly(wallet.address, "mainnet")
    assert shown in telegram.last
    assert execute("SELECT address FROM pay.wallets WHERE unlinked_at IS NULL") == [(wallet.address,)]
    await chats.write("/wallet")
    assert shown in telegram.last

    await press(chats, "wallet:off")
    assert execute("SELECT has_ton_wallet FROM auth.users") == [(False,)]
    await chats.write("/wallet")
    assert shown not in telegram.last


async def test_a_refusal_and_a_proof_for_another_domain(
    chats: Chats, telegram: Telegram, bridge: Bridge, execute: Execute
) -> None:
    await chats.write("/start")
    there = await opened(chats, telegram, bridge, Wallet())
    await there.reject(nested=True)
    await finished()
    assert "отклонили" in telegram.last

    there = await opened(chats, telegram, bridge, Wallet())
    await there.accept(domain="evil.example", timestamp=int(time.time()))
    await finished()
    assert "не удалось" in telegram.last
    assert execute("SELECT count(*) FROM pay.wallets") == [(0,)]


async def test_a_new_attempt_ends_the_one_before(chats: Chats, telegram: Telegram, bridge: Bridge) -> None:
    await chats.write("/start")
    first = await opened(chats, telegram, bridge, Wallet(1))
    second = await opened(chats, telegram, bridge, Wallet(2))
    await first.accept(domain=DOMAIN, timestamp=int(time.time()))
    await second.accept(domain=DOMAIN, timestamp=int(time.time()))
    await finished()
    assert friendly(Wallet(2).address, "mainnet") in telegram.last


async def test_without_an_account_nothing_is_connected(chats: Chats, telegram: Telegram, bridge: Bridge) -> None:
    await chats.write("/wallet", telegram_id=99)
    assert "/start" in telegram.last
    assert await press(chats, "wallet:0", telegram_id=99) == 200
    assert router._attempts == {}
