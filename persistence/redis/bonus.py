"""Typed calls of the bonus run's scripts, one each.  Decides nothing that a script decides."""

import asyncio
from collections.abc import Callable, Sequence
from struct import pack
from typing import NamedTuple

import hiredis
import msgspec

from persistence.redis import keys
from persistence.redis.connection import Refused, Reply
from persistence.redis.router import Router
from persistence.redis.scripts import ScriptSet
from persistence.vocabulary import BonusState


class BonusFrame(NamedTuple):
    """One frame as `bonus_taps` takes it; `seq` is -1 when the client sent none."""

    taps: int
    timestamp: int
    seq: int = -1


class LiveRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run as Redis has it.  `stamp_ms`: of the last tap that counted, 0 before it; `revision` counts its changes."""

    user_id: str
    run_id: int
    state: BonusState
    taps: int
    seq: int
    stamp_ms: int
    goal: int
    started_ms: int
    ends_ms: int
    reason: str | None = None
    evidence: int = 0
    revision: int = 0


class TapsReply(NamedTuple):
    """The run after the frames, and a TapStatus number for each of them."""

    run: LiveRun
    statuses: list[int]


TapsDone = Callable[[TapsReply | Exception | None], None]
"""Gets None when Redis does not know the run: it is to be loaded from Postgres."""


class BonusCommands:
    """Every method raises StoreUnavailable when the shard does not answer."""

    def __init__(self, router: Router, scripts: ScriptSet) -> None:
        self._router = router
        self._scripts = scripts

    async def start(self, known: LiveRun) -> LiveRun:
        """Load a run from what Postgres knows of it; what Redis has of the same run is kept where it is further on.

        The answer is the run that is there now: another one when the player has a newer run.
        """
        at = keys.bonus(known.user_id)
        reply = await self._router.call(
            at.slot,
            self._scripts["bonus_start"],
            at[1:],
            *(known.user_id, known.run_id, known.state, known.taps, known.seq, known.stamp_ms),
            *(known.goal, known.started_ms, known.ends_ms, known.reason or "", known.evidence),
        )
        return _run(known.user_id, reply)

    async def look(self, user_id: str) -> LiveRun | None:
        """The run as it is, expired if its time is over; None when Redis does not know one."""
        at = keys.bonus(user_id)
        reply = await self._router.call(at.slot, self._scripts["bonus_look"], at[1:], user_id)
        return None if reply[0] == b"not_found" else _run(user_id, reply)

    async def cancel(self, user_id: str, run_id: int) -> tuple[str, LiveRun | None]:
        """End a run for its player.  Codes: ok (also repeated), conflict (it came to another end), not_found."""
        at = keys.bonus(user_id)
        reply = await self._router.call(at.slot, self._scripts["bonus_cancel"], at[1:], user_id, run_id)
        return reply[0].decode(), _run(user_id, reply) if len(reply) > 1 else None

    def taps(self, user_id: str, frames: Sequence[BonusFrame], done: TapsDone) -> None:
        """Apply frames in their order.  A player's next call must wait for `done`: a redirection could turn two round,
        which would make the later frames duplicates."""
        at = keys.bonus(user_id)
        numbers = [number for frame in frames for number in frame]

        def answered(reply: Reply) -> None:
            if isinstance(reply, hiredis.ReplyError):
                done(Refused(str(reply)))
            elif isinstance(reply, Exception):
                done(reply)
            else:
                done(None if reply[0] == b"not_found" else TapsReply(_run(user_id, reply), reply[12]))

        words = (user_id, pack(f"<{len(numbers)}d", *numbers))
        self._router.run(at.slot, self._scripts["bonus_taps"], at[1:], words, answered)

    async def dirty(self, limit: int) -> list[str]:
        """Users whose runs Postgres has yet to hear of, `limit` a partition, the longest waiting first."""
        parts = [keys.bonus_partition(number) for number in range(keys.PARTITIONS)]
        replies = await asyncio.gather(
            *(self._router.execute(at.slot, "ZRANGE", at.dirty, 0, limit - 1) for at in parts)
        )
        return [user_id.decode() for reply in replies for user_id in reply]

    async def flushed(self, run: LiveRun, *, known: bool) -> bool:
        """Postgres has heard of this revision; `known` False: it has no such run, so Redis lets go of it too.

        False: the run has changed since, and will be flushed again.
        """
        at = keys.bonus(run.user_id)
        reply = await self._router.call(
            *(at.slot, self._scripts["bonus_flushed"], at[1:]),
            *(run.user_id, run.run_id, run.revision, int(known)),
        )
        return bool(reply[0] == b"ok")

    async def vanished(self, user_id: str) -> None:
        """Nothing is left to be flushed of a user whose run Redis does not know."""
        at = keys.bonus(user_id)
        await self._router.call(at.slot, self._scripts["bonus_flushed"], at[1:], user_id, 0, 0, 0)


def _run(user_id: str, reply: Reply) -> LiveRun:
    _, run_id, state, taps, seq, stamp, goal, started, ends, reason, evidence, revision, *_ = reply
    return LiveRun(
        user_id=user_id,
        run_id=run_id,
        state=state.decode(),
        taps=taps,
        seq=seq,
        stamp_ms=stamp,
        goal=goal,
        started_ms=started,
        ends_ms=ends,
        reason=reason.decode() or None,
        evidence=evidence,
        revision=revision,
    )
