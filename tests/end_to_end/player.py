"""One person from the chat to the game: what the Mini App does, by the public protocol only."""

import asyncio
import time
import uuid
from typing import Any, Self

import httpx

from tests.fixtures.waiting import eventually
from tests.stand_ins.bot_api.people import Person
from tests.ws.client import Peer

API = "/api/v1"


class Player:
    """Logged in, with a socket that says hello."""

    def __init__(self, person: Person, http: httpx.AsyncClient, user: dict[str, Any]) -> None:
        self.person = person
        self.http = http
        self.user = user
        self.user_id = str(user["user_id"])
        self._socket: Peer | None = None

    @classmethod
    async def log_in(cls, person: Person, url: str) -> Self:
        http = httpx.AsyncClient(base_url=url + API, timeout=15)
        answer = await http.post("/auth/telegram", json={"init_data": person.init_data()})
        assert answer.status_code == 200, answer.text
        content = answer.json()
        http.headers["authorization"] = f"Bearer {content['token']}"
        player = cls(person, http, content["user"])
        await player.open_app()
        return player

    async def open_app(self) -> None:
        """A socket that says hello: the bot leaves in peace whoever has one."""
        self._socket = await Peer.open(self.http.base_url.port or 0, f"{API}/ws")
        await self.socket.send({"type": "hello", "token": self.http.headers["authorization"].split()[1]})
        await self.socket.next("welcome")

    def close_app(self) -> None:
        self.socket.abort()

    async def close(self) -> None:
        self.close_app()
        await self.http.aclose()

    @property
    def socket(self) -> Peer:
        assert self._socket is not None
        return self._socket

    async def get(self, path: str) -> dict[str, Any]:
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        return content

    async def send(self, method: str, path: str, body: dict[str, Any] | None = None, *, status: int = 200) -> Any:
        answer = await self.http.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, body: dict[str, Any], *, status: int = 200, key: str | None = None) -> Any:
        headers = {"idempotency-key": key or str(uuid.uuid4())}
        answer = await self.http.post(path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def balance(self) -> int:
        return int((await self.get("/me"))["balance"])

    async def order(self, stars: int) -> dict[str, Any]:
        """A payment in Stars, with its invoice link."""
        payment: dict[str, Any] = (await self.post("/payments/stars", {"stars": stars}))["payment"]
        return payment

    async def withdrawal(self) -> dict[str, Any]:
        """The latest one."""
        found: dict[str, Any] = (await self.get("/withdrawals"))["withdrawals"][0]
        return found

    async def withdrawal_reaches(self, state: str) -> None:
        """The worker looks every few seconds, and tells nobody that it did."""

        async def reached() -> bool:
            return bool((await self.withdrawal())["state"] == state)

        await eventually(f"the withdrawal is {state}", reached)

    async def play(self, room_id: str, taps: int) -> dict[str, Any]:
        """Follow the room, tap so often once it runs, and wait for the result: the `settled` frame."""
        await self.taps(room_id, taps)
        return await self.socket.next("settled")

    async def taps(self, room_id: str, taps: int) -> None:
        """Follow the room and tap so often once it runs, until the taps are counted."""
        await self.socket.send({"type": "enter", "room_id": room_id})
        snapshot = await self.socket.next("snapshot")
        offset_ms = snapshot["server_time_ms"] - time.monotonic() * 1000
        if snapshot["room"]["state"] != "playing":
            await self.socket.next("started")
        await asyncio.sleep(0.3)  # a stamp lies in the game
        stamp = int(time.monotonic() * 1000 + offset_ms)
        await self.socket.send(
            {"type": "taps", "user_id": self.user_id, "count": taps, "timestamp": stamp, "seq": 1, "room_id": room_id}
        )
        while self.user_id not in (await self.socket.next("progress"))["taps"]:
            pass
