"""A store whose scripts read the time from a key, so that a test sets it.  Everything else is what is shipped."""

import asyncio
from pathlib import Path

from chance_tap.resources import LUA
from persistence.redis import keys
from persistence.redis.scripts import ScriptSet
from persistence.redis.store import RedisStore

CLOCK_KEY = "test:clock"
# On a cluster a script reads only what its own server has, so there each hash tag has a clock.
CLOCK = f"""local function read_clock()
  local own = '{CLOCK_KEY}' .. string.match(KEYS[1], '{{.-}}')
  return tonumber(redis.call('GET', own) or redis.call('GET', '{CLOCK_KEY}'))
end
"""
NOON_MS = 1_780_000_000_000
STAKES = (20, 50, 333)  # whose lobbies have a clock
_TAGS = (*keys.TAGS, "gateways", *(f"lobby:{stake}" for stake in STAKES))


async def open_clocked(url: str, lua: Path = LUA) -> RedisStore:
    """`lua`: another folder of scripts."""
    store = await RedisStore.open(url, scripts=ScriptSet(lua, includes={"clock": CLOCK}), heartbeat=False)
    await set_clock(store, NOON_MS)
    return store


async def set_clock(store: RedisStore, now_ms: int) -> None:
    if not store.router.is_cluster:
        await store.router.execute(0, "SET", CLOCK_KEY, now_ms)
        return
    await asyncio.gather(
        *(store.router.execute(keys.slot_of(tag), "SET", f"{CLOCK_KEY}{{{tag}}}", now_ms) for tag in _TAGS)
    )


async def flush(store: RedisStore) -> None:
    """Forget everything, on every server."""
    await asyncio.gather(*(store.router.ask(shard, "FLUSHALL") for shard in store.router.masters()))
