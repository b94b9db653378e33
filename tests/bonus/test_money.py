"""Bonus runs in Postgres: started once, recorded forward only, rewarded once an account and within the budget."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from persistence.postgres import bonus, ledger
from persistence.postgres.audit import audit
from persistence.postgres.bonus import Run
from persistence.postgres.pool import Database, Role
from tests.bonus.conftest import GOAL, REWARD, Books, report
from tests.fixtures.accounts import new_player

Execute = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def execute(database_url: str) -> Execute:
    """A statement as the superuser; `damage` switches triggers and checks of references off."""

    def execute(query: str, *parameters: object, damage: bool = False) -> list[tuple[Any, ...]]:
        with psycopg.connect(database_url, autocommit=True) as connection:
            if damage:
                connection.execute("SET session_replication_role = replica")
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    return execute


async def test_a_run_has_the_terms_of_its_start(books: Books, db: Database) -> None:
    user_id = await new_player(db)
    assert await bonus.latest(db, user_id) is None
    run = await books.running(user_id)
    assert (run.state, run.goal, run.taps, run.seq, run.reward) == ("running", GOAL, 0, 0, REWARD)
    assert (run.started_ms, run.ends_ms) == (1_700_000_000_123, 1_700_086_400_123)
    assert await bonus.latest(db, user_id) == run


async def test_started_again_it_is_the_same_run(books: Books, db: Database) -> None:
    user_id = await new_player(db)
    first = await books.running(user_id)
    assert await books.running(user_id) == first
    many = await asyncio.gather(*(books.running(user_id) for _ in range(20)))
    assert set(many) == {first}


async def test_started_from_many_sides_at_once_there_is_one(books: Books, db: Database) -> None:
    user_id = await new_player(db)
    assert len({run.run_id for run in await asyncio.gather(*(books.running(user_id) for _ in range(20)))}) == 1


async def test_after_a_cancelled_run_comes_one_with_a_higher_number(books: Books, db: Database) -> None:
    user_id = await new_player(db)
    first = await books.running(user_id)
    assert (await books.report(first, "cancelled", 30)).run.reason == "player"
    second = await books.running(user_id)
    assert second.run_id > first.run_id
    assert second.taps == 0


async def test_who_is_banned_starts_nothing(books: Books, db: Database, execute: Execute) -> None:
    user_id = await new_player(db)
    execute("UPDATE auth.users SET banned_at = now()")
    assert await books.start(user_id) == ("banned", None)


async def test_off_or_with_too_little_left_nothing_starts(books: Books, db: Database) -> None:
    one, two = await new_player(db), await new_player(db)
    assert await books.start(one, budget=0) == ("forbidden", None)
    assert await books.start(one, budget=REWARD - 1) == ("forbidden", None)
    books.budget = REWARD
    await books.done(await books.running(one))
    assert await books.start(two) == ("forbidden", None)
    assert (await books.start(two, budget=2 * REWARD))[0] == "ok"


async def test_one_that_runs_is_found_though_the_budget_is_spent(books: Books, db: Database) -> None:
    one, two = await new_player(db), await new_player(db)
    books.budget = REWARD
    mine, other = await books.running(one), await books.running(two)
    await books.done(other)
    assert await books.running(one) == mine


async def test_nobody_starts_for_another(db: Database) -> None:
    one, two = await new_player(db), await new_player(db)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await db.call(Role.PLAYER, one, f"SELECT game.start_bonus({two}, 1, 1, 1, 0, 1)")


async def test_reports_are_taken_forward_only(books: Books, db: Database) -> None:
    run = await books.running(await new_player(db))
    for taps, seq, last, stands in (
        (20, 2, 1_700_000_001_000, (20, 2, 1_700_000_001_000)),
        (10, 1, 1_700_000_000_500, (20, 2, 1_700_000_001_000)),
        (20, 2, 1_700_000_001_000, (20, 2, 1_700_000_001_000)),
        (30, 1, 0, (30, 2, 1_700_000_001_000)),
        (30, 9, 1_700_000_002_000, (30, 9, 1_700_000_002_000)),
    ):
        now = (await books.report(run, taps=taps, seq=seq, last_tap_ms=last)).run
        assert (now.taps, now.seq, now.last_tap_ms) == stands
    for state in ("expired", "running", "cancelled", "done"):
        now = (await books.report(run, state, GOAL if state == "done" else 40)).run
        assert (now.state, now.taps) == ("expired", 40)
    await books.clean()


async def test_a_cheat_is_kept_with_its_evidence(books: Books, db: Database) -> None:
    run = await books.running(await new_player(db))
    now = (await books.report(run, "cancelled", 50, evidence=61)).run
    assert (now.state, now.reason, now.evidence) == ("cancelled", "too_fast", 61)


async def test_a_run_nobody_knows_is_told_by_its_absence(books: Books, db: Database) -> None:
    run = await books.running(await new_player(db))
    ghost = report(run, "running", 5)
    recorded = await books.record([report(run, "running", 7), bonus.Report(**{**_fields(ghost), "run_id": 10**6})])
    assert list(recorded) == [run.run_id]


def _fields(value: bonus.Report) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


async def test_the_goal_pays_once_however_often_it_is_reported(books: Books, db: Database) -> None:
    user_id = await new_player(db)
    run = await books.running(user_id)
    reached = await asyncio.gather(*(books.done(run) for _ in range(10)))
    assert {(each.run.state, each.balance) for each in reached} == {("rewarded", REWARD)}
    assert (await books.report(run, "rewarded", GOAL)).run.state == "rewarded"
    assert await ledger.balance(db, user_id) == REWARD
    [line] = await ledger.statement(db, user_id, None, 10)
    assert (line.kind, line.amount) == ("bonus", REWARD)
    assert await books.start(user_id) == ("conflict", reached[0].run)
    await books.clean()


async def test_a_report_of_a_reward_is_one_of_the_goal(books: Books, db: Database) -> None:
    """Redis may have the word from a decision that Postgres lost."""
    run = await books.running(await new_player(db))
    assert (await books.report(run, "rewarded", GOAL)).run.state == "rewarded"
    await books.clean()


async def test_racing_finishers_never_exceed_the_budget(books: Books, db: Database) -> None:
    books.budget = 3 * REWARD + REWARD - 1
    players = [await new_player(db) for _ in range(12)]
    runs = [await books.running(user_id) for user_id in players]
    batches = [runs[n : n + 3] for n in range(0, 12, 3)]
    await asyncio.gather(
        *(books.record([report(run, "done", GOAL) for run in batch]) for batch in batches),
        *(books.done(run) for run in runs[::2]),
    )
    ends = [await books.done(run) for run in runs]
    assert sorted(each.run.state for each in ends) == ["done"] * 9 + ["rewarded"] * 3
    assert {each.run.held for each in ends} == {None, "budget"}
    assert sum(each.balance for each in ends) == 3 * REWARD
    assert {(await books.start(user_id))[0] for user_id in players} == {"conflict"}
    await books.clean()


async def test_many_at_once_in_one_statement(books: Books, db: Database) -> None:
    books.budget = 1000 * REWARD
    runs = [await books.running(await new_player(db)) for _ in range(30)]
    recorded = await books.record(
        [report(run, "done" if n % 3 == 0 else "running", GOAL if n % 3 == 0 else n) for n, run in enumerate(runs)]
    )
    assert [recorded[run.run_id].run.taps for run in runs] == [GOAL if n % 3 == 0 else n for n in range(30)]
    assert sum(each.balance for each in recorded.values()) == 10 * REWARD
    await books.clean()


async def held(books: Books, db: Database) -> Run:
    books.approval = REWARD - 1
    run = (await books.done(await books.running(await new_player(db)))).run
    assert (run.state, run.held) == ("done", "approval")
    assert await ledger.balance(db, run.user_id) == 0
    return run


async def decide(books: Books, run: Run, *, approve: bool, budget: int | None = None) -> tuple[str, Run]:
    status, recorded = await bonus.review(
        books.db, run.run_id, approve=approve, by="Olga", budget=books.budget if budget is None else budget
    )
    assert recorded is not None
    return status, recorded.run


async def test_above_the_limit_an_operator_approves(books: Books, db: Database) -> None:
    run = await held(books, db)
    assert (await books.done(run)).run == run
    assert [each.run_id for each in await bonus.listed(db, held=True, limit=10)] == [run.run_id]
    await books.clean()
    for _ in range(2):
        status, paid = await decide(books, run, approve=True)
        assert (status, paid.state, paid.held, paid.review, paid.reviewed_by) == (
            *("ok", "rewarded", None, "approved", "postgres (Olga)"),
        )
        assert paid.reviewed_ms is not None
    assert await ledger.balance(db, run.user_id) == REWARD
    assert (await decide(books, run, approve=False))[0] == "conflict"
    assert await bonus.listed(db, held=True, limit=10) == []
    await books.clean()


async def test_a_refused_reward_is_free_for_others_and_its_player_had_the_one_try(books: Books, db: Database) -> None:
    books.budget = REWARD
    run = await held(books, db)
    other = await new_player(db)
    assert (await books.start(other))[0] == "forbidden"
    for _ in range(2):
        status, refused = await decide(books, run, approve=False)
        assert (status, refused.state, refused.reason) == ("ok", "cancelled", "refused")
    assert (await decide(books, run, approve=True))[0] == "conflict"
    assert (await books.start(run.user_id))[0] == "conflict"
    assert (await books.start(other))[0] == "ok"
    await books.clean()


async def test_two_operators_at_once_pay_once(books: Books, db: Database) -> None:
    run = await held(books, db)
    words = await asyncio.gather(*(decide(books, run, approve=n % 2 == 0) for n in range(8)))
    assert sorted(status for status, _ in words) == ["conflict"] * 4 + ["ok"] * 4
    assert await ledger.balance(db, run.user_id) in (0, REWARD)
    await books.clean()


async def test_what_did_not_fit_is_paid_when_the_budget_is_raised(books: Books, db: Database) -> None:
    books.budget = REWARD
    first, second = await books.running(await new_player(db)), await books.running(await new_player(db))
    await books.done(first)
    late = (await books.done(second)).run
    assert (late.state, late.held, late.promised) == ("done", "budget", None)
    assert (await decide(books, late, approve=True))[0] == "over_budget"
    await books.clean()
    status, paid = await decide(books, late, approve=True, budget=2 * REWARD)
    assert (status, paid.state, paid.promised, paid.budget) == ("ok", "rewarded", 2 * REWARD, 2 * REWARD)
    await books.clean()


async def test_the_reward_of_a_banned_player_waits(books: Books, db: Database, execute: Execute) -> None:
    run = await books.running(await new_player(db))
    execute("UPDATE auth.users SET banned_at = now()")
    assert (await books.done(run)).run.held == "banned"
    assert (await decide(books, run, approve=True))[0] == "banned"
    execute("UPDATE auth.users SET banned_at = NULL")
    assert (await decide(books, run, approve=True))[0] == "ok"
    await books.clean()


async def test_a_review_of_nothing(books: Books, db: Database) -> None:
    running = await books.running(await new_player(db))
    assert (await decide(books, running, approve=True))[0] == "conflict"
    assert await bonus.review(db, 10**6, approve=True, by="Olga", budget=1) == ("not_found", None)


async def test_late_runs_are_found(books: Books, db: Database) -> None:
    run = await books.running(await new_player(db))
    assert await bonus.due(db, run.ends_ms - 1, 10) == []
    assert await bonus.due(db, run.ends_ms, 10) == [run]
    await books.report(run, "expired")
    assert await bonus.due(db, run.ends_ms, 10) == []


DAMAGE = {
    "bonus_account_differs": "UPDATE ledger.entries SET amount = amount - 1 WHERE amount < 0",
    "bonus_budget_differs": "UPDATE game.bonus_budget SET promised = promised + 1",
    "bonus_over_budget": "UPDATE game.bonus_runs SET budget = promised - 1 WHERE state = 'rewarded'",
    "bonus_not_once": "UPDATE game.bonus_runs SET user_id = (SELECT min(user_id) FROM game.bonus_runs)",
    "bonus_not_paid": "UPDATE ledger.transfers SET key = 'x' WHERE key = 'bonus:1'",
}


@pytest.mark.parametrize("rule", DAMAGE)
async def test_the_audit_finds_damage(books: Books, db: Database, execute: Execute, rule: str) -> None:
    for _ in range(2):
        await books.done(await books.running(await new_player(db)))
    await books.running(await new_player(db))
    await books.clean()
    execute("DROP INDEX game.bonus_reached_once")
    execute("ALTER TABLE game.bonus_runs DROP CONSTRAINT bonus_within_budget")
    execute(DAMAGE[rule], damage=True)
    assert rule in {finding.rule for finding in await audit(db)}
