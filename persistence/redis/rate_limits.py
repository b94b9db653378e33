"""Limits that all gateways share.  Who is limited is kept as a digest; a counter lives until its bucket is full."""

from dataclasses import dataclass

from persistence.redis import keys
from persistence.redis.router import Router
from persistence.redis.scripts import ScriptSet


@dataclass(frozen=True, slots=True)
class SharedRateLimit:
    """`burst` at once, then one more every `interval_s`.  `name` distinguishes limits of the same caller."""

    name: str
    interval_s: float
    burst: int


class RateLimitCommands:
    """Every method raises StoreUnavailable when Redis does not answer."""

    def __init__(self, router: Router, scripts: ScriptSet) -> None:
        self._router = router
        self._rate = scripts["rate_limit"]

    async def take(self, rate: SharedRateLimit, caller: str) -> float:
        """Count one request; 0, or the seconds after which one would pass: this one is not counted then."""
        return await self._ask("take", rate, caller)

    async def give_back(self, rate: SharedRateLimit, caller: str) -> None:
        """Undo one `take`: for limits on what turned out wrong, taken before so that nobody overtakes them."""
        await self._ask("give", rate, caller)

    async def _ask(self, word: str, rate: SharedRateLimit, caller: str) -> float:
        at = keys.rate_limit(rate.name, caller)
        interval_ms = int(rate.interval_s * 1000)
        reply = await self._router.call(at.slot, self._rate, (at.full_at,), word, interval_ms, rate.burst)
        return int(reply[1]) / 1000
