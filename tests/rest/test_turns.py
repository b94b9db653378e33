"""Turns at passwords: a bounded queue that a flood of one network does not close to the others."""

import asyncio

import pytest

from gateway.auth import turns
from gateway.auth.turns import Turns
from persistence.errors import GameError


class Room:
    """A queue whose turns last until the test says so, and who got one."""

    def __init__(self, at_once: int = 1, usual_s: float = 0.001) -> None:
        self.turns = Turns(at_once, usual_s)
        self.had: list[str] = []
        self._done = asyncio.Event()
        self.tasks: list[asyncio.Task[str]] = []

    def come(self, network: str) -> asyncio.Task[str]:
        task = asyncio.create_task(self._have(network))
        self.tasks.append(task)
        return task

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def end(self) -> list[str]:
        self._done.set()
        return [str(answer) for answer in await asyncio.gather(*self.tasks, return_exceptions=True)]

    async def _have(self, network: str) -> str:
        async with self.turns.turn(network):
            self.had.append(network)
            await self._done.wait()
        return "had"


async def test_networks_take_turns() -> None:
    room = Room()
    for network in "aaaaabc":
        room.come(network)
    await room.settle()
    assert room.had == ["a"]
    assert await room.end() == ["had"] * 7
    assert "".join(room.had) == "aabcaaa"


async def test_in_a_full_queue_who_waits_most_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MAX_WAITING", 4)
    room = Room()
    for network in "aaaaaaa":
        room.come(network)
    await room.settle()
    refused = [task for task in room.tasks if task.done()]
    assert len(refused) == 2  # at once
    late = [room.come(network) for network in "bcb"]
    await room.settle()
    assert not any(task.done() for task in late[:2])
    answers = await room.end()
    assert answers.count("temporarily_unavailable") == 5
    assert sorted(room.had) == ["a", "a", "a", "b", "c"]


async def test_who_could_not_be_helped_in_time_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns that take half a second leave room for six in three seconds, and none for a seventh."""
    room = Room(usual_s=0.5)
    for _ in range(1 + 6):
        room.come("a")
    await room.settle()
    with pytest.raises(GameError, match="temporarily_unavailable"):
        room.turns.require_room("a")
    room.turns.require_room("b")
    with pytest.raises(GameError, match="temporarily_unavailable"):
        await room.come("a")
    room.tasks.pop()
    assert await room.end() == ["had"] * 7


async def test_who_leaves_the_queue_keeps_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MAX_WAITING", 4)
    room = Room(at_once=2)
    for network in "aabbcc":
        room.come(network)
    await room.settle()
    for task in room.tasks[2:5]:
        task.cancel()
    await room.settle()
    room.come("d")
    assert (await room.end()).count("had") == 4
    assert sorted(room.had) == ["a", "a", "c", "d"]
    assert (room.turns._free, room.turns._count) == (2, 0)


async def test_a_turn_given_to_who_is_gone_goes_on() -> None:
    room = Room()
    first, second, third = (room.come(network) for network in "abc")
    await room.settle()
    room._done.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the second has its turn from here on, and does not know it yet
    second.cancel()
    assert [await first, await third] == ["had", "had"]
    assert (room.turns._free, room.turns._count) == (1, 0)
