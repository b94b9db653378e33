"""Every crash point of start, cancel and flush: the process is killed there, then the retry and the worker's next round
put everything right, and nobody is rewarded twice."""

import itertools

import pytest

from tests.bonus.conftest import REWARD, World
from tests.fixtures.crash import Crashes


async def test_start(world: World, crashes: Crashes) -> None:
    players = []
    for at in itertools.count(1):
        players.append(await world.player())
        if not await crashes.dies("start_bonus", at, world.settings, players[-1]):
            break
    assert at > 2
    for user_id in players:
        found = await world.seen(user_id)
        assert await world.runs.start(user_id) == found
        assert await world.tap(user_id, 5, 1) is not None
        assert (await world.seen(user_id)).taps == 5


@pytest.mark.parametrize("worker_first", [True, False], ids=["worker first", "retry first"])
async def test_cancel(world: World, crashes: Crashes, worker_first: bool) -> None:
    players = []
    for at in itertools.count(1):
        players.append(await world.started())
        await world.tap(players[-1], 20, 1)
        if not await crashes.dies("cancel_bonus", at, world.settings, players[-1]):
            break
    assert at > 4
    if worker_first:
        await world.worker.round()
    for user_id in players:
        run = await world.runs.cancel(user_id)
        assert (run.state, run.reason, run.taps) == ("cancelled", "player", 20)
    await world.worker.round()
    assert await world.live.bonus.dirty(100) == []
    await world.clean()


async def test_flush(world: World, crashes: Crashes) -> None:
    done, running = [], []
    for at in itertools.count(1):
        done.append(await world.started())
        running.append(await world.started())
        await world.tap(done[-1], 40, 1)
        await world.tap(running[-1], 20, 1)
        if not await crashes.dies("flush_bonus", at, world.settings):
            break
        if at % 2:
            await world.tap(running[-1], 1, 2)
        await world.worker.round()
    assert at > 8
    await world.worker.round()
    for user_id in done:
        assert (await world.seen(user_id)).state == "rewarded"
        assert await world.balance(user_id) == REWARD
    assert {(await world.stored(user_id)).taps for user_id in running} == {20, 21}
    assert await world.live.bonus.dirty(100) == []
    await world.clean()
