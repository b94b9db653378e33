"""/wallet in the chat, over a real bridge: connect, refuse, show, disconnect."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
import segno
from starlette.applications import Starlette

from bot.routers import wallet as router
from bot.wallet_apps import WalletApp
from chance_tap.settings import Settings
from persistence.ton.address import friendly
from tests.bot.conftest import Chats, Telegram, press
from tests.fixtures.postgres import Execute
from tests.stand_ins.bridge import Bridge, BridgeWallet
from tests.stand_ins.wallet import Wallet

DOMAIN = "game.example"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings, ton_connect_domains=(DOMAIN,), ton_connect_manifest_url="https://game.example/manifest.json"
    )


@pytest_asyncio.fixture
async def bridge(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bridge]:
    server = await Bridge().start()
    apps = (
        WalletApp("test", "Test", server.url, "https://wallet.example/connect"),
        WalletApp("other", "Other", server.url, "https://t.me/wallet?attach=wallet"),
    )
    monkeypatch.setattr(router, "APPS", apps)
    yield server
    await server.stop()


async def opened(chats: Chats, telegram: Telegram, bridge: Bridge, wallet: Wallet) -> BridgeWallet:
    assert await press(chats, "wallet:0") == 200
    return BridgeWallet(bridge, wallet, buttons(telegram.said("sendPhoto")[-1])[0]["url"])


def buttons(call: dict[str, Any]) -> list[dict[str, str]]:
    return [button for row in json.loads(call["reply_markup"])["inline_keyboard"] for button in row]


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

    assert there.requests() == []
    await press(chats, "wallet:off")
    assert execute("SELECT has_ton_wallet FROM auth.users") == [(False,)]
    assert there.requests() == [{"method": "disconnect", "params": [], "id": "1"}]
    await press(chats, "wallet:off")
    assert len(there.requests()) == 1
    await chats.write("/wallet")
    assert shown not in telegram.last


async def test_the_link_is_there_as_a_button_and_as_a_code_and_so_are_the_other_wallets(
    chats: Chats, telegram: Telegram, bridge: Bridge
) -> None:
    await chats.write("/start")
    for pressed, other in ((0, 1), (1, 0)):
        assert await press(chats, f"wallet:{pressed}") == 200
        shown = telegram.said("sendPhoto")[-1]
        first, second = buttons(shown)
        assert second == {"text": router.APPS[other].name, "callback_data": f"wallet:{other}"}
        assert first["text"] == f"Открыть {router.APPS[pressed].name}"
        assert first["url"].startswith(router.APPS[pressed].universal_url)
        assert shown["photo"] == picture_of(first["url"])
        assert shown["caption"].startswith(first["text"].replace("Открыть", "Откройте"))


def picture_of(link: str) -> bytes:
    picture = io.BytesIO()
    segno.make(link, error="l", micro=False).save(picture, kind="png", scale=8, border=4)
    return picture.getvalue()


async def test_an_application_hears_that_it_was_replaced_and_is_not_waited_for(
    app: Starlette, chats: Chats, telegram: Telegram, bridge: Bridge, execute: Execute
) -> None:
    await chats.write("/start")
    first = await opened(chats, telegram, bridge, Wallet(1))
    await first.accept(domain=DOMAIN, timestamp=int(time.time()))
    await finished()
    second = await opened(chats, telegram, bridge, Wallet(2))
    await second.accept(domain=DOMAIN, timestamp=int(time.time()))
    await finished()
    assert [len(first.requests()), len(second.requests())] == [1, 0]

    bridge.away = True
    ((user_id,),) = execute("SELECT user_id FROM auth.users")
    await app.state.services.wallets.unlink(user_id)  # as the Mini App does
    assert execute("SELECT has_ton_wallet FROM auth.users") == [(False,)]
    assert second.requests() == []


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
    assert [request["method"] for request in there.requests()] == ["disconnect"], "it would show us as connected"
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
