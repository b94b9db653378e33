"""What a Star costs in TON: fixed by the operator, or from a server that says what a TON costs.

A price that is too old, or out of the bounds that the operator set, is none: then nobody can order, and nobody can
pay a stranger's price.
"""

import asyncio
import time
from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final, Protocol

import httpx
import msgspec
import structlog

from chance_tap.settings import Settings
from persistence.errors import StoreUnavailable
from persistence.tls import authorities

log = structlog.get_logger(__name__)

NANOTON: Final = 1_000_000_000
REQUEST_TIMEOUT_S: Final = 5.0
FRESH_S: Final = 30.0
"""A price is asked for again after so long; it may be used up to its age limit while the server does not answer."""
RETRY_S: Final = 5.0
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class RateUnavailable(StoreUnavailable):
    """There is no price that may be used now."""

    def __init__(self) -> None:
        super().__init__("rate")


class RateSource(Protocol):
    """Where the price comes from."""

    async def nanoton_per_star(self) -> int:
        """Whole nanoton for one Star.

        Raises:
            RateUnavailable: there is none that may be used now.
        """
        ...

    def known(self) -> int | None:
        """The last price, while it may be used.  Asks nobody."""
        ...

    async def close(self) -> None: ...


class FixedRate:
    """The operator's own price; 0: there is none."""

    def __init__(self, nanoton: int) -> None:
        self._nanoton = nanoton

    async def nanoton_per_star(self) -> int:
        if not self._nanoton:
            raise RateUnavailable
        return self._nanoton

    def known(self) -> int | None:
        return self._nanoton or None

    async def close(self) -> None:
        return


class HttpRate:
    """Dollars for a TON, from the JSON at `url`, where `path` (names with dots between) leads to the number."""

    def __init__(
        self,
        url: str,
        path: str,
        *,
        stars_per_usd: int,
        max_age_s: float,
        bounds_usd: tuple[Decimal, Decimal],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._path = path.split(".")
        self._stars_per_usd = stars_per_usd
        self._max_age_s = max_age_s
        self._bounds_usd = bounds_usd
        self._clock = clock
        self._http = httpx.AsyncClient(timeout=REQUEST_TIMEOUT_S, verify=authorities())
        self._known: tuple[float, int] | None = None
        self._next_try = float("-inf")
        self._asking = asyncio.Lock()

    async def nanoton_per_star(self) -> int:
        async with self._asking:
            if self._age_s() > min(FRESH_S, self._max_age_s) and self._clock() >= self._next_try:
                try:
                    self._known = (self._clock(), await self._fetch())
                except (
                    httpx.HTTPError,
                    ValueError,
                    msgspec.DecodeError,
                    LookupError,
                    TypeError,
                    ArithmeticError,
                ) as error:
                    self._next_try = self._clock() + RETRY_S
                    log.warning("no price of TON", error=type(error).__name__)
        nanoton = self.known()
        if nanoton is None:
            raise RateUnavailable
        return nanoton

    def known(self) -> int | None:
        return None if self._known is None or self._age_s() > self._max_age_s else self._known[1]

    def _age_s(self) -> float:
        return float("inf") if self._known is None else self._clock() - self._known[0]

    async def close(self) -> None:
        await self._http.aclose()

    async def _fetch(self) -> int:
        response = await self._http.get(self._url)
        response.raise_for_status()
        value: Any = _decode(response.content)
        for name in self._path:
            value = value[int(name)] if isinstance(value, list) else value[name]
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise ValueError("not a price")
        usd = Decimal(value)
        low, high = self._bounds_usd
        if not usd.is_finite() or not low <= usd <= high:
            raise ValueError("a price out of bounds")
        # Rounded for the house, by less than a billionth of a TON.
        return int((NANOTON / (usd * self._stars_per_usd)).to_integral_value(ROUND_CEILING))


def paid_out(nanoton: int, spread_bps: int) -> int:
    """What is paid for one Star where one costs `nanoton`: less by the spread, in hundredths of a per cent, rounded for
    the house.  Without a spread a price that is seconds old could be bought and sold for nothing."""
    return max(nanoton * (10_000 - spread_bps) // 10_000, 1)


def from_settings(settings: Settings) -> RateSource:
    """The settings' source of the price."""
    if not settings.ton_rate_url:
        return FixedRate(settings.ton_nanoton_per_star)
    return HttpRate(
        settings.ton_rate_url,
        settings.ton_rate_path,
        stars_per_usd=settings.ton_stars_per_usd,
        max_age_s=settings.ton_rate_max_age_s,
        bounds_usd=(Decimal(settings.ton_min_usd_cents) / 100, Decimal(settings.ton_max_usd_cents) / 100),
    )
