"""What faults and events act upon."""

import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import redis.asyncio as redis

from tests.chaos.operators import Operators
from tests.chaos.outside import Outside
from tests.chaos.players import Crowd
from tests.chaos.product import Product, Sizes


@dataclass
class Scene:
    """`poisoned` are the stream entries that must end as dead letters."""

    product: Product
    sizes: Sizes
    outside: Outside
    operators: Operators
    crowd: Crowd
    poisoned: set[tuple[int, str]] = field(default_factory=set)
    repeated: int = 0
    stolen: int = 0
    charged_back: int = 0

    @contextlib.asynccontextmanager
    async def redis(self) -> AsyncIterator[redis.Redis]:
        client = redis.Redis.from_url(self.product.valkey.url)
        try:
            yield client
        finally:
            await client.aclose()


Action = Callable[[Scene, random.Random], Awaitable[str]]
