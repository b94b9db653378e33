"""Frames on their way to the script that judges them.  Owns their order; must never change or drop one."""

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from struct import pack
from typing import Final

import hiredis

from persistence.errors import StoreUnavailable
from persistence.redis import keys
from persistence.redis.codes import TapFrame
from persistence.redis.connection import Refused, Reply
from persistence.redis.router import Router
from persistence.redis.scripts import Script

TapsDone = Callable[[list[int] | Exception], None]

MAX_FRAMES_A_CALL: Final = 500
_mark: Final = itemgetter(4)


class TapLanes:
    """A lane a room: one call is in flight at a time; what comes meanwhile follows in one.  So no redirection can turn
    the order of a player's frames round, which would make the later one a duplicate.  What follows goes to the server
    that the last caller means; who meant another one is answered with StoreUnavailable."""

    def __init__(self, router: Router, script: Script) -> None:
        self._router = router
        self._script = script
        self._lanes: dict[str, list[tuple[list[TapFrame], TapsDone, str | None]]] = {}

    def send(self, room_id: str, frames: list[TapFrame], done: TapsDone, origin: str | None = None) -> None:
        """Apply frames in their order; `done` gets a TapStatus number for each, or the error.  `origin` as `run`'s."""
        lane = self._lanes.get(room_id)
        if lane is None:
            self._lanes[room_id] = []
            self._call(room_id, frames, done, origin)
        elif sum(len(waiting) for waiting, _, _ in lane) + len(frames) > MAX_FRAMES_A_CALL:
            done(StoreUnavailable("redis"))
        else:
            lane.append((frames, done, origin))

    def _call(self, room_id: str, frames: list[TapFrame], done: TapsDone, origin: str | None) -> None:
        at = keys.room(room_id)
        numbers: list[int] = []
        for frame in frames:
            numbers += frame[1:4]
        marks = bytes(map(_mark, frames))
        self._router.run(
            at.slot,
            self._script,
            (at.data, at.due, at.results, at.heartbeat, at.log),
            (
                room_id,
                at.channel,
                pack(f"<{len(numbers)}d", *numbers),
                marks if any(marks) else b"",
                *(f"p:{frame[0]}" for frame in frames),
            ),
            partial(self._answered, room_id, done),
            origin,
        )

    def _answered(self, room_id: str, done: TapsDone, reply: Reply) -> None:
        lane = self._lanes.pop(room_id)
        if lane:
            self._lanes[room_id] = []
            origin = lane[-1][2]
            present = [(waiting, each) for waiting, each, meant in lane if meant == origin]
            frames = [frame for waiting, _ in present for frame in waiting]
            self._call(
                room_id, frames, partial(_share_out, [(len(waiting), each) for waiting, each in present]), origin
            )
            for _, each, meant in lane:
                if meant != origin:
                    each(StoreUnavailable("redis"))
        done(Refused(str(reply)) if isinstance(reply, hiredis.ReplyError) else reply)


def _share_out(parts: list[tuple[int, TapsDone]], reply: list[int] | Exception) -> None:
    """Give each of several waiting callers its part of one answer."""
    start = 0
    for length, done in parts:
        done(reply if isinstance(reply, Exception) else reply[start : start + length])
        start += length
