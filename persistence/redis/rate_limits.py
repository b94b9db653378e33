"""Limits that all gateways share.  Who is limited is kept as a digest; a counter lives until its bucket is full."""

from collections.abc import Callable
from dataclasses import dataclass

from persistence.errors import StoreUnavailable
from persistence.redis import keys
from persistence.redis.connection import Reply
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

    def charge(self, rate: SharedRateLimit, caller: str, done: Callable[[float | StoreUnavailable], None]) -> None:
        """Count what was done already, without waiting.  `done` gets the seconds after which the next would pass, or
        that it was not counted."""
        at = keys.rate_limit(rate.name, caller)

        def counted(reply: Reply) -> None:
            done(StoreUnavailable("redis") if isinstance(reply, Exception) else int(reply[1]) / 1000)

        self._router.run(at.slot, self._rate, (at.full_at,), ("charge", *_words(rate)), counted)

    async def _ask(self, word: str, rate: SharedRateLimit, caller: str) -> float:
        at = keys.rate_limit(rate.name, caller)
        reply = await self._router.call(at.slot, self._rate, (at.full_at,), word, *_words(rate))
        return int(reply[1]) / 1000


def _words(rate: SharedRateLimit) -> tuple[int, int]:
    return int(rate.interval_s * 1000), rate.burst
