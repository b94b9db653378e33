"""Leaderboards as they are read: sorted sets of Stars won, a copy of Postgres's sums.  Decides nothing.

All boards lie in one slot, so that one script raises a player's day, week and all-time sum together.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from persistence.redis import keys
from persistence.redis.router import Router
from persistence.redis.scripts import ScriptSet

ABANDONED_MS: Final = 30_000
"""A build of which nothing was heard for so long is given up, so that another one can begin."""

_COMPLETE: Final = b"complete"


class Sum(NamedTuple):
    """What a player has won, in Stars."""

    user_id: int
    won: int


class Sums(NamedTuple):
    """What a player has won by now in one day, in its week and of all time."""

    user_id: int
    day: int
    week: int
    all: int


class Own(NamedTuple):
    """One player's place; None without a win."""

    place: int | None
    won: int


class LeaderboardCommands:
    """Boards by name: `today:<date>`, `week:<Monday's date>`, `all`.  Every method raises StoreUnavailable when Redis
    does not answer."""

    def __init__(self, router: Router, scripts: ScriptSet) -> None:
        self._router = router
        self._scripts = scripts

    async def top(self, name: str, limit: int) -> list[Sum] | None:
        """The first players, those who won most first; None where there is no whole board."""
        at = keys.leaderboard(name)
        reply: list[bytes] = await self._router.call(at.slot, self._scripts["leaderboard_top"], (at.board,), limit)
        if reply[0] == b"missing":
            return None
        return [Sum(int(member), int(won)) for member, won in zip(reply[1::2], reply[2::2], strict=True)]

    async def own(self, name: str, user_id: int) -> Own | None:
        """A player's place; None where there is no whole board."""
        at = keys.leaderboard(name)
        reply = await self._router.call(at.slot, self._scripts["leaderboard_place"], (at.board,), _member(user_id))
        if reply[0] == b"missing":
            return None
        return Own(int(reply[1]) or None, int(reply[2]))

    async def cursor(self) -> int | None:
        """Up to when the boards hold everything, in microseconds of Postgres's clock; None: they are gone."""
        at = keys.leaderboard("all")
        text = await self._router.execute(at.slot, "GET", at.cursor)
        return None if text is None else int(text)

    async def missing(self, names: Sequence[str]) -> list[str]:
        """Which of these boards are not there as a whole."""
        boards = [keys.leaderboard(name) for name in names]
        found = await asyncio.gather(
            *(self._router.execute(at.slot, "ZSCORE", at.board, _COMPLETE) for at in boards),
        )
        return [name for name, score in zip(names, found, strict=True) if score is None]

    async def note(self, day: str, week: str, sums: Sequence[Sums]) -> None:
        """Raise these players' sums in the boards of a day, of its week and of all time, those being built included."""
        at, of_week, of_all = keys.leaderboard(day), keys.leaderboard(week), keys.leaderboard("all")
        words: list[int | bytes] = []
        for line in sums:
            words += (_member(line.user_id), line.day, line.week, line.all)
        await self._router.call(
            at.slot,
            self._scripts["leaderboard_note"],
            (at.board, at.building, of_week.board, of_week.building, of_all.board, of_all.building),
            *words,
        )

    async def move_cursor(self, seen: int, cursor: int) -> bool:
        """Set the cursor, if it still is what was seen."""
        at = keys.leaderboard("all")
        reply = await self._router.call(at.slot, self._scripts["leaderboard_cursor"], (at.cursor,), seen, cursor)
        return bool(reply[0] == b"ok")

    async def begin(self, name: str, token: str, cursor: int) -> bool:
        """Begin to build a board anew; `cursor` counts where there is none.  False: another builder is at it."""
        at = keys.leaderboard(name)
        reply = await self._build(
            "leaderboard_begin", (at.building, at.builder, at.cursor), token, cursor, ABANDONED_MS
        )
        return bool(reply[0] == b"ok")

    async def fill(self, name: str, token: str, step: int, sums: Sequence[tuple[int, int]]) -> bool:
        """Step `step`, from 1, of a build.  False: the build was abandoned, or Redis forgot a part of it."""
        at = keys.leaderboard(name)
        words: list[int | bytes] = []
        for user_id, won in sums:
            words += (_member(user_id), won)
        reply = await self._build("leaderboard_fill", (at.building, at.builder), token, step, ABANDONED_MS, *words)
        return bool(reply[0] == b"ok")

    async def swap(self, name: str, token: str, steps: int, ends_ms: int | None) -> int | None:
        """Put what was built in `steps` steps into the place of what is read, until `ends_ms`.

        Returns the players on it; None: the build was abandoned, or Redis forgot a part of it.
        """
        at = keys.leaderboard(name)
        reply = await self._build("leaderboard_swap", (at.board, at.building, at.builder), token, steps, ends_ms or 0)
        return int(reply[1]) if reply[0] == b"ok" else None

    async def _build(self, script: str, at: tuple[bytes, ...], *words: bytes | str | int) -> Sequence[Any]:
        reply: Sequence[Any] = await self._router.call(
            keys.slot_of(keys.LEADERBOARD_TAG), self._scripts[script], at, *words
        )
        return reply


def _member(user_id: int) -> bytes:
    """Of one length, so that players who won the same stand in the order of their numbers, as Postgres sorts them."""
    return b"%019d" % user_id
