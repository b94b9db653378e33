"""A bonus run on the whole stack, by a client that knows the public API only, while its gateway and the worker die."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from chance_tap.settings import DEVELOPMENT_BOT_TOKEN
from cli.simulate.api import Account, Api
from cli.simulate.identity import identity
from gateway.live.endpoint import PATH
from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.bonus.conftest import REWARD
from tests.fixtures.stack import Stack
from tests.fixtures.waiting import eventually
from tests.ws.client import Peer, hang_up

__all__ = ["hang_up"]

GOAL = 120


class Tapper:
    """What the protocol asks of a client: it numbers its frames and keeps each until a state's `seq` has passed it."""

    def __init__(self, stack: Stack, account: Account) -> None:
        self.stack = stack
        self.account = account
        self.unacknowledged: dict[int, dict[str, Any]] = {}
        self.state: dict[str, Any] = {}
        self.balance: int | None = None
        self._offset_ms = 0.0
        self._peer: Peer | None = None
        self._seq = 0

    async def rest(self, method: str, path: str, gateway: int = 0) -> dict[str, Any]:
        async with httpx.AsyncClient() as client:
            url = f"{self.stack.urls[gateway]}/api/v1{path}"
            answer = await client.request(method, url, headers={"authorization": f"Bearer {self.account.token}"})
            assert answer.status_code == 200, answer.text
            content: dict[str, Any] = answer.json()
            return content

    async def connect(self, gateway: int) -> None:
        """Say hello, ask for the run, and send again what it does not know."""
        self._peer = await Peer.open(urlsplit(self.stack.urls[gateway]).port or 0, PATH)
        await self._peer.send({"type": "hello", "token": self.account.token})
        welcome = await self._peer.next("welcome")
        self._offset_ms = welcome["server_time_ms"] - time.monotonic() * 1000
        self._learn((await self.rest("GET", "/bonus", gateway))["bonus"])
        for frame in list(self.unacknowledged.values()):
            await self._peer.send(frame)

    async def tap(self, count: int) -> None:
        assert self._peer is not None
        self._seq += 1
        stamp = int(time.monotonic() * 1000 + self._offset_ms)
        frame = {"type": "bonus_taps", "count": count, "timestamp": stamp, "seq": self._seq}
        self.unacknowledged[self._seq] = frame
        await self._peer.send(frame)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Read until then; a refusal is a failure."""
        while not reached():
            assert self._peer is not None
            message = await self._peer.next()
            assert message["type"] != "error", message
            if message["type"] == "bonus":
                self._learn(message)
            elif message["type"] == "balance":
                self.balance = message["balance"]

    def cut(self) -> None:
        assert self._peer is not None
        self._peer.abort()

    def _learn(self, state: dict[str, Any]) -> None:
        self.state = state
        self._seq = max(self._seq, state["seq"])
        self.unacknowledged = {seq: frame for seq, frame in self.unacknowledged.items() if seq > state["seq"]}


def kill(stack: Stack, name: str) -> None:
    part = stack.parts[name]
    os.kill(part.pid, signal.SIGKILL)
    part.stop()


@pytest.mark.parametrize("held", [False, True], ids=["paid at once", "held"])
async def test_a_run_outlives_its_gateway_and_the_worker(
    make_stack: Callable[..., Stack], db: Database, held: bool
) -> None:
    stack = make_stack(gateways=2, BONUS_GOAL=str(GOAL), BONUS_APPROVAL_STARS="0" if held else str(REWARD))
    api = Api(stack.url, DEVELOPMENT_BOT_TOKEN)
    tapper = Tapper(stack, await api.log_in(identity(1)))
    await api.close()
    started = (await tapper.rest("POST", "/bonus"))["bonus"]
    assert (started["state"], started["goal"]) == ("running", GOAL)
    assert (await tapper.rest("POST", "/bonus", gateway=1))["bonus"] == started

    await tapper.connect(0)
    for _ in range(4):
        await tapper.tap(10)
    await tapper.until(lambda: tapper.state["taps"] == 40)
    # Sent, perhaps counted, never acknowledged: the gateway dies, and the player goes to the other one.
    await tapper.tap(10)
    tapper.cut()
    kill(stack, "gateway-0")
    await tapper.connect(1)
    await tapper.until(lambda: not tapper.unacknowledged)
    assert tapper.state["taps"] == 50
    assert (await tapper.rest("GET", "/me", 1))["bonus"]["taps"] == 50

    kill(stack, "worker")
    for _ in range(2):
        await asyncio.sleep(2.05)  # the rules allow 50 taps in 2 s
        for count in (20, 10, 5):
            await tapper.tap(count)
    await tapper.until(lambda: bool(tapper.state["state"] == "done"))
    assert tapper.state["taps"] == GOAL
    stack.run("worker", ["worker"])
    if held:

        async def is_held() -> bool:
            return bool((await tapper.rest("GET", "/bonus", 1))["bonus"]["held"])

        await eventually("the reward is held", is_held)
        assert (await tapper.rest("GET", "/me", 1))["balance"] == 1000
    else:
        await tapper.until(lambda: tapper.balance is not None)
        assert tapper.balance == 1000 + REWARD
        assert tapper.state["state"] == "rewarded"
        me = await tapper.rest("GET", "/me", 1)
        assert (me["balance"], me["bonus"]) == (1000 + REWARD, None)
    assert await audit(db) == []
    assert stack.errors() == []
