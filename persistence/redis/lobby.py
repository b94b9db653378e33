"""A stake's lobby: tickets to free seats and the counts on the home screen.  A hint; the room's script decides."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from persistence.redis import keys
from persistence.redis.connection import ignore_reply
from persistence.redis.router import Router
from persistence.redis.scripts import ScriptSet


class LobbyRoom(NamedTuple):
    """What a lobby has to know about a room; `revision` orders the reports."""

    room_id: str
    revision: int
    free: int
    paid: int
    state: str


class LobbyCommands:
    """Every method raises StoreUnavailable when Redis does not answer."""

    def __init__(self, router: Router, scripts: ScriptSet) -> None:
        self._router = router
        self._ticket = scripts["lobby_ticket"]
        self._report = scripts["lobby_report"]
        self._rebuild = scripts["lobby_rebuild"]

    async def ticket(self, stake: int, candidate_room_id: str, capacity: int) -> str:
        """The room to try next; `candidate_room_id` where no other has a seat to give away."""
        at = keys.lobby(stake)
        reply: list[bytes] = await self._router.call(at.slot, self._ticket, at[1:], candidate_room_id, capacity)
        return reply[0].decode()

    def report(self, stake: int, room: LobbyRoom, tickets_used: int = 0) -> None:
        """Pass a room's word on, without waiting: a lost one is made good by the next, or by `rebuild`."""
        at = keys.lobby(stake)
        self._router.run(at.slot, self._report, at[1:], (*room, tickets_used), ignore_reply)

    async def counts(self, stakes: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Players (waiting, playing) of each stake."""
        requests = []
        for stake in stakes:
            at = keys.lobby(stake)
            requests.append(self._router.execute(at.slot, "HMGET", at.rooms, "#waiting", "#playing"))
        replies = await asyncio.gather(*requests)
        return {
            stake: (int(waiting or 0), int(playing or 0))
            for stake, (waiting, playing) in zip(stakes, replies, strict=True)
        }

    async def rebuild(self, stake: int, rooms: Iterable[LobbyRoom]) -> int:
        """Bring a lobby in line with all rooms of its stake.  Returns how many it had to forget."""
        at = keys.lobby(stake)
        words = [word for room in rooms for word in room]
        reply: list[int] = await self._router.call(at.slot, self._rebuild, at[1:], *words)
        return reply[1]
