"""Random commands, to the bonus scripts on a real server and to the model: they must agree in everything."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persistence.redis import keys
from persistence.redis.bonus import BonusFrame, LiveRun
from persistence.redis.store import RedisStore
from tests.bonus.model import Shelf
from tests.lua.clocked import NOON_MS, flush, open_clocked, set_clock

USER = "5"
GOALS = (60, 250, 10_000)
DAY_MS = 86_400_000

frame = st.tuples(
    st.sampled_from([1, 5, 12, 12, 20, 20, 20, 19, 0, 21, -3]),
    st.sampled_from([0, 0, 0, 0, -10, -150, -900, -1999, -2000, -2001, -6000, -12_000, -12_001, 1, 300, 2000, 2001]),
    st.sampled_from([-1, -1, -1, -1, 1, 2, 3, 4, 5, 6, 8, 9, 2**32]),
)
taps = st.tuples(st.just("taps"), st.lists(frame, min_size=1, max_size=6))
# A second between frames: the first in a window of 2 s is just out of it when the third comes.
play = st.tuples(st.just("play"), st.lists(st.sampled_from([20, 25, 25, 25, 26, 40]), min_size=2, max_size=8))
clock = st.tuples(st.just("clock"), st.sampled_from([0, 1, 40, 300, 600, 1000, 2000, 5000, -700, -20_000]))
edge = st.tuples(st.just("edge"), st.sampled_from([-1, 0, 1]))  # near the end of the run
started = st.tuples(st.just("start"), st.tuples(st.integers(0, 2), st.sampled_from([0, 0, 0, 10, 40, 60])))
decided = st.tuples(st.just("decide"), st.sampled_from(["cancelled", "expired", "rewarded"]))
plain = st.sampled_from(["look", "cancel", "read", "flushed", "unknown", "lose", "save", "rewind"])
command = st.one_of(taps, taps, play, play, clock, clock, edge, started, decided, st.tuples(plain, st.none()))


class Pair:
    """One player's run, here and there.  Odd run ids last 30 s, even ones a day."""

    def __init__(self, store: RedisStore, goal: int) -> None:
        self.store = store
        self.goal = goal
        self.shelf = Shelf()
        self.clock = NOON_MS
        self.read_: LiveRun | None = None
        self.saved: tuple[bytes, Shelf] | None = None
        self.at = keys.bonus(USER)

    def known(self, run_id: int, taps: int, state: Any = "running") -> LiveRun:
        """What Postgres says of a run."""
        starts = NOON_MS + run_id * 1000
        return LiveRun(
            user_id=USER,
            run_id=run_id,
            state=state,
            taps=min(taps, self.goal),
            seq=taps // 10,
            stamp_ms=starts + taps if taps else 0,
            goal=self.goal,
            started_ms=starts,
            ends_ms=starts + (30_000 if run_id % 2 else DAY_MS),
            reason={"cancelled": "refused"}.get(state),
        )

    async def run(self, word: str, value: Any) -> None:
        await getattr(self, word)(value)
        there = await self.store.router.execute(self.at.slot, "ZSCORE", self.at.dirty, USER)
        assert (there is not None) == self.shelf.dirty

    async def look(self, _value: None) -> None:
        live = await self.store.bonus.look(USER)
        self.shelf.look(self.clock)
        assert live == self.shelf.view(USER)

    async def start(self, value: tuple[int, int]) -> None:
        await self._start(self.known(*value))

    async def decide(self, state: str) -> None:
        if self.shelf.run is not None:
            taps = self.goal if state == "rewarded" else 0
            await self._start(self.known(self.shelf.run.run_id, taps, state))

    async def _start(self, known: LiveRun) -> None:
        live = await self.store.bonus.start(known)
        self.shelf.start(self.clock, known)
        assert live == self.shelf.view(USER)

    async def cancel(self, _value: None) -> None:
        run_id = 1 if self.shelf.run is None else self.shelf.run.run_id
        for wanted in (run_id + 1, run_id, run_id):
            code, live = await self.store.bonus.cancel(USER, wanted)
            assert code == self.shelf.cancel(self.clock, wanted)
            assert live == (None if code == "not_found" else self.shelf.view(USER))

    async def taps(self, items: list[tuple[int, int, int]]) -> None:
        frames = [BonusFrame(count, self.clock + offset, seq) for count, offset, seq in items]
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.store.bonus.taps(USER, frames, done.set_result)
        reply = await done
        statuses = self.shelf.tap(self.clock, frames)
        if statuses is None:
            assert reply is None
        else:
            assert (reply.statuses, reply.run) == (statuses, self.shelf.view(USER))

    async def play(self, counts: list[int]) -> None:
        for count in counts:
            await self.taps([(count // 2, 0, -1), (count - count // 2, 0, -1)])
            await self.step(1000)

    async def read(self, _value: None) -> None:
        """The worker reads what it will report."""
        self.read_ = await self.store.bonus.look(USER)
        self.shelf.look(self.clock)

    async def flushed(self, _value: None) -> None:
        await self._flushed(known=True)

    async def unknown(self, _value: None) -> None:
        await self._flushed(known=False)

    async def _flushed(self, *, known: bool) -> None:
        if self.read_ is not None:
            done = await self.store.bonus.flushed(self.read_, known=known)
            assert done == self.shelf.flushed(self.read_.run_id, self.read_.revision, known=known)

    async def lose(self, _value: None) -> None:
        """Redis is empty; the next to look finds that nothing is left to be flushed."""
        await self.store.router.execute(self.at.slot, "DEL", self.at.run)
        self.shelf = Shelf()
        await self.store.bonus.vanished(USER)

    async def save(self, _value: None) -> None:
        dump = await self.store.router.execute(self.at.slot, "DUMP", self.at.run)
        self.saved = None if dump is None else (dump, deepcopy(self.shelf))

    async def rewind(self, _value: None) -> None:
        """Redis comes back as it was."""
        if self.saved is None:
            return
        dump, shelf = self.saved
        await self.store.router.execute(self.at.slot, "RESTORE", self.at.run, 0, dump, "REPLACE")
        words = ("ZADD", self.at.dirty, 1, USER) if shelf.dirty else ("ZREM", self.at.dirty, USER)
        await self.store.router.execute(self.at.slot, *words)
        self.shelf = deepcopy(shelf)

    async def clock_(self, now_ms: int) -> None:
        self.clock = now_ms
        await set_clock(self.store, now_ms)

    async def edge(self, offset: int) -> None:
        if self.shelf.run is not None:
            await self.clock_(self.shelf.run.ends_ms + offset)

    async def step(self, offset: int) -> None:
        await self.clock_(self.clock + offset)


async def _example(store: RedisStore, goal: int, words: list[tuple[str, Any]]) -> None:
    await flush(store)
    await set_clock(store, NOON_MS)
    pair = Pair(store, goal)
    for word, value in [("start", (0, 0)), *words]:
        await pair.run("step" if word == "clock" else word, value)
    await pair.look(None)


@pytest.mark.on_cluster_too
def test_scripts_agree_with_the_model(redis_url: str, redis_kind: str) -> None:
    examples = 400 if redis_kind == "standalone" else 10

    with asyncio.Runner() as runner:
        store = runner.run(open_clocked(redis_url))

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(st.sampled_from(GOALS), st.lists(command, max_size=30))
        def agree(goal: int, words: list[tuple[str, Any]]) -> None:
            runner.run(_example(store, goal, words))

        test: Callable[[], None] = agree
        try:
            test()
        finally:
            runner.run(store.close())
