"""Each login can do what its process needs and nothing else, and who acted is Postgres's own word.

What is meant is written down in `docs/access.md`; here it is held against the catalogue, and then tried as each login.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import psycopg
import pytest
from psycopg import sql
from structlog.testing import capture_logs

from chance_tap.settings import Settings
from cli.embedded.postgres import EmbeddedPostgres
from persistence.errors import StoreUnavailable
from persistence.postgres import errands, operators, stars, telegram_chats, users
from persistence.postgres.access import ROLES, Part, UnfitDatabase, check
from persistence.postgres.acting import Errand
from persistence.postgres.migrate import MigrationRefused, migrate
from persistence.postgres.pool import Database, Role
from tests.fixtures.accounts import new_player
from tests.fixtures.postgres import Execute, login_url
from tests.postgres.access import PAGE, REMEDY, page
from tests.rest.conftest import as_gateway

LOGINS = {f"ct_{part}": {role.value for role in roles} for part, roles in ROLES.items()} | {"ct_analyst": set()}
_ROW = re.compile(r"^\| `([\w.]+)` \| ([\w, ]+) \|$")
InsufficientPrivilege = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def as_login(postgres_server: EmbeddedPostgres, database_name: str) -> Iterator[Any]:
    """`as_login("ct_gateway")`: a plain connection."""
    opened = []

    def connect(login: str) -> psycopg.Connection:
        opened.append(psycopg.connect(postgres_server.url(login, database_name), autocommit=True))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def take(connection: psycopg.Connection, role: str) -> None:
    connection.execute("RESET ROLE")
    connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


def written_down() -> dict[str, set[str]]:
    """Each function of the page, and who may call it."""
    functions = PAGE.read_text(encoding="utf-8").partition("## Functions")[2]
    called = {row[1]: set(row[2].split(", ")) for row in map(_ROW.match, functions.splitlines()) if row}
    inner = re.findall(r"^- `([\w.]+)`$", functions, re.MULTILINE)
    assert len(called) > 100
    return called | {name: set() for name in inner}


def test_what_may_be_done_is_what_is_written_down(database_url: str) -> None:
    assert page(database_url) == PAGE.read_text(encoding="utf-8"), REMEDY


def test_a_login_takes_its_own_roles_and_no_other(execute: Execute, as_login: Any) -> None:
    every = [name for (name,) in execute("SELECT rolname::text FROM pg_roles")]
    for login, roles in LOGINS.items():
        connection = as_login(login)
        for role in {*every, "postgres"} - {login}:
            if role in roles:
                take(connection, role)
                connection.execute("RESET ROLE")
                continue
            for attack in ("SET ROLE {}", "SET SESSION AUTHORIZATION {}", "GRANT {} TO CURRENT_USER"):
                with pytest.raises((InsufficientPrivilege, psycopg.errors.FeatureNotSupported)):
                    connection.execute(sql.SQL(attack).format(sql.Identifier(role)))


def test_each_role_calls_the_functions_that_are_written_down_and_no_other(execute: Execute, as_login: Any) -> None:
    calls = execute(
        "SELECT p.oid::regproc::text, format('SELECT %s(%s)', p.oid::regproc, ("
        "  SELECT string_agg('NULL::' || format_type(t.oid, NULL), ', ' ORDER BY t.n)"
        "  FROM unnest(p.proargtypes) WITH ORDINALITY AS t (oid, n)))"
        " FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text IN ('auth', 'ledger', 'game', 'pay', 'bot')"
    )
    allowed = written_down()
    for role in Role:
        login = next(login for login, roles in LOGINS.items() if role.value in roles)
        connection = as_login(login)
        take(connection, role.value)
        for function, call in calls:
            if not allowed[function] & {role.value, "PUBLIC"}:
                with pytest.raises(InsufficientPrivilege):
                    connection.execute(call.encode())


def test_no_login_touches_a_table_but_a_players_own_row(execute: Execute, as_login: Any) -> None:
    tables = [
        name
        for (name,) in execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('public', 'auth', 'ledger', 'game', 'pay', 'bot', 'migrations')"
        )
    ]
    for role in Role:
        login = next(login for login, roles in LOGINS.items() if role.value in roles)
        connection = as_login(login)
        take(connection, role.value)
        for table in tables:
            for attack in ("DELETE FROM {}", "TRUNCATE {}", "TABLE {}"):
                if attack == "TABLE {}" and (role.value, table) == ("ct_player", "auth.users"):
                    assert connection.execute("TABLE auth.users").fetchall() == []  # without a claim there is no row
                    continue
                with pytest.raises(InsufficientPrivilege):
                    connection.execute(attack.format(table).encode())


async def test_a_pool_takes_no_role_that_its_part_does_not_need(database_url: str) -> None:
    """Also where one login, that may do everything, does for all."""
    db = await Database.open(database_url, name="gateway", roles=ROLES[Part.GATEWAY])
    try:
        with pytest.raises(LookupError, match="gateway does not take ct_operator"):
            await db.call(Role.OPERATOR, None, "SELECT bot.stats()")
    finally:
        await db.close()


# ---- who acted


async def test_nobody_says_who_acted(execute: Execute) -> None:
    """Any name could be given as an argument, so no function that a login reaches takes one."""
    named = execute(
        "SELECT p.oid::regproc::text, a.name FROM pg_proc AS p, unnest(p.proargnames) AS a (name)"
        " WHERE p.pronamespace::regnamespace::text IN ('auth', 'ledger', 'game', 'pay', 'bot')"
        " AND a.name IN ('p_by', 'p_operator', 'p_actor', 'p_admin', 'p_who')"
    )
    reached = {function for function, roles in written_down().items() if roles & {role.value for role in Role}}
    assert [(function, name) for function, name in named if function in reached] == []


async def test_an_operator_is_named_by_the_login_and_a_note_stands_behind_it(
    db: Database, execute: Execute, database_url: str
) -> None:
    player = await new_player(db)
    execute("DROP ROLE IF EXISTS anna")
    execute("CREATE ROLE anna LOGIN PASSWORD 'ct_anna' IN ROLE ct_console")
    execute("GRANT ct_operator TO anna WITH INHERIT FALSE")  # as if by mistake given twice: nothing changes
    shared = await Database.open(login_url(database_url, "console"), name="shared", roles=ROLES[Part.CONSOLE])
    url = login_url(database_url, "anna").replace("ct_anna:", "anna:")
    own = await Database.open(url, name="own", roles=ROLES[Part.CONSOLE])
    try:
        await operators.ban(shared, player, "one", "Olga")
        await operators.ban(shared, player, "two", "x', true), set_config('role', 'ct_owner' (postgres) %s %")
        await operators.unban(own, player, None, "postgres")
        await operators.ban(own, player, "three", "anna")
        await operators.unban(own, player, None, "")
    finally:
        await shared.close()
        await own.close()
        execute("DROP ROLE anna")
    assert execute("SELECT operator, login FROM auth.operator_log ORDER BY entry_id") == [
        ("ct_console (Olga)", "ct_console"),
        ("ct_console (x true set_configrole ct_owner postgres s)", "ct_console"),
        ("anna (postgres)", "anna"),
        ("anna", "anna"),
        ("anna", "anna"),
    ]


async def test_a_worker_acts_for_admins_only(db: Database, execute: Execute, database_url: str) -> None:
    admin, player = await new_player(db), await new_player(db)
    execute("UPDATE auth.users SET role = 'admin' WHERE user_id = %s", admin)
    worker = await Database.open(login_url(database_url, "worker"), name="worker", roles=ROLES[Part.WORKER])
    try:
        assert await operators.ban(worker, player, "bots", Errand(admin)) == "ok"
        for nobody in (player, 10**9):
            with pytest.raises(InsufficientPrivilege, match="no admin"):
                await operators.unban(worker, player, None, Errand(nobody))
        execute("UPDATE auth.users SET banned_at = now() WHERE user_id = %s", admin)
        with pytest.raises(InsufficientPrivilege, match="no admin"):
            await operators.unban(worker, player, None, Errand(admin))
        for mine in (
            worker.call(Role.ERRAND, None, "SELECT auth.ban(1, NULL)"),
            worker.call(Role.SETTLER, admin, "SELECT auth.ban(1, NULL)"),
            stars.assign(worker, "x", user_id=player, by=Errand(admin)),
        ):
            with pytest.raises(InsufficientPrivilege):
                await mine
    finally:
        await worker.close()
    assert execute("SELECT operator, login FROM auth.operator_log") == [(f"bot:{admin}", "ct_worker")]


async def test_a_gateway_writes_down_what_an_admin_asked_and_can_do_none_of_it(
    db: Database, execute: Execute, settings: Settings
) -> None:
    admin = await new_player(db, telegram_id=7)
    await new_player(db, telegram_id=8)
    execute("UPDATE auth.users SET role = 'admin' WHERE user_id = %s", admin)
    gateway = await Database.open(as_gateway(settings).database_url, name="gateway")
    try:
        assert await errands.ask(gateway, 8, 1, "/ban 1") == "no_admin"
        for _ in range(2):  # delivered twice
            assert await errands.ask(gateway, 7, 1, "/ban 1") == "ok"
        for forbidden in (
            operators.ban(gateway, admin, None, ""),
            operators.ban(gateway, admin, None, Errand(admin)),
            operators.find(gateway, telegram_id=7),
            telegram_chats.stats(gateway, by=""),
            errands.claim(gateway, lease_s=1),
            gateway.call(Role.SETTLER, None, "SELECT pay.next_query()"),
        ):
            with pytest.raises(InsufficientPrivilege):
                await forbidden
        execute(
            "INSERT INTO bot.errands (telegram_id, message_id, words)"
            " SELECT 7, n, '/stats' FROM generate_series(2, 100) AS n"
        )
        assert await errands.ask(gateway, 7, 101, "/ban 1") == "too_many"
    finally:
        await gateway.close()


async def test_what_is_claimed_is_of_an_admin_and_fresh(db: Database, execute: Execute) -> None:
    admin = await new_player(db, telegram_id=7, language="en")
    execute("UPDATE auth.users SET role = 'admin' WHERE user_id = %s", admin)
    for number, words in enumerate(("/late", "/tried", "/first", "/second")):
        assert await errands.ask(db, 7, number, words) == "ok"
    execute("UPDATE bot.errands SET asked_at = now() - interval '11 minutes' WHERE words = '/late'")
    execute("UPDATE bot.errands SET tries = 5 WHERE words = '/tried'")
    first = await errands.claim(db, lease_s=60)
    assert first is not None
    assert (first.user_id, first.telegram_id, first.language, first.words) == (admin, 7, "en", "/first")
    await errands.finish(db, first.errand_id)
    execute("UPDATE auth.users SET role = 'user' WHERE user_id = %s", admin)
    assert await errands.claim(db, lease_s=60) is None
    assert execute("SELECT words, outcome FROM bot.errands ORDER BY errand_id") == [
        ("/late", "late"),
        ("/tried", "failed"),
        ("/first", "done"),
        ("/second", "no_admin"),
    ]


# ---- whether it is production's


async def test_demo_stars_are_refused_in_production_and_bounded_elsewhere(
    db: Database, execute: Execute, settings: Settings
) -> None:
    gateway = await Database.open(as_gateway(settings).database_url, name="gateway")
    try:
        with pytest.raises(psycopg.errors.CheckViolation):
            await new_player(gateway, 1_000_001)
        rich = await new_player(gateway, 1_000_000)
        assert (await users.me(gateway, rich)).balance == 1_000_000
        execute("UPDATE public.installation SET env = 'production'")
        with pytest.raises(InsufficientPrivilege, match="demo Stars"):
            await new_player(gateway, 1)
        poor = await new_player(gateway, 0)
        assert (await users.me(gateway, poor)).balance == 0
    finally:
        await gateway.close()


def test_a_database_becomes_productions_and_never_goes_back(execute: Execute, database_url: str) -> None:
    def env() -> str:
        return str(execute("SELECT env FROM public.installation")[0][0])

    assert env() == "development"
    migrate(database_url, env="production")
    assert env() == "production"
    for rollback in (False, True):
        with pytest.raises(MigrationRefused, match="production's and ENV is development"):
            migrate(database_url, env="development", rollback=rollback)
    migrate(database_url, env="production")
    assert env() == "production"


async def test_a_database_with_demo_stars_never_becomes_productions(
    db: Database, execute: Execute, database_url: str
) -> None:
    await new_player(db, 5)
    with pytest.raises(MigrationRefused, match="demo Stars"):
        migrate(database_url, env="production")
    assert execute("SELECT env FROM public.installation") == [("development",)]


@pytest.mark.parametrize(("database", "process"), [("development", "production"), ("production", "development")])
def test_a_process_of_another_environment_does_not_start(
    execute: Execute, settings: Settings, database: str, process: Literal["development", "production"]
) -> None:
    execute("UPDATE public.installation SET env = %s", database)
    settings = replace(settings, env=process)
    for part in (Part.GATEWAY, Part.WORKER, Part.BOT):
        with pytest.raises(UnfitDatabase, match=f"for {database} and ENV is {process}"):
            check(settings, part)
    check(settings, Part.CONSOLE)


def test_a_login_that_cannot_do_what_the_part_needs_does_not_start(settings: Settings) -> None:
    for part, other in itertools.permutations(Part, 2):
        settings = replace(settings, database_url=login_url(settings.database_url, other))
        if ROLES[part] <= ROLES[other]:
            check(settings, part)
            continue
        with pytest.raises(UnfitDatabase, match=rf"ct_{other} .* what the {part} needs .*: use ct_{part}"):
            check(settings, part)
        settings = replace(settings, database_url=login_url(settings.database_url, part))
        check(settings, part)


def test_a_login_that_can_do_more_is_told_of_in_production(execute: Execute, settings: Settings) -> None:
    with capture_logs() as logs:
        check(settings, Part.GATEWAY)
    assert logs == []
    execute("UPDATE public.installation SET env = 'production'")
    settings = replace(settings, env="production")
    with capture_logs() as logs:
        check(settings, Part.GATEWAY)
    assert [line["event"] for line in logs] == ["login can do more than its process needs"]
    with capture_logs() as logs:
        check(as_gateway(settings), Part.GATEWAY)
    assert logs == []


def test_a_database_without_tables_and_one_that_is_away_are_told_in_one_line(
    postgres_server: EmbeddedPostgres, settings: Settings
) -> None:
    settings = replace(settings, database_url=postgres_server.admin_url())
    with pytest.raises(UnfitDatabase, match="run `chance-tap migrate` first"):
        check(settings, Part.WORKER)
    settings = replace(settings, database_url="postgresql://nobody:x@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable):
        check(settings, Part.WORKER)
