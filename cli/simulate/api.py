"""The REST interface as a virtual player uses it: log in, join, leave, look.

Owns retries of what is safe to repeat.  Raises `ApiError` for every other refusal, with the protocol's code.
"""

import asyncio
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from cli.simulate.identity import Identity, init_data

_TRIES = 12
_JOINS = frozenset({"/rooms/join", "/rooms/join-by-key"})
_AGAIN = frozenset({"temporarily_unavailable", "rate_limited", "idempotency_in_progress"})


class ApiError(Exception):
    """A refusal; `code` is the protocol's, or `unreachable` when no answer came after all tries."""

    def __init__(self, status: int, code: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.details = details or {}


@dataclass(slots=True)
class Account:
    """A logged-in player; `room_id` is the room the player was bound to at login."""

    who: Identity
    user_id: str
    token: str
    balance: int
    room_id: str | None


class Api:
    """One client for all virtual players of a process; `join_s` are the times that joins took."""

    def __init__(self, url: str, bot_token: str, *, connections: int = 32) -> None:
        self._base = url.rstrip("/") + "/api/v1"
        self.socket_url = "ws" + self._base.removeprefix("http") + "/ws"
        self._bot_token = bot_token
        self.join_s: list[float] = []
        # The client's own pool looks through all that wait at every change; so few are let in.
        self._gate = asyncio.Semaphore(connections)
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(15.0, pool=None), limits=httpx.Limits(max_connections=connections)
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def log_in(self, who: Identity) -> Account:
        """Sign in as the Mini App does."""
        answer = await self._call("POST", "/auth/telegram", body={"init_data": init_data(who, self._bot_token)})
        user = answer["user"]
        return Account(who, user["user_id"], answer["token"], user["balance"], user["room_id"])

    async def join(self, account: Account, stake: int, once: str | None = None) -> dict[str, Any]:
        """Pay for a seat; one Idempotency-Key for all tries, so it is paid once.  `once` repeats an earlier call."""
        return await self._room("POST", "/rooms/join", account, {"stake": stake}, _once(once))

    async def create_room(self, account: Account, fee: int, once: str | None = None) -> dict[str, Any]:
        """Make a hero room; one Idempotency-Key for all tries, so there is one."""
        return await self._room("POST", "/rooms", account, {"fee": fee}, _once(once))

    async def room_by_key(self, account: Account, key: str) -> dict[str, Any]:
        """What the hero room with this key costs."""
        return await self._call("GET", "/rooms/by-key/" + quote(key, safe=""), account)

    async def join_by_key(self, account: Account, key: str, once: str | None = None) -> dict[str, Any]:
        """Pay the fee of a hero room."""
        return await self._room("POST", "/rooms/join-by-key", account, {"key": key}, _once(once))

    async def start(self, account: Account, room_id: str) -> dict[str, Any]:
        """Start one's own hero room."""
        return await self._room("POST", f"/rooms/{room_id}/start", account)

    async def leave(self, account: Account, room_id: str) -> int:
        """Give the seat back; the balance after it."""
        return int((await self._call("POST", f"/rooms/{room_id}/leave", account))["balance"])

    async def room(self, account: Account, room_id: str) -> dict[str, Any]:
        return await self._room("GET", f"/rooms/{room_id}", account)

    async def me(self, account: Account) -> dict[str, Any]:
        return await self._call("GET", "/me", account)

    async def tiers(self, account: Account) -> list[dict[str, Any]]:
        tiers = (await self._call("GET", "/tiers", account))["tiers"]
        assert isinstance(tiers, list)
        return tiers

    async def _room(
        self,
        method: str,
        path: str,
        account: Account,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        room = (await self._call(method, path, account, body, headers))["room"]
        assert isinstance(room, dict)
        return room

    async def _call(
        self,
        method: str,
        path: str,
        account: Account | None = None,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        renewed = False
        refusal = ApiError(0, "unreachable")
        for attempt in range(_TRIES):
            sent = dict(headers or {})
            if account is not None:
                sent["Authorization"] = f"Bearer {account.token}"
            if body is not None:
                sent["Content-Type"] = "application/json"
            try:
                async with self._gate:
                    began = time.monotonic()
                    answer = await self._http.request(
                        method, self._base + path, content=None if body is None else orjson.dumps(body), headers=sent
                    )
                    if path in _JOINS:
                        self.join_s.append(time.monotonic() - began)
            except httpx.TransportError:
                await asyncio.sleep(min(0.2 * 2**attempt, 2.0))
                continue
            if answer.status_code == 200:
                content = orjson.loads(answer.content)
                assert isinstance(content, dict)
                return content
            refusal = _refusal(answer)
            if refusal.code == "token_expired" and account is not None and not renewed:
                renewed = True
                account.token = (await self.log_in(account.who)).token
            elif refusal.code in _AGAIN:
                await asyncio.sleep(min(float(answer.headers.get("Retry-After", 0.3)), 5.0))
            else:
                raise refusal
        raise refusal


def _once(name: str | None) -> dict[str, str]:
    return {"Idempotency-Key": name or str(uuid.uuid4())}


def _refusal(answer: httpx.Response) -> ApiError:
    try:
        content = orjson.loads(answer.content)
        return ApiError(answer.status_code, str(content["code"]), content.get("details"))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return ApiError(answer.status_code, "unreadable_answer")
