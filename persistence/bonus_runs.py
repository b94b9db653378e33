"""The bonus run through both stores: Redis counts, Postgres decides, and each receives what it has missed.

Owns the order of the two.  A run is made in Postgres and loaded into Redis by whoever needs it there, so a Redis that
lost it goes on from the last flush.  What Redis has is recorded forward only; where Postgres has decided otherwise,
its word is carried back.  Every step may be repeated by anybody.
Must never decide about a reward: the ledger's functions do.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from chance_tap.settings import Settings
from persistence.errors import ErrorCode, GameError, StoreUnavailable
from persistence.postgres import bonus
from persistence.postgres.acting import Actor
from persistence.postgres.bonus import Recorded, Report, Run
from persistence.postgres.pool import Database
from persistence.redis.bonus import LiveRun
from persistence.redis.store import RedisStore
from persistence.redis.user_events import BalanceChanged, BonusChanged

REWARD_USD: Final = 100


class BonusRuns:
    """Every method may raise StoreUnavailable and then be repeated."""

    def __init__(self, live: RedisStore, db: Database, settings: Settings) -> None:
        self._live = live
        self._db = db
        self._settings = settings

    async def start(self, user_id: int) -> Run:
        """Start a run, or return the one that runs.

        Raises:
            GameError: banned; conflict (the goal was reached before); forbidden (no budget, or not enough is left);
                rate_limited (a hundred runs in a day).
        """
        settings = self._settings
        now_ms = self._live.now_ms()
        status, run = await bonus.start(
            self._db,
            user_id,
            goal=settings.bonus_goal,
            reward=REWARD_USD * settings.bonus_stars_per_usd,
            budget=settings.bonus_budget_stars,
            started_ms=now_ms,
            ends_ms=now_ms + settings.bonus_s * 1000,
        )
        if status != "ok":
            raise GameError(ErrorCode(status))
        assert run is not None
        return await self.refresh(run)

    async def look(self, user_id: int) -> Run | None:
        """The latest run, with what Redis counted since it was recorded; None when there never was one."""
        run = await bonus.latest(self._db, user_id)
        return None if run is None else await self.refresh(run)

    async def glance(self, user_id: int) -> Run | None:
        """`look`, content with what was recorded last while Redis is away."""
        run = await bonus.latest(self._db, user_id)
        if run is None:
            return None
        try:
            return await self.refresh(run)
        except StoreUnavailable:
            return run

    async def cancel(self, user_id: int) -> Run:
        """End the run for its player; recorded before this returns.  May be repeated.

        Raises:
            GameError: not_found (there never was a run), conflict (it came to another end).
        """
        run = await bonus.latest(self._db, user_id)
        if run is None:
            raise GameError(ErrorCode.NOT_FOUND)
        if run.state == "running":
            await self.restore(run)
            # Redis first: from here on nobody can reach the goal of this run any more.
            _, live = await self._live.bonus.cancel(str(user_id), run.run_id)
            if live is None or live.state != "cancelled":
                raise GameError(ErrorCode.CONFLICT)  # it came to another end, which the worker records
            recorded = (await self.record([live])).get(run.run_id)
            if recorded is None:
                raise GameError(ErrorCode.NOT_FOUND)
            run = recorded.run
        if run.state != "cancelled":
            raise GameError(ErrorCode.CONFLICT)
        return run

    async def refresh(self, run: Run) -> Run:
        """The run as Redis has it, while it runs; it is loaded there if need be."""
        if run.state != "running":
            return run
        live = await self.restore(run)
        if live.run_id != run.run_id:
            return run
        return replace(
            run, taps=live.taps, seq=live.seq, last_tap_ms=live.stamp_ms, state=live.state, reason=live.reason
        )

    async def restore(self, run: Run) -> LiveRun:
        """Make Redis know at least what Postgres knows; what Redis has now."""
        return await self._live.bonus.start(
            LiveRun(
                user_id=str(run.user_id),
                run_id=run.run_id,
                state=run.state,
                taps=run.taps,
                seq=run.seq,
                stamp_ms=run.last_tap_ms,
                goal=run.goal,
                started_ms=run.started_ms,
                ends_ms=run.ends_ms,
                reason=run.reason,
                evidence=run.evidence or 0,
            )
        )

    async def record(self, seen: Sequence[LiveRun]) -> dict[int, Recorded]:
        """Record runs as they were read from Redis, reward those that reached the goal, notify their players, and let
        Redis know; what stands now, by run id.  A run that Postgres does not have is taken out of Redis."""
        if not seen:
            return {}
        recorded = await bonus.record(
            self._db,
            [
                Report(
                    run_id=live.run_id,
                    taps=live.taps,
                    seq=live.seq,
                    last_tap_ms=live.stamp_ms,
                    state=live.state,
                    reason=live.reason,
                    evidence=live.evidence or None,
                )
                for live in seen
            ],
            budget=self._settings.bonus_budget_stars,
            approval=self._settings.bonus_approval_stars,
        )
        await asyncio.gather(*(self._apply_decision(live, recorded.get(live.run_id)) for live in seen))
        return recorded

    async def review(self, run_id: int, *, approve: bool, by: Actor) -> tuple[str, Recorded | None]:
        """An operator's word on a held reward; see `bonus.review`."""
        status, recorded = await bonus.review(
            self._db, run_id, approve=approve, by=by, budget=self._settings.bonus_budget_stars
        )
        if status == "ok" and recorded is not None:
            self._publish(recorded)
            await self.restore(recorded.run)
        return status, recorded

    async def _apply_decision(self, live: LiveRun, recorded: Recorded | None) -> None:
        if recorded is not None:
            run = recorded.run
            if run.state != "running":
                self._publish(recorded)
            if run.state != live.state or run.taps > live.taps or run.seq > live.seq:
                restored = await self.restore(run)
                if run.state != "running" and restored.run_id == run.run_id:
                    live = restored  # nothing can happen to it any more
        await self._live.bonus.flushed(live, known=recorded is not None)

    def _publish(self, recorded: Recorded) -> None:
        """The end of a run, and the balance that its reward made."""
        run = recorded.run
        ended = BonusChanged(
            state=run.state,
            taps=run.taps,
            goal=run.goal,
            started_ms=run.started_ms,
            ends_ms=run.ends_ms,
            seq=run.seq,
            reason=run.reason,
        )
        self._live.user_events.publish(run.user_id, ended)
        if run.state == "rewarded":
            self._live.user_events.publish(run.user_id, BalanceChanged(recorded.balance))
