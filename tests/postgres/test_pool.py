"""The pool: what a caller hears when Postgres stops, hangs or refuses, and that it comes back by itself.

The server is stopped and started in the main thread: it ends with the thread that started it.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest

from cli.embedded.postgres import EmbeddedPostgres
from persistence.errors import StoreUnavailable
from persistence.postgres import pool
from persistence.postgres.pool import CommitUnknown, Database, Role
from tests.fixtures.waiting import eventually

ONE = "SELECT 1"


@pytest.fixture
async def hasty(database_url: str) -> AsyncIterator[Database]:
    """A pool of one connection that has little patience with a statement."""
    database = await Database.open(database_url, max_size=1, name="test", statement_timeout_s=0.4)
    yield database
    await database.close()


async def works(db: Database) -> bool:
    try:
        return await db.call(Role.SETTLER, None, ONE) == (1,)
    except StoreUnavailable:
        return False


async def test_a_connection_that_died_idle_is_not_noticed_by_the_caller(db: Database, database_url: str) -> None:
    await db.call(Role.SETTLER, None, ONE)
    with psycopg.connect(database_url) as connection:
        killed = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert killed

    assert await db.call(Role.SETTLER, None, ONE) == (1,)


async def test_calls_go_on_after_a_restart(db: Database, postgres_server: EmbeddedPostgres) -> None:
    await db.call(Role.SETTLER, None, ONE)

    postgres_server.restart()

    await eventually("Postgres serves again", lambda: works(db))


async def test_while_it_is_away_callers_are_refused_and_then_served(
    db: Database, postgres_server: EmbeddedPostgres
) -> None:
    await db.call(Role.SETTLER, None, ONE)
    postgres_server.kill()

    await eventually("calls are refused", lambda: is_refused(db))

    postgres_server.start()
    await eventually("Postgres serves again", lambda: works(db))


async def is_refused(db: Database) -> bool:
    """Whether nothing is sent any more: the sessions of a killed server live on until they notice."""
    try:
        await db.call(Role.SETTLER, None, ONE)
    except CommitUnknown:
        return False
    except StoreUnavailable:
        return True
    return False


async def test_losing_the_connection_in_the_middle_is_unknown(
    db: Database, postgres_server: EmbeddedPostgres, database_url: str
) -> None:
    call = asyncio.create_task(db.call(Role.SETTLER, None, "SELECT pg_sleep(60)"))
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%;SELECT pg_sleep(60)'"

        async def killed() -> bool:
            return await (await connection.execute(kill)).fetchone() is not None

        await eventually("the call's session is there to be ended", killed)

    with pytest.raises(CommitUnknown):
        await call
    assert await works(db)


async def test_a_server_that_stopped_answering_is_given_up(hasty: Database, database_url: str) -> None:
    row = await hasty.one(Role.SETTLER, None, "SELECT pg_backend_pid()")
    os.kill(row[0], signal.SIGSTOP)
    try:
        with pytest.raises(CommitUnknown):
            await hasty.call(Role.SETTLER, None, ONE)
        await eventually("Postgres serves again", lambda: works(hasty))
    finally:
        os.kill(row[0], signal.SIGCONT)


async def test_a_statement_that_takes_too_long_took_no_effect(hasty: Database) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        await hasty.call(Role.SETTLER, None, "SELECT pg_sleep(5)")
    assert not isinstance(refused.value, CommitUnknown)
    assert await works(hasty)


async def test_a_wrong_statement_harms_nobody_else(hasty: Database) -> None:
    for _ in range(3):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await hasty.call(Role.SETTLER, None, "SELECT 1 / 0")
        with pytest.raises(psycopg.errors.SyntaxError):
            await hasty.call(Role.SETTLER, None, "SELEKT")
        assert await works(hasty)


async def test_a_call_is_all_or_nothing(db: Database, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.marks (n int); GRANT INSERT ON public.marks TO ct_player")
        with pytest.raises(psycopg.errors.DivisionByZero):
            await db.call(Role.PLAYER, None, "INSERT INTO public.marks SELECT 1 / (2 - n) FROM generate_series(1, 2) n")
        assert connection.execute("SELECT count(*) FROM public.marks").fetchone() == (0,)
        await db.call(Role.PLAYER, None, "INSERT INTO public.marks VALUES (1)")
        assert connection.execute("SELECT count(*) FROM public.marks").fetchone() == (1,)


@pytest.mark.parametrize(("failures", "served"), [(3, True), (4, False)])
async def test_what_the_server_undid_is_done_again(
    db: Database, database_url: str, failures: int, served: bool
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE public.tries")
        connection.execute(
            "CREATE FUNCTION game.flaky(failures int) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$"
            " DECLARE n bigint := nextval('public.tries'); BEGIN"
            " IF n <= failures THEN RAISE EXCEPTION 'again' USING ERRCODE = 'deadlock_detected'; END IF;"
            " RETURN n; END $$;"
            " GRANT EXECUTE ON FUNCTION game.flaky(int) TO ct_settler"
        )
    call = db.call(Role.SETTLER, None, "SELECT game.flaky(%(failures)s)", {"failures": failures})
    if served:
        assert await call == (failures + 1,)
    else:
        with pytest.raises(StoreUnavailable):
            await call


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE public.users; --",
        "\\'; SELECT 1; --",
        "%s %(n)s %%",
        "$1 $$ $a$",
        "\\x41\\u0041\n\t",
        "ёжик🦔",
        "",
    ],
)
async def test_values_arrive_as_they_are(db: Database, text: str) -> None:
    row = await db.call(
        Role.SETTLER,
        None,
        "SELECT %(text)s::text, %(bytes)s::bytea, %(list)s::text[], %(none)s::text, %(number)s::bigint,"
        " %(real)s::float8",
        {
            "text": text,
            "bytes": text.encode() + bytes(range(256)),
            "list": [text, "{,}"],
            "none": None,
            "number": -(2**62),
            "real": 0.1,
        },
    )
    assert row == (text, text.encode() + bytes(range(256)), [text, "{,}"], None, -(2**62), 0.1)


async def test_what_postgres_cannot_keep_is_refused_before_it_is_sent(db: Database) -> None:
    with pytest.raises(psycopg.DataError):
        await db.call(Role.SETTLER, None, "SELECT %(text)s::text", {"text": "a\0b"})
    assert await works(db)


async def test_many_tasks_share_few_connections(db: Database) -> None:
    answers = await asyncio.gather(
        *(db.call(Role.PLAYER, n, "SELECT auth.claim(), %(n)s::bigint", {"n": n}) for n in range(1, 201))
    )
    assert answers == [(n, n) for n in range(1, 201)]


async def test_a_caller_that_gives_up_leaves_a_sound_pool(hasty: Database) -> None:
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await hasty.call(Role.SETTLER, None, "SELECT pg_sleep(0.3)")
    assert await works(hasty)


async def test_no_caller_gets_the_reply_of_one_that_gave_up(hasty: Database) -> None:
    """The one connection is still busy with what the first caller asked."""
    first = asyncio.create_task(hasty.call(Role.SETTLER, None, "SELECT pg_sleep(0.2), 'first'"))
    second = asyncio.create_task(hasty.call(Role.SETTLER, None, "SELECT 'second'"))
    await asyncio.sleep(0)
    first.cancel()

    assert await second == ("second",)
    with pytest.raises(asyncio.CancelledError):
        await first


@pytest.mark.parametrize("seed", range(3))
async def test_a_storm_of_callers_that_give_up(database_url: str, seed: int) -> None:
    """Given up in the queue, while asking, at the very moment of the reply: whoever stays gets its own reply."""
    chance = random.Random(seed)
    database = await Database.open(database_url, max_size=3, name="test")
    loop = asyncio.get_running_loop()
    try:
        query = "SELECT auth.claim(), %(n)s::bigint, pg_sleep(%(pause_s)s)"
        tasks = []
        for n in range(1, 301):
            values = {"n": n, "pause_s": chance.choice([0, 0, 0.001])}
            tasks.append(asyncio.create_task(database.call(Role.PLAYER, n, query, values)))
            if chance.random() < 0.5:
                loop.call_later(chance.uniform(0, 0.2), tasks[-1].cancel)
            if chance.random() < 0.2:
                await asyncio.sleep(0)
        replies = await asyncio.gather(*tasks, return_exceptions=True)
        for n, reply in enumerate(replies, 1):
            assert isinstance(reply, asyncio.CancelledError) or reply == (n, n, "")
        assert any(isinstance(reply, asyncio.CancelledError) for reply in replies)
        again = await asyncio.gather(
            *(database.call(Role.PLAYER, n, query, {"n": n, "pause_s": 0}) for n in range(1, 10))
        )
        assert again == [(n, n, "") for n in range(1, 10)]
    finally:
        await database.close()


async def test_what_is_larger_than_the_sockets_buffers(db: Database) -> None:
    text = "ёж" * 4_000_000

    async with asyncio.timeout(60):
        assert await db.call(Role.SETTLER, None, "SELECT %(text)s::text", {"text": text}) == (text,)
        rows = await db.rows(Role.SETTLER, None, "SELECT n, repeat('x', 100) FROM generate_series(1, 50000) AS n")
    assert [row[0] for row in rows] == list(range(1, 50001))


async def test_rows_of_every_kind_we_keep(db: Database) -> None:
    row = await db.one(
        Role.SETTLER,
        None,
        "SELECT true, 'a'::name, 7::smallint, 1.5::numeric, '2026-11-22 03:04:05+03'::timestamptz, '2026-11-22'::date,"
        " 'c7f5b7e4-5d8e-4c55-8f2d-0d9e3b1a2c3d'::uuid, '{\"a\": [1]}'::jsonb, ARRAY[1, NULL], 'live'::game.seat_state",
    )
    assert row[:4] == (True, "a", 7, Decimal("1.5"))
    assert row[4] == datetime(2026, 11, 22, 0, 4, 5, tzinfo=UTC)
    assert row[5:] == (date(2026, 11, 22), UUID("c7f5b7e4-5d8e-4c55-8f2d-0d9e3b1a2c3d"), {"a": [1]}, [1, None], "live")
    with pytest.raises(psycopg.DataError):
        await db.call(Role.SETTLER, None, "SELECT 'infinity'::timestamptz")
    assert await db.rows(Role.SETTLER, None, "SELECT 1 WHERE false") == []
    assert await db.call(Role.SETTLER, None, "DO $$ BEGIN RAISE NOTICE 'heard by nobody'; END $$") is None


async def test_percent_signs(db: Database) -> None:
    assert await db.call(Role.SETTLER, None, "SELECT 7 %% 4, '%%(n)s'") == (3, "%(n)s")
    for wrong in ("SELECT 7 % 4", "SELECT %s", "SELECT %(n)d", "SELECT %(n"):
        with pytest.raises(psycopg.ProgrammingError):
            await db.call(Role.SETTLER, None, wrong, {"n": 1})
    with pytest.raises(KeyError):
        await db.call(Role.SETTLER, None, "SELECT %(other)s", {"n": 1})
    assert await works(db)


async def test_what_comes_unasked_harms_nobody(hasty: Database, database_url: str) -> None:
    pid = "SELECT pg_backend_pid()"
    before = await hasty.call(Role.SETTLER, None, pid)
    await hasty.call(Role.SETTLER, None, "LISTEN news")
    with psycopg.connect(database_url, autocommit=True) as connection:
        for look in (False, True):
            connection.execute("NOTIFY news, 'one'")
            if look:
                await asyncio.sleep(0.05)
            assert await hasty.call(Role.SETTLER, None, pid) == before


async def test_an_old_connection_is_replaced(hasty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = "SELECT pg_backend_pid()"
    before = await hasty.call(Role.SETTLER, None, pid)
    assert await hasty.call(Role.SETTLER, None, pid) == before
    with monkeypatch.context() as aged:
        aged.setattr(pool, "_MAX_AGE_S", 0)
        assert await hasty.call(Role.SETTLER, None, pid) == before

    assert await hasty.call(Role.SETTLER, None, pid) != before


async def test_a_full_queue_refuses_at_once(hasty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_MAX_WAITING", 2)
    calls = [asyncio.create_task(hasty.call(Role.SETTLER, None, "SELECT pg_sleep(0.1)")) for _ in range(3)]
    await asyncio.sleep(0)

    with pytest.raises(StoreUnavailable):
        await hasty.call(Role.SETTLER, None, ONE)

    assert await asyncio.gather(*calls) == [("",)] * 3


async def test_who_waits_too_long_for_a_connection_is_refused(hasty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_CHECKOUT_TIMEOUT_S", 0.05)
    busy = asyncio.create_task(hasty.call(Role.SETTLER, None, "SELECT pg_sleep(0.3)"))
    await asyncio.sleep(0)

    with pytest.raises(StoreUnavailable) as refused:
        await hasty.call(Role.SETTLER, None, ONE)

    assert not isinstance(refused.value, CommitUnknown)
    assert await busy == ("",)


async def test_closing_lets_calls_finish_and_refuses_the_rest(database_url: str) -> None:
    database = await Database.open(database_url, max_size=2, name="test")
    under_way = [asyncio.create_task(database.call(Role.SETTLER, None, "SELECT pg_sleep(0.2), 1")) for _ in range(2)]
    await eventually("two connections", lambda: len(database._connections) == 2)
    waiting = asyncio.create_task(database.call(Role.SETTLER, None, ONE))
    await asyncio.sleep(0.05)

    await database.close()

    assert await asyncio.gather(*under_way) == [("", 1)] * 2
    for refused in (waiting, database.call(Role.SETTLER, None, ONE)):
        with pytest.raises(StoreUnavailable):
            await refused
    with psycopg.connect(database_url, autocommit=True) as connection:
        left = "SELECT FROM pg_stat_activity WHERE application_name = 'test' AND datname = current_database()"
        await eventually("all sessions end", lambda: connection.execute(left).fetchone() is None)
    await database.close()


async def test_opening_where_nobody_listens(free_port: int) -> None:
    with pytest.raises(StoreUnavailable):
        await Database.open(f"postgresql://postgres@127.0.0.1:{free_port}/postgres", name="test")
