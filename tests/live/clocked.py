"""A store whose scripts read the time from a key, so that a test sets it.  Everything else is what is shipped."""

from persistence.redis.live import LiveStore
from persistence.redis.scripts import ScriptSet

CLOCK_KEY = "test:clock"
CLOCK = f"local function read_clock()\n  return tonumber(redis.call('GET', '{CLOCK_KEY}'))\nend\n"
NOON_MS = 1_780_000_000_000


async def open_clocked(url: str) -> LiveStore:
    store = await LiveStore.open(url, scripts=ScriptSet(includes={"clock": CLOCK}), heartbeat=False)
    await set_clock(store, NOON_MS)
    return store


async def set_clock(store: LiveStore, now_ms: int) -> None:
    await store.router.execute(0, "SET", CLOCK_KEY, now_ms)
