"""The run through both stores: who cancels, who finishes, who is late, and what becomes of it when a store forgets."""

import asyncio
from collections.abc import Callable

import pytest

from persistence.bonus_runs import BonusRuns
from persistence.errors import ErrorCode, GameError
from persistence.postgres import bonus
from persistence.redis import keys
from persistence.redis.codes import TapStatus
from persistence.redis.user_events import BalanceChanged, BonusChanged
from tests.bonus.conftest import REWARD, World
from tests.fixtures.user_events import Ear

OK, DUPLICATE, CLOSED = TapStatus.OK, TapStatus.DUPLICATE, TapStatus.ROOM_CLOSED


async def refused(call: "asyncio.Future[object] | object") -> ErrorCode:
    with pytest.raises(GameError) as caught:
        await call  # type: ignore[misc]
    return caught.value.code


async def test_taps_are_seen_at_once_and_recorded_behind(world: World) -> None:
    user_id = await world.started()
    assert await world.tap(user_id, 20, 1) is OK
    assert ((await world.seen(user_id)).taps, (await world.stored(user_id)).taps) == (20, 0)
    await world.worker.round()
    stored = await world.stored(user_id)
    assert (stored.taps, stored.seq) == (20, 1)
    assert stored.last_tap_ms > stored.started_ms - 1000
    assert await world.live.bonus.dirty(10) == []


async def test_the_goal_is_reached_exactly_and_rewarded(world: World, ear: Ear) -> None:
    user_id = await world.started()
    assert await world.tap(user_id, 30, 1) is OK
    assert await world.tap(user_id, 20, 2) is OK
    seen = await world.seen(user_id)
    assert (seen.taps, seen.state) == (40, "done")
    assert await world.tap(user_id, 5, 3) is CLOSED
    assert await world.tap(user_id, 20, 2) is DUPLICATE
    await world.worker.round()
    run = await world.seen(user_id)
    assert run.state == "rewarded"
    ended = BonusChanged(
        state="rewarded", taps=40, goal=40, started_ms=run.started_ms, ends_ms=run.ends_ms, seq=run.seq, reason=None
    )
    assert await ear.next(2) == [(str(user_id), ended), (str(user_id), BalanceChanged(REWARD))]
    assert await world.balance(user_id) == REWARD
    live = await world.live.bonus.look(str(user_id))
    assert live is not None
    assert live.state == "rewarded"
    assert await refused(world.runs.start(user_id)) is ErrorCode.CONFLICT
    await world.clean()


async def test_started_twice_and_from_many_sides_it_is_one_run(world: World) -> None:
    user_id = await world.player()
    runs = await asyncio.gather(*(world.runs.start(user_id) for _ in range(10)))
    assert len({run.run_id for run in runs}) == 1
    await world.tap(user_id, 20, 1)
    assert ((await world.runs.start(user_id)).taps, (await world.runs.start(user_id)).seq) == (20, 1)


async def test_cancelled_twice_and_started_anew(world: World) -> None:
    user_id = await world.player()
    assert await refused(world.runs.cancel(user_id)) is ErrorCode.NOT_FOUND
    first = await world.runs.start(user_id)
    await world.tap(user_id, 20, 1)
    cancelled = await asyncio.gather(*(world.runs.cancel(user_id) for _ in range(5)))
    assert {(run.state, run.reason, run.taps) for run in cancelled} == {("cancelled", "player", 20)}
    assert await world.runs.cancel(user_id) == cancelled[0]
    assert await world.tap(user_id, 5, 2) is CLOSED
    second = await world.runs.start(user_id)
    assert (second.run_id > first.run_id, second.taps, second.seq) == (True, 0, 0)
    assert await world.tap(user_id, 5, 1) is OK


async def test_too_fast_ends_it_and_the_evidence_is_kept(world: World) -> None:
    world = world.with_settings(bonus_goal=1000)
    user_id = await world.started()
    assert await world.tap(user_id, 50, 1) is OK
    assert await world.tap(user_id, 1, 2) is TapStatus.BLOCKED
    assert await world.tap(user_id, 1, 3) is TapStatus.FORBIDDEN
    await world.worker.round()
    run = await world.stored(user_id)
    assert (run.state, run.reason, run.evidence, run.taps) == ("cancelled", "too_fast", 51, 50)
    assert (await world.runs.start(user_id)).state == "running"


async def test_finished_and_cancelled_at_once_it_is_one_of_them(world: World) -> None:
    world = world.with_settings(bonus_budget_stars=10**9)
    outcomes = set()
    for turn in range(50):
        user_id = await world.started()
        await world.tap(user_id, 39, 1)

        async def cancel(user_id: int = user_id) -> str:
            try:
                return (await world.runs.cancel(user_id)).state
            except GameError as error:
                return error.code.value

        async def finish(user_id: int = user_id, turns: int = turn % 10) -> TapStatus | None:
            for _ in range(turns):  # as many round trips later
                await world.live.bonus.look(str(user_id))
            return await world.tap(user_id, 1, 2)

        answer, tap, _, _ = await asyncio.gather(cancel(), finish(), world.worker.round(), world.worker.round())
        await world.worker.round()
        run = await world.stored(user_id)
        expected = ("conflict", OK, "rewarded", REWARD) if tap is OK else ("cancelled", CLOSED, "cancelled", 0)
        assert (answer, tap, run.state, await world.balance(user_id)) == expected
        outcomes.add(run.state)
    assert outcomes == {"cancelled", "rewarded"}
    await world.clean()


async def test_it_expires_by_the_clock_of_redis(world: World) -> None:
    world = world.with_settings(bonus_s=1)
    user_id = await world.started()
    assert await world.tap(user_id, 20, 1) is OK
    ends_ms = (await world.stored(user_id)).ends_ms
    at = keys.bonus(str(user_id))
    while True:
        seconds, micros = await world.live.router.execute(at.slot, "TIME")
        if int(seconds) * 1000 + int(micros) // 1000 >= ends_ms:
            break
    assert await world.tap(user_id, 20, 2) is CLOSED
    assert (await world.seen(user_id)).state == "expired"
    await world.worker.round()
    run = await world.stored(user_id)
    assert (run.state, run.taps) == ("expired", 20)
    assert await refused(world.runs.cancel(user_id)) is ErrorCode.CONFLICT
    assert (await world.runs.start(user_id)).taps == 0


async def late(world: World, user_id: int) -> None:
    """Postgres takes the run for over."""
    run = await world.stored(user_id)
    await asyncio.sleep(max(0, run.ends_ms - world.live.now_ms() + 1) / 1000)


async def test_a_late_run_that_nobody_looks_at_expires_by_the_worker(world: World, flush: Callable[[], None]) -> None:
    world = world.with_settings(bonus_s=1)
    lost, kept = await world.started(), await world.started()
    await world.tap(lost, 20, 1)
    await world.tap(kept, 20, 1)
    await world.worker.round()
    await late(world, kept)
    at = keys.bonus(str(lost))
    await world.live.router.execute(at.slot, "DEL", at.run)
    await world.worker.round()
    for user_id in (lost, kept):
        run = await world.stored(user_id)
        assert (run.state, run.taps) == ("expired", 20)


async def test_redis_has_the_final_word_on_a_late_run(world: World) -> None:
    """The goal was reached in time; Postgres only heard of it late."""
    world = world.with_settings(bonus_s=1)
    user_id = await world.started()
    await world.tap(user_id, 20, 1)
    await world.tap(user_id, 20, 2)
    at = keys.bonus(str(user_id))
    await world.live.router.execute(at.slot, "DEL", at.dirty)
    await late(world, user_id)
    await world.worker.round()
    assert (await world.stored(user_id)).state == "rewarded"
    await world.clean()


async def test_a_lost_redis_goes_on_from_the_last_flush(world: World, flush: Callable[[], None]) -> None:
    user_id = await world.started()
    await world.tap(user_id, 10, 1)
    await world.worker.round()
    await world.tap(user_id, 10, 2)
    flush()
    assert await world.tap(user_id, 10, 3) is None
    seen = await world.seen(user_id)
    assert (seen.taps, seen.seq) == (10, 1)
    # The client sends again what is above the state's seq.
    assert await world.tap(user_id, 10, 2) is OK
    assert await world.tap(user_id, 10, 3) is OK
    assert await world.tap(user_id, 10, 1) is DUPLICATE
    await world.worker.round()
    assert (await world.stored(user_id)).taps == 30


async def test_a_redis_set_back_is_brought_forward(world: World) -> None:
    user_id = await world.started()
    at = keys.bonus(str(user_id))
    await world.tap(user_id, 10, 1)
    dump = await world.live.router.execute(at.slot, "DUMP", at.run)
    await world.tap(user_id, 10, 2)
    await world.worker.round()
    await world.live.router.execute(at.slot, "RESTORE", at.run, 0, dump, "REPLACE")
    assert ((await world.seen(user_id)).taps, (await world.seen(user_id)).seq) == (20, 2)

    await world.live.router.execute(at.slot, "RESTORE", at.run, 0, dump, "REPLACE")
    assert await world.tap(user_id, 1, 3) is OK
    await world.worker.round()
    assert ((await world.stored(user_id)).taps, (await world.seen(user_id)).taps) == (20, 20)


@pytest.mark.parametrize("end", ["cancelled", "rewarded"])
async def test_what_postgres_decided_is_carried_to_a_redis_set_back(world: World, end: str) -> None:
    user_id = await world.started()
    at = keys.bonus(str(user_id))
    await world.tap(user_id, 30, 1)
    dump = await world.live.router.execute(at.slot, "DUMP", at.run)
    if end == "rewarded":
        await world.tap(user_id, 10, 2)
        await world.worker.round()
    else:
        await world.runs.cancel(user_id)
    await world.live.router.execute(at.slot, "RESTORE", at.run, 0, dump, "REPLACE")
    assert (await world.seen(user_id)).state == end
    assert await world.tap(user_id, 10, 3) is OK  # nobody has told Redis yet; the goal is reached there once more
    await world.worker.round()
    await world.worker.round()
    assert (await world.stored(user_id)).state == end
    assert await world.balance(user_id) == (REWARD if end == "rewarded" else 0)
    live = await world.live.bonus.look(str(user_id))
    assert live is not None
    assert live.state == end
    assert await world.live.bonus.dirty(10) == []
    await world.clean()


async def test_two_workers_at_once(world: World) -> None:
    players = [await world.started() for _ in range(20)]
    for user_id in players:
        await world.tap(user_id, 40, 1)
    await asyncio.gather(*(world.worker.round() for _ in range(4)))
    assert {await world.balance(user_id) for user_id in players} == {REWARD}
    assert await world.live.bonus.dirty(100) == []
    await world.clean()


async def test_a_change_while_it_is_flushed_is_flushed_again(world: World) -> None:
    user_id = await world.started()
    await world.tap(user_id, 10, 1)
    seen = await world.live.bonus.look(str(user_id))
    assert seen is not None
    await world.tap(user_id, 10, 2)
    assert await world.live.bonus.flushed(seen, known=True) is False
    assert await world.live.bonus.dirty(10) == [str(user_id)]
    await world.worker.round()
    assert (await world.stored(user_id)).taps == 20


async def test_a_run_that_postgres_lost_leaves_redis(world: World) -> None:
    user_id = await world.started()
    await world.tap(user_id, 10, 1)
    live = await world.live.bonus.look(str(user_id))
    assert live is not None
    at = keys.bonus(str(user_id))
    await world.live.router.execute(at.slot, "HSET", at.run, "run", live.run_id + 1000)
    await world.worker.round()
    assert await world.live.bonus.look(str(user_id)) is None
    assert await world.live.bonus.dirty(10) == []
    assert (await world.seen(user_id)).state == "running"


async def test_one_that_cannot_be_recorded_holds_up_nobody(world: World) -> None:
    bad, good = await world.started(), await world.started()
    for user_id in (bad, good):
        await world.tap(user_id, 10, 1)
    at = keys.bonus(str(bad))
    await world.live.router.execute(at.slot, "HSET", at.run, "state", "done")  # without its taps: Postgres refuses
    await world.worker.round()
    assert ((await world.stored(good)).taps, (await world.stored(bad)).state) == (10, "running")
    assert await world.live.bonus.dirty(10) == [str(bad)]


async def test_a_held_reward_is_reviewed_and_redis_hears_of_it(world: World) -> None:
    strict = world.with_settings(bonus_approval_stars=0)
    user_id = await strict.started()
    await strict.tap(user_id, 40, 1)
    await strict.worker.round()
    run = await strict.seen(user_id)
    assert (run.state, run.held) == ("done", "approval")
    status, _ = await strict.runs.review(run.run_id, approve=False, by="Olga")
    assert status == "ok"
    live = await strict.live.bonus.look(str(user_id))
    assert live is not None
    assert (live.state, live.reason) == ("cancelled", "refused")
    await strict.clean()


async def test_off_nothing_starts(world: World) -> None:
    off = BonusRuns(world.live, world.db, world.with_settings(bonus_budget_stars=0).settings)
    user_id = await world.player()
    assert await refused(off.start(user_id)) is ErrorCode.FORBIDDEN
    assert await off.look(user_id) is None
    assert await bonus.latest(world.db, user_id) is None
