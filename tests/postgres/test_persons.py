"""Restrictions, once-only rewards and referrals are a person's: neither unlinking nor a new account sheds them."""

import asyncio
import hmac
import random
import secrets
import tarfile
import uuid
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest

from persistence.postgres import bonus, logins, operators, payments, referrals, spending_limits, users
from persistence.postgres.idempotency import IdempotencyKey
from persistence.postgres.migrate import migrate
from persistence.postgres.pool import Database
from tests.fixtures.postgres import Execute
from tests.postgres.play import STARS, assert_clean, new_room, organize, pay

BASELINE = Path(__file__).parent / "released" / "baseline.tar.gz"
HASH = "x" * 40
DAY_MS = 86_400_000
NOW_MS = 1_790_000_000_000


async def by_telegram(db: Database, telegram_id: int, *, stars: int = STARS, code: str | None = None) -> int:
    profile = users.TelegramProfile(telegram_id=telegram_id, first_name="Tess", referral_code=code)
    return (await users.log_in_telegram(db, profile, stars)).user_id


async def by_email(db: Database, email: str, *, user_id: int | None = None, stars: int = STARS) -> tuple[str, int]:
    """A confirmed address: of a new account, or added to one; its status and account."""
    token = secrets.token_bytes(32)
    request = logins.MailRequest(
        purpose="register" if user_id is None else "link",
        email=email,
        language="en",
        nonce=secrets.token_bytes(16),
        token_hash=token,
        life_s=60,
        user_id=user_id,
        password_hash=HASH,
        name="Tess" if user_id is None else None,
    )
    await logins.ask_mail(db, request)
    return (await logins.use_registration(db, token, is_demo=False, demo_stars=stars))[:2]


async def link_telegram(db: Database, user_id: int, telegram_id: int) -> str:
    return (await logins.link_telegram(db, user_id, telegram_id, objection()))[0]


async def unlink(db: Database, user_id: int, method: logins.LoginMethod) -> None:
    assert (await logins.unlink(db, user_id, method, objection())).status == "ok"


def objection() -> logins.Objection:
    return logins.Objection(secrets.token_bytes(16), secrets.token_bytes(32))


async def with_both(db: Database, execute: Execute, telegram_id: int, email: str) -> int:
    """An account that long since had Telegram and e-mail."""
    user_id = await by_telegram(db, telegram_id)
    assert await by_email(db, email, user_id=user_id) == ("ok", user_id)
    execute("UPDATE auth.email_logins SET since = since - interval '4 days'")
    return user_id


async def shed(db: Database, execute: Execute, telegram_id: int = 7, email: str = "anna@example.com") -> int:
    """An account whose Telegram was unlinked, so that it can begin anew."""
    user_id = await with_both(db, execute, telegram_id, email)
    await unlink(db, user_id, "telegram")
    return user_id


def part(execute: Execute, telegram_id: int) -> None:
    """The account of that Telegram id has it no more."""
    for table in ("public.users", "auth.users"):
        execute(f"UPDATE {table} SET telegram_id = NULL WHERE telegram_id = %s", telegram_id)


async def is_banned(db: Database, user_id: int) -> bool:
    return (await users.hello(db, [user_id]))[user_id].banned


async def test_a_ban_reaches_accounts_of_before_and_after(db: Database, execute: Execute) -> None:
    old = await shed(db, execute)
    new = await by_telegram(db, 7)
    assert old != new
    assert await operators.ban(db, old, "cheat", "op") == "ok"
    assert [await is_banned(db, user_id) for user_id in (old, new)] == [True, True]
    assert await operators.ban(db, new, "cheat", "op") == "unchanged"
    assert (await pay(db, new, new_room())).status == "banned"
    part(execute, 7)
    third = await by_telegram(db, 7)
    assert third not in (old, new)
    assert await is_banned(db, third)
    assert await users.ban_reason(db, third) == "cheat"
    report = await operators.report(db, new)
    assert report is not None
    assert [other["user_id"] for other in report["others"]] == [old, third]
    assert [entry["action"] for entry in report["operators"]] == ["ban"]
    assert await operators.unban(db, third, None, "op") == "ok"
    assert [await is_banned(db, user_id) for user_id in (old, new, third)] == [False, False, False]


async def test_an_address_that_was_unlinked_leads_back_to_the_same_person(db: Database, execute: Execute) -> None:
    old = await with_both(db, execute, 7, "anna@example.com")
    execute("UPDATE auth.users SET telegram_since = telegram_since - interval '5 days'")
    await unlink(db, old, "email")
    await operators.ban(db, old, None, "op")
    status, new = await by_email(db, "anna@example.com")
    assert status == "ok"
    assert new != old
    assert await is_banned(db, new)


async def test_a_chargeback_blocks_the_person(db: Database, execute: Execute) -> None:
    old = await shed(db, execute)
    new = await by_telegram(db, 7)
    execute("SELECT auth.block_for_review(%s, 'chargeback')", old)
    assert await is_banned(db, new)


async def test_no_ban_passes_by_an_account_that_is_being_made(db: Database, execute: Execute) -> None:
    for n in range(1, 13):
        old = await shed(db, execute, n, f"p{n}@example.com")
        new, _ = await asyncio.gather(by_telegram(db, n), operators.ban(db, old, None, "op"))
        assert [await is_banned(db, user_id) for user_id in (old, new)] == [True, True]


async def test_one_identity_is_one_person_however_many_come_at_once(db: Database, execute: Execute) -> None:
    made = await asyncio.gather(*(by_telegram(db, 7) for _ in range(20)))
    assert len(set(made)) == 1
    assert execute("SELECT count(*) FROM auth.persons") == [(1,)]


async def test_exclusion_follows_the_person(db: Database, execute: Execute) -> None:
    old = await shed(db, execute)
    new = await by_telegram(db, 7)
    ((until_ms,),) = execute("SELECT (extract(epoch FROM now() + interval '30 days') * 1000)::bigint")
    await spending_limits.put(db, old, daily_stars=None, excluded_until_ms=until_ms)
    assert (await spending_limits.mine(db, new)).excluded_until_ms == until_ms
    assert (await pay(db, new, new_room())).status == "limit_reached"
    assert (await organize(db, new, new_room())).status == "limit_reached"
    order = payments.Order(str(uuid.uuid4()), 10, 1, 2)
    refused = await payments.request_stars(db, new, order, "p", IdempotencyKey("/p", "k", b"\x01" * 32))
    assert refused.status == "limit_reached"
    # Loosened with the new account it waits as with the old one.
    await spending_limits.put(db, new, daily_stars=None, excluded_until_ms=None)
    assert (await spending_limits.mine(db, old)).excluded_until_ms == until_ms


async def test_what_one_account_spent_the_others_have_spent(db: Database, execute: Execute) -> None:
    old = await shed(db, execute)
    await spending_limits.put(db, old, daily_stars=60, excluded_until_ms=None)
    assert (await pay(db, old, new_room())).status == "paid"
    new = await by_telegram(db, 7)
    execute("SELECT ledger.post('grant:' || %s, 'grant', NULL, NULL, ARRAY[d.account_id, p.account_id],"
            " ARRAY[-100, 100]) FROM ledger.accounts AS d, ledger.accounts AS p"
            " WHERE d.kind = 'demo' AND p.user_id = %s", new, new)  # fmt: skip
    assert (await spending_limits.mine(db, new)).spent_stars == 50
    assert (await pay(db, new, new_room())).status == "limit_reached"
    assert (await pay(db, new, new_room(), amount=10)).status == "paid"


async def test_two_accounts_that_stake_at_once_stay_below_the_limit(db: Database, execute: Execute) -> None:
    for n in range(1, 9):
        old = await shed(db, execute, n, f"p{n}@example.com")
        await spending_limits.put(db, old, daily_stars=60, excluded_until_ms=None)
        new = await by_telegram(db, n)
        execute("UPDATE ledger.balances SET balance = 100 WHERE user_id = %s", new)
        replies = await asyncio.gather(pay(db, old, new_room()), pay(db, new, new_room()))
        assert sorted(reply.status for reply in replies) == ["limit_reached", "paid"]


async def test_demonstration_stars_are_given_once_a_person(db: Database, execute: Execute) -> None:
    await shed(db, execute)
    new = await by_telegram(db, 7)
    assert execute("SELECT balance FROM ledger.balances WHERE user_id = %s", new) == [(0,)]
    await assert_clean(db)


async def start(db: Database, user_id: int) -> tuple[str, bonus.Run | None]:
    return await bonus.start(db, user_id, goal=10, reward=5, budget=100, started_ms=1, ends_ms=2)


async def reach(db: Database, *runs: bonus.Run) -> list[bonus.Run]:
    reports = [
        bonus.Report(run_id=run.run_id, taps=10, seq=1, last_tap_ms=1, state="done", reason=None, evidence=None)
        for run in runs
    ]
    recorded = await bonus.record(db, reports, budget=100, approval=100)
    return [recorded[run.run_id].run for run in runs]


async def test_the_bonus_is_had_once_a_person(db: Database, execute: Execute) -> None:
    old = await shed(db, execute)
    new = await by_telegram(db, 7)
    _, run = await start(db, old)
    assert run is not None
    assert (await start(db, new))[0] == "conflict"  # it runs with the other account
    assert [each.state for each in await reach(db, run)] == ["rewarded"]
    assert (await start(db, new))[0] == "conflict"
    assert (await bonus.latest(db, new)) is None


async def test_of_two_runs_of_persons_who_turn_out_to_be_one_the_first_is_rewarded(
    db: Database, execute: Execute
) -> None:
    await shed(db, execute)
    first = await by_telegram(db, 7)
    _, second = await by_email(db, "b@example.com")
    runs = [run for _, run in (await start(db, first), await start(db, second)) if run is not None]
    part(execute, 7)
    assert await link_telegram(db, second, 7) == "ok"
    assert [(run.state, run.reason) for run in await reach(db, *runs)] == [("rewarded", None), ("cancelled", "taken")]
    assert execute("SELECT promised FROM game.bonus_budget") == [(5,)]
    await assert_clean(db)


async def test_nobody_invites_themselves(db: Database, execute: Execute) -> None:
    old = await shed(db, execute)
    code = await referrals.my_code(db, old)
    await by_telegram(db, 7, code=code)
    assert await referrals.invited(db, old, None, 10) == []
    # Nor by anybody else a second time.
    friend = await by_telegram(db, 8)
    part(execute, 7)
    await by_telegram(db, 7, code=await referrals.my_code(db, friend))
    assert await referrals.invited(db, friend, None, 10) == []
    guest = await by_telegram(db, 9, code=code)
    assert [each.user_id for each in await referrals.invited(db, old, None, 10)] == [guest]


async def test_an_invitation_among_persons_who_turn_out_to_be_one_is_none(db: Database, execute: Execute) -> None:
    old = await shed(db, execute)
    host = await by_telegram(db, 20)
    inviter = await by_telegram(db, 21, code=await referrals.my_code(db, host))
    _, new = await by_email(db, "b@example.com")
    for user_id, referrer in ((new, old), (old, inviter), (host, new)):
        execute("INSERT INTO game.referrals (user_id, referrer_id, source) VALUES (%s, %s, 'app')", user_id, referrer)
    assert await link_telegram(db, new, 7) == "ok"
    # By themselves: gone.  host <- new and old <- inviter <- host: a loop, which the joined person's own line ends.
    assert execute("SELECT user_id, referrer_id FROM game.referrals ORDER BY 1") == sorted(
        [(host, new), (inviter, host)]
    )


async def test_an_identity_of_before_joins_its_person_with_the_one_who_links_it(db: Database, execute: Execute) -> None:
    old = await shed(db, execute)
    _, new = await by_email(db, "b@example.com")
    await spending_limits.put(db, old, daily_stars=100, excluded_until_ms=None)
    await spending_limits.put(db, new, daily_stars=70, excluded_until_ms=None)
    assert await link_telegram(db, new, 7) == "ok"
    assert execute("SELECT count(DISTINCT person_id), count(*) FROM auth.users") == [(1, 2)]
    assert [(await spending_limits.mine(db, user_id)).daily_stars for user_id in (old, new)] == [70, 70]
    await operators.ban(db, new, None, "op")
    assert await is_banned(db, old)


async def test_an_identity_of_somebody_banned_cannot_be_linked(db: Database, execute: Execute) -> None:
    old = await shed(db, execute)
    await operators.ban(db, old, None, "op")
    _, new = await by_email(db, "b@example.com")
    before = execute("SELECT a.* FROM auth.users AS a ORDER BY 1")
    assert await link_telegram(db, new, 7) == "banned"
    assert execute("SELECT a.* FROM auth.users AS a ORDER BY 1") == before
    other = await by_telegram(db, 8)
    execute("DELETE FROM auth.email_logins WHERE user_id = %s", old)
    assert (await by_email(db, "anna@example.com", user_id=other))[0] == "banned"


# Daily limit, what it becomes, in how many hours; in how many hours the exclusion ends, what that becomes, and when.
Limits = tuple[int | None, int | None, int | None, int | None, int | None, int | None]


@pytest.mark.parametrize(
    ("one", "two", "joined"),
    [
        ((50, None, None, None, None, None), (None,) * 6, (50, None, None, None, None, None)),
        ((50, 100, 9, None, None, None), (70, None, None, None, None, None), (50, 70, 9, None, None, None)),
        ((50, None, 9, None, None, None), (70, 90, 20, None, None, None), (50, 90, 20, None, None, None)),
        ((50, None, 9, None, None, None), (None,) * 6, (50, None, 9, None, None, None)),
        ((50, 100, 9, None, None, None), (50, None, None, None, None, None), (50, None, None, None, None, None)),
        ((None, None, None, 48, None, 9), (None, None, None, 30, None, None), (None, None, None, 48, 30, 9)),
        ((None, None, None, 48, None, 9), (None,) * 6, (None, None, None, 48, None, 9)),
        ((None, None, None, 48, 30, 9), (None, None, None, 60, None, None), (None, None, None, 60, None, None)),
    ],
)
@pytest.mark.parametrize("is_turned", [False, True])
async def test_of_two_limits_the_stricter_holds(
    db: Database, execute: Execute, one: Limits, two: Limits, joined: Limits, is_turned: bool
) -> None:
    persons = [
        execute("SELECT person_id FROM auth.users WHERE user_id = %s", await by_telegram(db, n))[0][0] for n in (1, 2)
    ]
    for person, limits in zip(persons, (two, one) if is_turned else (one, two), strict=True):
        if limits != (None,) * 6:
            execute(
                "INSERT INTO pay.spending_limits SELECT %s, %s, %s, n + make_interval(hours => %s),"
                " n + make_interval(hours => %s), n + make_interval(hours => %s), n + make_interval(hours => %s)"
                " FROM (SELECT date_trunc('hour', now())) AS n (n)",
                person,
                *limits,
            )
    execute("SELECT pay.join_person(%s, %s)", *persons)
    hours = "(extract(epoch FROM {} - date_trunc('hour', now())) / 3600)::int"
    columns = [
        *("daily_stars", "next_daily_stars", hours.format("next_daily_at"), hours.format("excluded_until")),
        *(hours.format("next_excluded_until"), hours.format("next_excluded_at")),
    ]
    assert execute(f"SELECT person_id, {', '.join(columns)} FROM pay.spending_limits") == [(persons[0], *joined)]


def keyed(key: bytes, kind: str, value: str) -> bytes:
    return hmac.digest(key, f"{kind}:{value}".encode(), "sha256")


def key_of(inner_block: bytes) -> bytes:
    return bytes(byte ^ 0x36 for byte in inner_block).rstrip(b"\0")


async def test_of_an_identity_a_keyed_hash_is_kept(db: Database, execute: Execute) -> None:
    await shed(db, execute, 7, "anna@example.com")
    ((inner, outer),) = execute("SELECT inner_block, outer_block FROM auth.identity_key")
    key = key_of(inner)
    assert (len(key) >= 30, bytes(byte ^ 0x5C for byte in outer).rstrip(b"\0")) == (True, key)
    assert execute("SELECT kind, identity_hash FROM auth.identities ORDER BY kind") == [
        ("email", keyed(key, "email", "anna@example.com")),
        ("telegram", keyed(key, "telegram", "7")),
    ]
    assert sha256(b"telegram:7").digest() != keyed(key, "telegram", "7")


def test_accounts_of_before_get_persons(make_database: Callable[[], str], tmp_path: Path) -> None:
    """Each its own, with its ban, its limits and what it logs in with."""
    with tarfile.open(BASELINE) as released:
        released.extraction_filter = getattr(tarfile, "data_filter", None)
        released.extractall(tmp_path)
    url, other = make_database(), make_database()
    migrate(url, folder=tmp_path / "migrations")
    with psycopg.connect(url) as connection:
        for telegram_id in (7, 8):
            connection.execute("SELECT auth.log_in_telegram(%s, 'A', NULL, NULL, NULL, NULL, false, 0)", [telegram_id])
        connection.execute("UPDATE auth.users SET banned_at = '2026-01-02Z', ban_reason = 'why' WHERE telegram_id = 8")
        connection.execute(
            "INSERT INTO auth.email_logins (user_id, email, password_hash, created_at)"
            " SELECT user_id, 'a@example.com', %s, '2026-01-03Z' FROM auth.users WHERE telegram_id = 7",
            [HASH],
        )
        connection.execute("INSERT INTO pay.spending_limits (user_id, daily_stars) SELECT user_id, telegram_id * 10"
                           " FROM auth.users")  # fmt: skip
    migrate(url)
    migrate(other)

    def rows(query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url) as connection:
            return connection.execute(query.encode()).fetchall()

    ((key,),) = rows("SELECT inner_block FROM auth.identity_key")
    with psycopg.connect(other) as connection:
        assert connection.execute("SELECT inner_block FROM auth.identity_key").fetchone() != (key,)
    assert rows(
        "SELECT a.telegram_id, p.banned_at IS NOT NULL, p.ban_reason, l.daily_stars FROM auth.users AS a"
        " JOIN auth.persons AS p USING (person_id) JOIN pay.spending_limits AS l USING (person_id) ORDER BY 1"
    ) == [(7, False, None, 70), (8, True, "why", 80)]
    assert set(rows(
        "SELECT a.telegram_id, i.identity_hash FROM auth.identities AS i JOIN auth.users AS a USING (person_id)"
    )) == {
        (7, keyed(key_of(key), "telegram", "7")), (8, keyed(key_of(key), "telegram", "8")),
        (7, keyed(key_of(key), "email", "a@example.com")),
    }  # fmt: skip
    ((since,),) = rows("SELECT since FROM auth.email_logins")
    assert isinstance(since, datetime)
    assert (since.year, since.month, since.day) == (2026, 1, 3)


async def test_links_in_a_tangle_never_part_a_person_nor_leave_one_empty(db: Database, execute: Execute) -> None:
    """Whoever was one person stays one, every identity leads to an account, and no person is left without one."""
    chance = random.Random(17)
    accounts = [(await by_email(db, f"p{n}@example.com"))[1] for n in range(6)]
    together: dict[int, set[int]] = {user_id: {user_id} for user_id in accounts}
    for _ in range(12):
        picked = [(chance.choice(accounts), 100 + chance.randrange(4)) for _ in range(3)]
        await asyncio.gather(*(link_telegram(db, user_id, telegram_id) for user_id, telegram_id in picked))
        for telegram_id in range(100, 104):
            part(execute, telegram_id)
        for user_id, person in execute("SELECT user_id, person_id FROM auth.users"):
            now = {other for other, of in execute("SELECT user_id, person_id FROM auth.users") if of == person}
            assert together[user_id] <= now
            together[user_id] = now
    assert any(len(group) > 1 for group in together.values())
    assert execute("SELECT count(*) FROM auth.persons AS p WHERE NOT EXISTS (SELECT FROM auth.users AS a"
                   " WHERE a.person_id = p.person_id)") == [(0,)]  # fmt: skip
