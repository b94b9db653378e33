"""Connecting from the chat over a real bridge: what the wallet says arrives, and what is wrong stops nobody."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.connect import ChatConnection
from bot.wallet_apps import WalletApp
from persistence.redis.store import RedisStore
from persistence.ton.proof import verify
from tests.stand_ins.bridge import Bridge, BridgeWallet
from tests.stand_ins.wallet import Wallet

DOMAIN = "game.example"
PAYLOAD = "ab" * 32
USER = 7


async def nobody(_: str) -> bytes | None:
    return None


@pytest_asyncio.fixture
async def bridge() -> AsyncIterator[Bridge]:
    server = await Bridge().start()
    yield server
    await server.stop()


@pytest_asyncio.fixture
async def connection(live: RedisStore) -> AsyncIterator[ChatConnection]:
    made = ChatConnection("https://game.example/manifest.json", live.wallet_sessions, USER)
    yield made
    await made.close()
    await asyncio.sleep(0)


async def opened(bridge: Bridge, connection: ChatConnection, wallet: Wallet) -> BridgeWallet:
    app = WalletApp("test", "Test", bridge.url, "https://wallet.example/connect")
    return BridgeWallet(bridge, wallet, await connection.begin(app, PAYLOAD))


@pytest.mark.parametrize("version", ["v4r2", "v5r1"])
async def test_a_wallet_connects_and_its_proof_holds(bridge: Bridge, connection: ChatConnection, version: str) -> None:
    wallet = Wallet(1, version)  # type: ignore[arg-type]
    there = await opened(bridge, connection, wallet)
    assert there.request["manifestUrl"] == "https://game.example/manifest.json"
    await there.accept(domain=DOMAIN, timestamp=int(time.time()))

    answer = await connection.answer(10)

    assert answer is not None
    assert answer.kind == "connected"
    assert answer.proof is not None
    assert answer.proof.payload == PAYLOAD
    proven = await verify(
        answer.proof, domains=[DOMAIN], network="mainnet", now_s=time.time(), max_age_s=60, get_public_key=nobody
    )
    assert proven.address == wallet.address


@pytest.mark.parametrize("nested", [False, True])
async def test_a_refusal_is_one_in_either_shape(bridge: Bridge, connection: ChatConnection, nested: bool) -> None:
    there = await opened(bridge, connection, Wallet())
    await there.reject(nested=nested)
    answer = await connection.answer(10)
    assert answer is not None
    assert answer.kind == "rejected"


async def test_messages_that_cannot_be_read_are_dropped(bridge: Bridge, connection: ChatConnection) -> None:
    there = await opened(bridge, connection, Wallet())
    await there.garbage()
    await there.reject()
    answer = await connection.answer(10)
    assert answer is not None
    assert answer.kind == "rejected"
    assert bridge.connections == 1


@pytest.mark.parametrize("payload", [{}, {"items": []}, {"items": [{"name": "ton_addr"}]}, [], None])
async def test_an_answer_without_a_wallet_or_proof(bridge: Bridge, connection: ChatConnection, payload: object) -> None:
    there = await opened(bridge, connection, Wallet())
    await there.say("connect", payload)
    answer = await connection.answer(10)
    assert answer is not None
    assert answer.kind == "failed"


async def test_nothing_said_is_no_answer(bridge: Bridge, connection: ChatConnection) -> None:
    await opened(bridge, connection, Wallet())
    assert await connection.answer(0.01) is None


async def test_what_is_remembered_is_forgotten_by_itself(
    live: RedisStore, bridge: Bridge, connection: ChatConnection
) -> None:
    from persistence.redis import keys

    await opened(bridge, connection, Wallet())
    slot, key = keys.wallet_session(USER, "connection")
    assert 0 < await live.router.execute(slot, "TTL", key) <= 3600


async def test_a_bridge_that_is_away_is_not_asked_without_a_pause(bridge: Bridge, connection: ChatConnection) -> None:
    bridge.away = True
    there = await opened(bridge, connection, Wallet())
    assert await connection.answer(0.5) is None
    assert bridge.connections <= 4

    bridge.away = False
    await there.reject()
    answer = await connection.answer(20)
    assert answer is not None
    assert answer.kind == "rejected"
