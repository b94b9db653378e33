"""Who may see and do what: row-level security, grants, definer functions, the append-only ledger."""

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from cli.embedded.postgres import EmbeddedPostgres
from persistence.postgres import games, users
from persistence.postgres.pool import Database, Role
from tests.postgres.play import STAKE, STARS, Finisher, fill, finished, new_room, new_seat, organize, pay, sign_up

LOGINS = ("ct_analyst", "ct_bot", "ct_console", "ct_gateway", "ct_worker")
APPLICATION = (*Role, *LOGINS)
OURS = "('public', 'auth', 'ledger', 'game', 'pay', 'bot')"


@pytest.fixture
def admin(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def column(connection: psycopg.Connection, query: LiteralString, params: Any = None) -> list[Any]:
    return [row[0] for row in connection.execute(query, params)]


def act_as(connection: psycopg.Connection, role: str, user_id: int | None = None) -> None:
    connection.execute("RESET ROLE")
    connection.execute("SELECT set_config('jwt.claims.user_id', %s, false)", ["" if user_id is None else str(user_id)])
    connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


def tables(connection: psycopg.Connection, schemas: LiteralString = OURS) -> list[str]:
    return column(
        connection,
        f"SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN {schemas} ORDER BY 1",
    )


# Rows of nobody alone: whose an account is, is nothing that a player may ask.
OF_NOBODY = {"persons", "identities", "identity_key"}


async def test_every_auth_table_is_under_the_one_policy(admin: psycopg.Connection) -> None:
    found = admin.execute(
        "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
        " WHERE relnamespace = 'auth'::regnamespace AND relkind IN ('r', 'p')"
    ).fetchall()
    assert found
    assert all(enabled and forced for _, enabled, forced in found)
    policies = admin.execute(
        "SELECT tablename, policyname, roles::text[], qual, with_check FROM pg_policies WHERE schemaname = 'auth'"
    ).fetchall()
    for table, _, _ in found:
        own = {name: (roles, qual, check) for of, name, roles, qual, check in policies if of == table}
        claim = "(user_id = ( SELECT auth.claim() AS claim))"
        if table not in OF_NOBODY:
            assert own.pop("own_rows") == (["public"], claim, claim)
        assert {role for roles, _, _ in own.values() for role in roles} <= {"ct_auth", "ct_ledger"}


async def test_a_player_sees_and_changes_its_own_rows_only(db: Database, admin: psycopg.Connection) -> None:
    one, two = await sign_up(db, 2)
    of_users = [table for table in tables(admin, "('auth')") if table.removeprefix("auth.") not in OF_NOBODY]
    for table in of_users:
        count = sql.SQL("SELECT user_id FROM ") + sql.SQL(table)
        for role in ("ct_player", "ct_owner"):
            if role == "ct_player" and table != "auth.users":
                continue  # only the account itself is read without a function
            act_as(admin, role, one)
            assert {row[0] for row in admin.execute(count)} <= {one}
            act_as(admin, role)
            assert admin.execute(count).fetchall() == []
    act_as(admin, "ct_player", one)
    assert column(admin, "SELECT user_id FROM auth.users") == [one]
    for table in of_users:
        count = sql.SQL("SELECT user_id FROM ") + sql.SQL(table)
        act_as(admin, "ct_settler", one)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute(count)
    act_as(admin, "ct_player", one)
    assert admin.execute("UPDATE auth.users SET language = 'ru' WHERE user_id = %s", [two]).rowcount == 0
    assert admin.execute("UPDATE auth.users SET language = 'ru'").rowcount == 1
    for forbidden in ("role = 'admin'", "banned_at = NULL", "user_id = 1"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute(f"UPDATE auth.users SET {forbidden}")
    act_as(admin, "ct_player")
    assert admin.execute("UPDATE auth.users SET language = 'ru'").rowcount == 0


@pytest.mark.parametrize("table", sorted(OF_NOBODY))
async def test_whose_an_account_is_no_role_reads(db: Database, admin: psycopg.Connection, table: str) -> None:
    (one,) = await sign_up(db, 1)
    look = sql.SQL("SELECT 1 FROM auth.{}").format(sql.Identifier(table))
    for role in (*APPLICATION, "ct_ledger"):
        act_as(admin, role, one)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute(look)
    act_as(admin, "ct_owner", one)
    assert admin.execute(look).fetchall() == []
    act_as(admin, "ct_auth")
    assert admin.execute(look).fetchall() != []


async def test_an_admin_too_sees_its_own_rows_only(db: Database, admin: psycopg.Connection) -> None:
    one, _ = await sign_up(db, 2)
    admin.execute("UPDATE auth.users SET role = 'admin' WHERE user_id = %s", [one])

    act_as(admin, "ct_player", one)

    assert column(admin, "SELECT user_id FROM auth.users") == [one]


async def test_without_a_claim_functions_tell_nothing(db: Database) -> None:
    await sign_up(db, 1)
    assert await db.call(Role.PLAYER, None, "SELECT ledger.balance()") == (None,)
    assert await db.rows(Role.PLAYER, None, "SELECT * FROM ledger.statement(NULL, 10)") == []
    numbers = await db.call(Role.PLAYER, None, "SELECT * FROM game.my_numbers()")
    assert numbers == (None,) * 6


async def test_a_claim_does_not_outlive_its_transaction(database_url: str) -> None:
    database = await Database.open(database_url, max_size=1, name="test")
    try:
        (player,) = await sign_up(database, 1)
        assert await database.call(Role.PLAYER, player, "SELECT current_user::text, auth.claim()") == (
            "ct_player",
            player,
        )
        assert await database.call(Role.SETTLER, None, "SELECT current_user::text, auth.claim()") == (
            "ct_settler",
            None,
        )
        link = await database._take(1)
        claim = b"SELECT current_user::text, auth.claim(), current_setting('statement_timeout')"
        (row,) = await link.ask(claim, 1, database._free)
        assert row == ("postgres", None, "0")
    finally:
        await database.close()


async def test_application_roles_write_no_table_but_their_language(admin: psycopg.Connection) -> None:
    granted = admin.execute(
        "SELECT r.role, t.name, p.privilege FROM unnest(%s::text[]) AS r (role), unnest(%s::text[]) AS t (name),"
        " unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (privilege)"
        " WHERE has_table_privilege(r.role, t.name, p.privilege)",
        [list(APPLICATION), tables(admin)],
    ).fetchall()
    assert granted == []
    columns = admin.execute(
        "SELECT DISTINCT grantee::text, table_schema || '.' || table_name, column_name::text, privilege_type::text"
        " FROM information_schema.column_privileges WHERE grantee = ANY (%s) AND privilege_type <> 'SELECT'"
        f" AND table_schema IN {OURS}",
        [[*APPLICATION, "PUBLIC"]],
    ).fetchall()
    assert columns == [("ct_player", "auth.users", "language", "UPDATE")]


async def test_application_roles_read_only_faces_and_their_own_account(admin: psycopg.Connection) -> None:
    readable = admin.execute(
        "SELECT grantee::text, table_schema || '.' || table_name, array_agg(column_name::text ORDER BY column_name)"
        " FROM information_schema.column_privileges WHERE grantee = ANY (%s) AND privilege_type = 'SELECT'"
        f" AND table_schema IN {OURS} AND table_name <> 'users' GROUP BY 1, 2",
        [[*APPLICATION, "PUBLIC"]],
    ).fetchall()
    assert readable == [("ct_player", "auth.email_logins", ["email", "user_id"])]
    public_profiles = column(
        admin,
        "SELECT column_name::text FROM information_schema.column_privileges WHERE grantee = 'ct_player'"
        " AND table_schema = 'public' AND privilege_type = 'SELECT' ORDER BY 1",
    )
    assert public_profiles == ["is_demo", "name", "photo_url", "user_id"]


async def test_nobody_but_the_named_roles_runs_a_function(admin: psycopg.Connection) -> None:
    open_to_all = column(
        admin,
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
        f" WHERE n.nspname IN {OURS} AND (p.proacl IS NULL OR EXISTS ("
        " SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0))",
    )
    assert open_to_all == ["auth.claim()"]
    inner = (
        *("ledger.post", "ledger.open_account", "game.find_key", "game.retake_key", "game.open_room"),
        *("game.ranking", "game.day_won", "game.pay_bonus", "game.promise_bonus"),
        *("game.take_key", "game.drop_key", "pay.hold_refund", "pay.result_of_charge", "auth.block_for_review"),
    )
    reachable = column(
        admin,
        "SELECT p.oid::regproc::text FROM pg_proc AS p, unnest(%s::text[]) AS r (role)"
        " WHERE p.oid::regproc::text = ANY (%s) AND has_function_privilege(r.role, p.oid, 'EXECUTE')",
        [list(APPLICATION), list(inner)],
    )
    assert reachable == []


async def test_definers_have_a_fixed_search_path_and_a_poor_owner(admin: psycopg.Connection) -> None:
    definers = admin.execute(
        "SELECT p.oid::regprocedure::text, pg_get_userbyid(p.proowner)::text, p.proconfig FROM pg_proc AS p"
        f" JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname IN {OURS} AND p.prosecdef"
    ).fetchall()
    assert len(definers) > 10
    for name, owner, config in definers:
        assert owner in {"ct_auth", "ct_ledger"}, name
        assert "search_path=pg_catalog, pg_temp" in config, name
    mighty = column(
        admin,
        "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'ct\\_%' AND"
        " (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)",
    )
    assert mighty == []
    logins = column(admin, "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'ct\\_%' AND rolcanlogin ORDER BY 1")
    assert logins == list(LOGINS)
    for role in ("ct_owner", "ct_auth", "ct_ledger", *APPLICATION):
        can_create = column(
            admin,
            f"SELECT nspname::text FROM pg_namespace WHERE nspname IN {OURS}"
            " AND has_schema_privilege(%s, oid, 'CREATE')",
            [role],
        )
        assert can_create == [] or role == "ct_owner"


async def test_a_gateway_can_do_all_it_needs_and_a_worker_cannot_play(
    db: Database, postgres_server: EmbeddedPostgres, database_name: str
) -> None:
    gateway = await Database.open(postgres_server.url("ct_gateway", database_name), name="gateway")
    worker = await Database.open(postgres_server.url("ct_worker", database_name), name="worker")
    try:
        one, two = await sign_up(gateway, 2)
        room = new_room()
        seats = await fill(gateway, room, [one, two])
        assert (await users.hello(gateway, [one]))[one].room_id == room
        assert (await users.me(gateway, one)).balance == STARS - STAKE
        assert (await games.refund(gateway, seats[1], "left")).status == "refunded"
        for forbidden in (pay(worker, two, room), organize(worker, two, new_room())):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await forbidden
        assert (await organize(gateway, two, new_room())).status == "paid"
        outcome = await games.settle(worker, room, finished(room, [Finisher(seats[0], one, 5)]))
        assert outcome.winner == str(one)
    finally:
        await gateway.close()
        await worker.close()


async def test_a_gateway_makes_rooms_for_the_user_of_the_claim_only_and_as_a_player_only(
    db: Database, postgres_server: EmbeddedPostgres, database_name: str
) -> None:
    one, two = await sign_up(db, 2)
    query: LiteralString = (
        "SELECT game.organize(%(user)s, %(room)s, %(seat)s, 50, 10, 1000, 200, 'e', 'k', '\\x01', 30)"
    )
    gateway = await Database.open(postgres_server.url("ct_gateway", database_name), name="gateway")
    try:
        for role, claim in ((Role.PLAYER, two), (Role.PLAYER, None), (Role.SETTLER, one)):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await gateway.call(role, claim, query, {"user": one, "room": new_room(), "seat": new_seat()})
        for writing in (
            "INSERT INTO game.daily_wins (day, user_id, won) VALUES ('2026-01-01', 1, 1)",
            "UPDATE game.seats SET organizes = true",
            "UPDATE game.rooms SET organizer_id = 1",
            "SELECT game.open_room('000123456789abcd', 'hero', 1, 2, 0, false, 1, 200)",
        ):
            for role in Role:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await gateway.call(role, one, writing)
    finally:
        await gateway.close()
    assert await games.live_seat(db, one) is None


async def test_what_was_won_is_only_ever_added_up_by_the_settlement(db: Database, admin: psycopg.Connection) -> None:
    act_as(admin, "ct_ledger")
    for forbidden in (
        "DELETE FROM game.daily_wins",
        "UPDATE game.daily_wins SET day = now()",
        "TRUNCATE game.daily_wins",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute(forbidden)


@pytest.mark.parametrize("login", LOGINS)
async def test_a_login_that_takes_no_role_can_do_nothing(
    postgres_server: EmbeddedPostgres, database_name: str, login: str
) -> None:
    with psycopg.connect(postgres_server.url(login, database_name), autocommit=True) as connection:
        for statement in (
            "TABLE public.users",
            "TABLE auth.users",
            "SELECT ledger.balance()",
            "SELECT game.audit()",
            "SELECT auth.ban(1, NULL)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        for role in ("ct_owner", "ct_auth", "ct_ledger"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


async def test_the_ledger_is_only_ever_added_to_even_by_a_superuser(db: Database, admin: psycopg.Connection) -> None:
    await sign_up(db, 1)
    for table in ("entries", "transfers"):
        for statement in (f"DELETE FROM ledger.{table}", f"TRUNCATE ledger.{table} CASCADE"):
            with pytest.raises(psycopg.errors.IntegrityError, match="only ever added to"):
                admin.execute(statement)
    for statement in ("UPDATE ledger.entries SET amount = 1", "UPDATE ledger.transfers SET key = 'x'"):
        with pytest.raises(psycopg.errors.IntegrityError, match="only ever added to"):
            admin.execute(statement)


async def test_a_transfer_sums_to_zero_and_a_player_stays_above_it(db: Database, admin: psycopg.Connection) -> None:
    await sign_up(db, 1)
    post = "SELECT ledger.post('k', 'stake', NULL, NULL, ARRAY[%s::bigint, %s], ARRAY[%s::bigint, %s])"
    (player,) = column(admin, "SELECT account_id FROM ledger.balances")
    (house,) = column(admin, "SELECT account_id FROM ledger.accounts WHERE kind = 'house'")

    with pytest.raises(psycopg.errors.IntegrityError, match="sum to zero"):
        admin.execute(post, [player, house, 5, -4])
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute(post, [player, house, -STARS - 1, STARS + 1])
    admin.execute(post, [player, house, -STARS, STARS])
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute(post, [house, player, -1, 1])

    assert column(admin, "SELECT balance FROM ledger.balances") == [0]


async def test_everything_is_described(admin: psycopg.Connection) -> None:
    bare = column(
        admin,
        "SELECT c.oid::regclass::text || coalesce('.' || a.attname, '') FROM pg_class AS c"
        " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        f" WHERE n.nspname IN {OURS} AND c.relkind IN ('r', 'p', 'v')"
        " AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)"
        " UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
        f" WHERE n.nspname IN {OURS} AND obj_description(p.oid, 'pg_proc') IS NULL",
    )
    assert bare == []
