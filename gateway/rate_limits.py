"""How much one caller may send: body sizes and request rates.

Rates live in the process, one number a caller, in bounded memory: the least recently seen are forgotten first, which
only ever lets a request pass.  Callers are told apart by user first; an address is limited only for failed logins,
since a whole mobile network may share one.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from starlette.types import Receive

from gateway.errors import RateLimited
from persistence.errors import ErrorCode, GameError

MAX_BODY_BYTES: Final = 64 * 1024
BODY_TIME_S: Final = 15.0
_MAX_CALLERS: Final = 100_000


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
