"""How much one caller may send, and cause: body sizes, request rates, and rates of what is kept for ever.

Rates of requests live in the process, one number a caller, in bounded memory: the least recently seen are forgotten
first, which only ever lets a request pass.  Callers are told apart by user first; an address is limited only for failed
logins, since a whole mobile network may share one.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from starlette.types import Receive

from gateway import metrics
from persistence.errors import ErrorCode, GameError, RateLimited, StoreUnavailable
from persistence.redis.rate_limits import RateLimitCommands, SharedRateLimit

MAX_BODY_BYTES: Final = 64 * 1024
BODY_TIME_S: Final = 15.0
_MAX_CALLERS: Final = 100_000


# What a person may cause to be written down for ever.  Bursts are far above what hands do on a bad day.
ENTERED_ROOMS: Final = SharedRateLimit("entered-rooms", interval_s=2, burst=30)
ORDERS: Final = SharedRateLimit("orders", interval_s=20, burst=30)
WITHDRAWALS: Final = SharedRateLimit("withdrawals", interval_s=60, burst=20)
BONUS_RUNS: Final = SharedRateLimit("bonus-runs", interval_s=60, burst=20)
LINKED_WALLETS: Final = SharedRateLimit("linked-wallets", interval_s=60, burst=20)
WAYS_IN: Final = SharedRateLimit("ways-in", interval_s=60, burst=20)


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class Rate:
    """`per_s` requests a second for each caller, with bursts of `burst`.

    This is the generic cell rate algorithm (ITU-T I.371), a token bucket that needs one number: the moment at which
    the caller's bucket will be full again.
    """

    def __init__(self, per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = 1.0 / per_s
        self._tolerance_s = burst / per_s
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def take(self, caller: str) -> None:
        """Count one request.

        Raises:
            RateLimited: when the caller's burst is spent; the request is not counted then.
        """
        now = self._clock()
        full_at = max(self._full_at.pop(caller, now), now) + self._interval_s
        wait_s = full_at - now - self._tolerance_s
        if wait_s > 1e-9:
            self._full_at[caller] = full_at - self._interval_s
            raise RateLimited(wait_s)
        if len(self._full_at) >= _MAX_CALLERS:
            del self._full_at[next(iter(self._full_at))]
        self._full_at[caller] = full_at

    def give_back(self, caller: str) -> None:
        """Undo one `take`: for limits on what turned out wrong, taken before so that nobody overtakes them."""
        full_at = self._full_at.get(caller)
        if full_at is not None:
            self._full_at[caller] = full_at - self._interval_s


class LastingRates:
    """Limits on what a request leaves behind for ever: by person, and for all gateways together.

    What was done is charged after it was done, so a refusal costs nothing, and nobody waits for Redis before an act.
    Many at once may overtake the limit; they are charged all the same, and the next one waits for as much longer: the
    rate holds, whatever gateways the requests go to.  While Redis is away nothing is charged, and a metric says so.
    """

    def __init__(self, rates: RateLimitCommands, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = rates
        self._clock = clock
        self._passes_at: dict[tuple[str, str], float] = {}  # of those who have to wait

    def check(self, rate: SharedRateLimit, person: str) -> None:
        """Raises RateLimited while the person has to wait."""
        wait_s = self._passes_at.get((rate.name, person), 0.0) - self._clock()
        if wait_s > 0:
            raise RateLimited(wait_s)

    def charge(self, rate: SharedRateLimit, person: str) -> None:
        """One more was done."""

        def charged(wait_s: float | StoreUnavailable) -> None:
            if isinstance(wait_s, StoreUnavailable):
                metrics.open_limits.inc()
                return
            self._passes_at.pop((rate.name, person), None)
            if wait_s > 0:
                if len(self._passes_at) >= _MAX_CALLERS:
                    del self._passes_at[next(iter(self._passes_at))]
                self._passes_at[rate.name, person] = self._clock() + wait_s

        self._rates.charge(rate, person, charged)


class Rates:
    """The limits of the REST interface."""

    def __init__(self) -> None:
        self.user = Rate(per_s=100, burst=300)
        self.login = Rate(per_s=5, burst=60)
        self.failed_login = Rate(per_s=20, burst=1000)
        self.wrong_key = Rate(per_s=0.2, burst=20)
        self.new_room = Rate(per_s=1, burst=60)
        self.appeal = Rate(per_s=0.1, burst=10)
        self.payment = Rate(per_s=0.5, burst=30)
        self.proof = Rate(per_s=0.5, burst=20)
        self.withdrawal = Rate(per_s=0.5, burst=20)
        self.own_limits = Rate(per_s=0.5, burst=30)


async def read_body(declared_length: bytes | None, receive: Receive, limit: int = MAX_BODY_BYTES) -> bytes:
    """The whole body, of which never more than the limit is kept.

    Raises:
        GameError: `too_large`, or `invalid_request` when it does not arrive in time.
        ClientGone: when nobody is left to answer.
    """
    if declared_length is not None and (not declared_length.isdigit() or int(declared_length) > limit):
        raise GameError(ErrorCode.TOO_LARGE)
    body = b""
    try:
        async with asyncio.timeout(BODY_TIME_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                part: bytes = message.get("body", b"")
                body += part
                if len(body) > limit:
                    raise GameError(ErrorCode.TOO_LARGE)
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        raise GameError(ErrorCode.INVALID_REQUEST) from None
