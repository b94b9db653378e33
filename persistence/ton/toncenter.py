"""toncenter's HTTP interface, version 3: the chain as somebody else's server shows it.

Owns the address, the key, the rate, the time limits and which answers are worth another try.  Gives what was said,
parsed; must never decide what it means for anybody's money.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx

from chance_tap.settings import Settings
from persistence.errors import StoreUnavailable
from persistence.odd import Odd, sort_out
from persistence.tls import authorities
from persistence.ton.transaction import Transaction, Unread, parse, place_of

URLS: Final = {"mainnet": "https://toncenter.com", "testnet": "https://testnet.toncenter.com"}
LONGEST_PAGE: Final = 1000
REQUEST_TIMEOUT_S: Final = 15.0
ATTEMPTS: Final = 4
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 8.0
_WORTH_ANOTHER_TRY: Final = {408, 429, 500, 502, 503, 504, 520, 522, 524, 542}


@dataclass(frozen=True, slots=True)
class Page:
    """A part of an address's transactions as toncenter shows it.

    `row`: those of the address in their order, also those that could not be understood; `odd`: these, to be set aside;
    `last_lt`: the highest logical time of all (0: there is none); `raw`: each element, by its hash.
    """

    row: list[Transaction | Unread]
    odd: list[Odd]
    last_lt: int
    raw: dict[str, Any]

    @property
    def transactions(self) -> list[Transaction]:
        """Those that were understood."""
        return [each for each in self.row if isinstance(each, Transaction)]

    def odd_one(self, seen: Transaction, problem: str) -> Odd:
        """One that was understood, and could not be recorded."""
        return Odd(seen.hash, json.dumps(self.raw[seen.hash], default=str), problem)


class ChainUnavailable(StoreUnavailable):
    """toncenter did not answer, or not so that it could be understood."""

    def __init__(self, problem: str) -> None:
        super().__init__("toncenter")
        self.problem = problem


class ChainPuzzling(Exception):
    """toncenter answered, and what it says cannot be understood: asked again it may well say the same."""


class ChainRefused(Exception):
    """toncenter understood and said no; asked again it says the same."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(f"{status}: {problem}")
        self.status = status


class Toncenter:
    """One a process.  Every method raises ChainUnavailable, after some tries, and ChainRefused."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str = "",
        per_s: float = 1.0,
        pause_s: float = FIRST_PAUSE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        headers = {"x-api-key": api_key} if api_key else {}
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"), headers=headers, timeout=REQUEST_TIMEOUT_S, verify=authorities()
        )
        self._interval_s = 1.0 / per_s
        self._pause_s = pause_s
        self._clock = clock
        self._next_at = 0.0

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The client of the settings' network; TONCENTER_URL names another server of the same interface."""
        return cls(
            settings.toncenter_url or URLS[settings.ton_network],
            api_key=settings.toncenter_api_key,
            per_s=settings.toncenter_per_s,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def transactions(self, account: str, *, start_lt: int, limit: int = LONGEST_PAGE) -> Page:
        """Transactions of a raw address with `lt >= start_lt`, oldest first, at most `limit`.

        What one of them says is checked by `parse`, each by itself; that the list is whole is not: see
        `workers/loops/ton_watcher.py`.
        """
        answer = await self.get(
            "/api/v3/transactions",
            {"account": account, "start_lt": str(start_lt), "sort": "asc", "limit": str(limit)},
        )
        elements = answer.get("transactions")
        if not isinstance(elements, list):
            raise ChainUnavailable("an answer that is no list of transactions")
        return _page(account, elements)

    async def public_key(self, account: str) -> bytes | None:
        """What `get_public_key` of a contract answers; None: there is no such contract or method."""
        try:
            answer = await self.run_get_method(account, "get_public_key")
        except ChainRefused:
            return None
        stack = answer.get("stack") or []
        if answer.get("exit_code") not in (0, 1) or len(stack) != 1 or stack[0].get("type") != "num":
            return None
        try:
            key = int(str(stack[0]["value"]), 0).to_bytes(32, "big")
        except (ValueError, OverflowError):
            return None
        return key if any(key) else None

    async def run_get_method(self, account: str, method: str, stack: list[Any] | None = None) -> dict[str, Any]:
        """`{"gas_used", "exit_code", "stack": [{"type", "value"}]}` of a contract's get method."""
        return await self.post("/api/v3/runGetMethod", {"address": account, "method": method, "stack": stack or []})

    async def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """One GET; repeated while that may help."""
        return await self._ask("GET", path, query=query)

    async def post(self, path: str, body: Mapping[str, Any], *, attempts: int = ATTEMPTS) -> dict[str, Any]:
        """One POST; repeated while that may help, so only what may be sent twice, unless `attempts` is 1."""
        return await self._ask("POST", path, body=body, attempts=attempts)

    async def _ask(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        attempts: int = ATTEMPTS,
    ) -> dict[str, Any]:
        pause_s, problem = self._pause_s, ""
        for attempt in range(attempts):
            if attempt:
                await asyncio.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - so that many do not knock at once
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            await self._turn()
            try:
                response = await self._http.request(verb, path, params=query, json=body)
            except httpx.HTTPError as error:
                problem = type(error).__name__  # its text may hold the address with a key in it
                continue
            if response.status_code in _WORTH_ANOTHER_TRY:
                problem = str(response.status_code)
                pause_s = max(pause_s, min(_seconds(response.headers.get("retry-after")), LONGEST_PAUSE_S))
                continue
            try:
                answer = response.json()
            except ValueError:
                problem = f"{response.status_code} without JSON"
                continue
            if response.is_success and isinstance(answer, dict):
                return answer
            error_text = answer.get("error", "") if isinstance(answer, dict) else ""
            raise ChainRefused(response.status_code, str(error_text)[:200])
        raise ChainUnavailable(problem)

    async def _turn(self) -> None:
        """Wait for this request's turn: toncenter counts them, whoever in this process asks."""
        now = self._clock()
        at = max(now, self._next_at)
        self._next_at = at + self._interval_s
        if at > now:
            await asyncio.sleep(at - now)


def _page(account: str, elements: list[Any]) -> Page:
    row: list[Transaction | Unread] = []
    odd: list[Odd] = []
    raw: dict[str, Any] = {}
    last_lt = 0
    for element in elements:
        understood, not_understood = sort_out([element], parse, named="hash")
        place = place_of(element)
        seen = understood[0] if understood else place
        # What is not final may still change: it is looked at again, and kept once it is.
        odd += [] if _may_still_change(element) else not_understood
        if seen is not None:
            last_lt = max(last_lt, seen.lt)
            if seen.account == account:
                row.append(seen)
                raw[seen.hash] = element
    return Page(sorted(row, key=lambda each: (each.lt, each.hash)), odd, last_lt, raw)


def _may_still_change(element: Any) -> bool:
    return isinstance(element, dict) and bool(element.get("emulated") or element.get("mc_block_seqno", 0) is None)


def _seconds(header: str | None) -> float:
    return float(header) if header and header.isdigit() else 0.0
