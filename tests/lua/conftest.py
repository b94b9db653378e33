"""A store whose clock a test sets, and a game of three on it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from persistence.redis.store import RedisStore
from tests.lua.clocked import open_clocked
from tests.lua.game import Game


@pytest_asyncio.fixture
async def store(redis_url: str) -> AsyncIterator[RedisStore]:
    store = await open_clocked(redis_url)
    yield store
    await store.close()


@pytest_asyncio.fixture
async def game(store: RedisStore) -> Game:
    return await Game(store).open()
