"""Who watches has limits of its own, an age, and an alarm: on failure, and on silence."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chance_tap.settings import Settings
from cli.commands.doctor import _watches
from persistence import watches
from persistence.errors import StoreUnavailable
from persistence.postgres.audit import audit
from persistence.postgres.pool import Database, Role
from persistence.postgres.watches import Watch, listed, note
from tests.fixtures.postgres import Execute
from tests.rooms.conftest import World
from workers import jobs
from workers.loops import runner
from workers.loops.watches import WatchLoop


async def watch(db: Database, name: str = watches.AUDIT) -> Watch:
    (found,) = [each for each in await listed(db) if each.name == name]
    return found


def gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"chance_tap_{name}", labels)


@contextmanager
def held_up(settings: Settings) -> Iterator[None]:
    """Nobody can read the ledger meanwhile: every look at it runs into its time limit."""
    with psycopg.connect(settings.database_url) as holder:
        holder.execute("LOCK TABLE ledger.entries IN ACCESS EXCLUSIVE MODE")
        yield


async def test_the_audit_has_a_time_limit_of_its_own(world: World) -> None:
    quick = await Database.open(world.settings.database_url, statement_timeout_s=0.001)
    try:
        with pytest.raises(StoreUnavailable):
            await quick.call(Role.SETTLER, None, "SELECT pg_sleep(0.05)")
        assert await audit(quick) == []
    finally:
        await quick.close()


async def test_an_audit_that_cannot_run_is_an_alarm_and_then_it_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = WatchLoop(world.db, world.settings)
    context: dict[Any, Any] = {"live": world.live, "db": world.db}
    await loop.round()
    assert str(gauge("audit_findings")) == "nan"  # zero would say that all is well

    async def impatient(_: Any, db: Database) -> Any:
        return await audit(db, limit_s=0.05)

    with monkeypatch.context() as patch, held_up(world.settings), capture_logs() as logs:
        patch.setattr(jobs, "audit", impatient)
        with pytest.raises(StoreUnavailable):
            await jobs.audit_ledger(context)
        for _ in range(3):
            await loop.round()
    failed = await watch(world.db)
    assert (failed.failures, failed.succeeded_at, failed.error is not None) == (1, None, True)
    assert gauge("watch_failures", watch="audit") == 1
    assert [(line["watch"], line["alert"]) for line in logs if line["log_level"] == "error"] == [("audit", True)]

    with capture_logs() as logs:
        await jobs.audit_ledger(context)
        await loop.round()
    well = await watch(world.db)
    assert (well.failures, well.findings, well.age_s < 60) == (0, 0, True)
    assert (gauge("watch_failures", watch="audit"), gauge("audit_findings")) == (0, 0)
    assert [line["event"] for line in logs] == ["watch is back"]


async def test_silence_is_an_alarm_too(world: World, execute: Execute) -> None:
    loop = WatchLoop(world.db, world.settings)
    await loop.round()
    assert gauge("watch_overdue", watch="audit") == 0
    execute("UPDATE game.watches SET since = now() - interval '1 day' WHERE name = 'audit'")
    with capture_logs() as logs:
        for _ in range(3):
            await loop.round()
    assert [(line["watch"], line["problem"]) for line in logs] == [("audit", "never came to its end, 24.0 h by now")]
    assert gauge("watch_overdue", watch="audit") == 1
    (finding,) = watches.overdue(await listed(world.db), world.settings)
    assert (finding.rule, finding.subject) == ("watch_overdue", "audit")
    checks = {each.name: each.todo for each in await _watches(world.settings)}
    assert "24.0 h" in checks["watch audit"]
    assert checks["watch leaderboards"] == ""


async def test_one_round_that_fails_is_no_alarm(world: World, execute: Execute) -> None:
    """A store fails over: the next round is made a second later."""
    loop = WatchLoop(world.db, world.settings)
    await loop.round()
    await note(world.db, "leaderboards", error="StoreUnavailable: redis")
    with capture_logs() as logs:
        await loop.round()
        assert logs == []
        execute("UPDATE game.watches SET since = now() - interval '1 hour' WHERE name = 'leaderboards'")
        await loop.round()
    assert [line["watch"] for line in logs] == ["leaderboards"]


async def test_what_is_not_expected_is_no_alarm(world: World, execute: Execute) -> None:
    """A chain that was read once, and is no longer used."""
    execute("INSERT INTO game.watches (name, since) VALUES ('chain-reconciliation', now() - interval '1 year')")
    with capture_logs() as logs:
        await WatchLoop(world.db, world.settings).round()
    assert logs == []


async def test_every_loop_says_when_it_last_came_through(world: World) -> None:
    stop, rounds = asyncio.Event(), 0

    async def sometimes() -> float:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            stop.set()
            raise StoreUnavailable("postgres")
        return 0.0

    looked = watches.looking(world.db, "leaderboards", sometimes)
    await runner.repeat("watched", looked, stop)
    assert (gauge("worker_loop_success_timestamp_seconds", loop="watched") or 0) > 0
    seen = await watch(world.db, "leaderboards")
    assert (seen.failures, seen.succeeded_at is not None) == (1, True)
