"""What the bonus tests share: players, the flow on both stores, and a worker whose rounds are made by hand."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
import pytest_asyncio

from chance_tap.settings import Settings
from persistence.bonus_runs import BonusRuns
from persistence.postgres import bonus, ledger
from persistence.postgres.audit import audit
from persistence.postgres.bonus import Recorded, Report, Run
from persistence.postgres.pool import Database
from persistence.redis.bonus import BonusFrame, TapsReply
from persistence.redis.codes import TapStatus
from persistence.redis.store import RedisStore
from persistence.vocabulary import BonusState
from tests.fixtures.accounts import new_player
from workers.loops.bonus_runs import BonusFlush

GOAL = 100
REWARD = 7700


@dataclass
class Books:
    """Runs in Postgres alone."""

    db: Database
    goal: int = GOAL
    reward: int = REWARD
    budget: int = 10 * REWARD
    approval: int = REWARD

    async def start(self, user_id: int, *, budget: int | None = None) -> tuple[str, Run | None]:
        return await bonus.start(
            self.db,
            user_id,
            goal=self.goal,
            reward=self.reward,
            budget=self.budget if budget is None else budget,
            started_ms=1_700_000_000_123,
            ends_ms=1_700_086_400_123,
        )

    async def running(self, user_id: int) -> Run:
        status, run = await self.start(user_id)
        assert status == "ok"
        assert run is not None
        return run

    async def report(self, run: Run, state: BonusState = "running", taps: int = 0, **more: int) -> Recorded:
        recorded = await self.record([report(run, state, taps, **more)])
        return recorded[run.run_id]

    async def record(self, reports: list[Report]) -> dict[int, Recorded]:
        return await bonus.record(self.db, reports, budget=self.budget, approval=self.approval)

    async def done(self, run: Run) -> Recorded:
        return await self.report(run, "done", self.goal)

    async def clean(self) -> None:
        assert await audit(self.db) == []


def report(
    run: Run, state: BonusState, taps: int, *, seq: int = 0, last_tap_ms: int = 0, evidence: int | None = None
) -> Report:
    reason = {"cancelled": "player"}.get(state) if evidence is None else "too_fast"
    return Report(
        run_id=run.run_id, taps=taps, seq=seq, last_tap_ms=last_tap_ms, state=state, reason=reason, evidence=evidence
    )


@pytest_asyncio.fixture
async def books(db: Database) -> Books:
    return Books(db)


@dataclass
class World:
    """Both stores, the flow on them and the worker's rounds."""

    settings: Settings
    live: RedisStore
    db: Database
    runs: BonusRuns = field(init=False)
    worker: BonusFlush = field(init=False)

    def __post_init__(self) -> None:
        self.runs = BonusRuns(self.live, self.db, self.settings)
        self.worker = BonusFlush(self.live, self.db, self.runs)

    def with_settings(self, **changes: int) -> "World":
        return World(replace(self.settings, **changes), self.live, self.db)  # type: ignore[arg-type]

    async def player(self) -> int:
        return await new_player(self.db)

    async def started(self) -> int:
        """A player whose run runs."""
        user_id = await self.player()
        assert (await self.runs.start(user_id)).state == "running"
        return user_id

    async def tap(self, user_id: int, count: int, seq: int = -1, *, ago_ms: int = 0) -> TapStatus | None:
        """In frames of 20 at most, of which the last has the number; None when Redis does not know the run."""
        done: asyncio.Future[TapsReply | Exception | None] = asyncio.get_running_loop().create_future()
        stamp_ms = self.live.now_ms() - ago_ms
        full, rest = divmod(count - 1, 20)
        frames = [*[BonusFrame(20, stamp_ms)] * full, BonusFrame(rest + 1, stamp_ms, seq)]
        self.live.bonus.taps(str(user_id), frames, done.set_result)
        reply = await done
        if reply is None:
            return None
        assert isinstance(reply, TapsReply)
        return TapStatus(reply.statuses[-1])

    async def balance(self, user_id: int) -> int:
        return await ledger.balance(self.db, user_id)

    async def stored(self, user_id: int) -> Run:
        """The run as Postgres has it."""
        run = await bonus.latest(self.db, user_id)
        assert run is not None
        return run

    async def seen(self, user_id: int) -> Run:
        """The run as its player sees it."""
        run = await self.runs.look(user_id)
        assert run is not None
        return run

    async def clean(self) -> None:
        assert await audit(self.db) == []


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """A goal that two frames reach."""
    return replace(settings, bonus_goal=40, bonus_s=3600)


@pytest_asyncio.fixture
async def world(quick: Settings, live: RedisStore, db: Database) -> AsyncIterator[World]:
    yield World(quick, live, db)
