"""Find or create: one account for each Telegram user, and its profile kept fresh."""

import asyncio
from dataclasses import replace

import psycopg
import pytest

from persistence.errors import ErrorCode, GameError
from persistence.postgres import ledger, users
from persistence.postgres.pool import Database
from tests.postgres.play import STARS, assert_clean, fill, new_room


async def test_the_first_login_makes_an_account_and_copies_the_profile(db: Database, database_url: str) -> None:
    account = await users.log_in_telegram(
        db,
        users.TelegramProfile(
            telegram_id=77,
            first_name="Анна",
            last_name="К",
            username="ann",
            photo_url="https://t.me/i/a.svg",
            language_code="ru",
        ),
        STARS,
    )

    assert (account.role, account.banned, account.created) == ("user", False, True)
    me = await users.me(db, account.user_id)
    assert me == users.Me(
        user_id=account.user_id,
        telegram_id=77,
        name="Анна К",
        username="ann",
        photo_url="https://t.me/i/a.svg",
        language=None,
        language_code="ru",
        role="user",
        banned=False,
        is_demo=False,
        balance=STARS,
        room_id=None,
        games=0,
        wins=0,
        won=0,
        best_rate=0.0,
        session_epoch=0,
        has_ton_wallet=False,
        wallet=None,
        email=None,
    )
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT telegram_id, username, first_name, last_name, photo_url, language_code, phone_number"
            " FROM auth.users"
        ).fetchall()
    assert rows == [(77, "ann", "Анна", "К", "https://t.me/i/a.svg", "ru", None)]
    await assert_clean(db)


async def test_a_later_login_refreshes_the_profile_and_grants_nothing(db: Database) -> None:
    first = await users.log_in_telegram(
        db,
        users.TelegramProfile(telegram_id=7, first_name="A", photo_url="https://old", username="a", language_code="ru"),
        STARS,
    )
    await users.set_language(db, first.user_id, "en")

    again = await users.log_in_telegram(
        db, users.TelegramProfile(telegram_id=7, first_name="B", username="b", is_demo=True), STARS
    )

    assert again == users.Account(first.user_id, "user", False, False, "en")
    me = await users.me(db, first.user_id)
    assert (me.name, me.username, me.photo_url, me.language_code, me.language) == ("B", "b", None, "ru", "en")
    assert me.is_demo
    assert me.balance == STARS


async def test_concurrent_first_logins_make_one_account_and_one_grant(db: Database) -> None:
    profile = users.TelegramProfile(telegram_id=5, first_name="A")

    accounts = await asyncio.gather(*(users.log_in_telegram(db, profile, STARS) for _ in range(20)))

    assert len({account.user_id for account in accounts}) == 1
    assert [account.created for account in accounts].count(True) == 1
    assert await ledger.balance(db, accounts[0].user_id) == STARS
    assert len(await ledger.statement(db, accounts[0].user_id, None, 10)) == 1
    await assert_clean(db)


async def test_without_demonstration_stars_the_balance_is_zero(db: Database) -> None:
    account = await users.log_in_telegram(db, users.TelegramProfile(telegram_id=5, first_name="A"), 0)

    assert await ledger.balance(db, account.user_id) == 0
    assert await ledger.statement(db, account.user_id, None, 10) == []


@pytest.mark.parametrize(
    ("first", "last", "username", "name"),
    [
        ("A", "B", "u", "A B"),
        ("  A ", None, "u", "A"),
        (None, " B", "u", "B"),
        (" ", "", "user", "user"),
        (None, None, None, "Player"),
        ("x" * 100, "y", None, "x" * 64),
    ],
)
async def test_the_name_that_is_shown(
    db: Database, first: str | None, last: str | None, username: str | None, name: str
) -> None:
    profile = users.TelegramProfile(telegram_id=5, first_name=first, last_name=last, username=username)

    account = await users.log_in_telegram(db, profile, 0)

    assert (await users.me(db, account.user_id)).name == name


async def test_a_profile_that_cannot_be_kept_leaves_nothing_behind(db: Database, database_url: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        await users.log_in_telegram(db, users.TelegramProfile(telegram_id=5, first_name="x" * 129), STARS)
    with pytest.raises(psycopg.errors.CheckViolation):
        await users.log_in_telegram(db, users.TelegramProfile(telegram_id=0, first_name="x"), STARS)

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM public.users").fetchone() == (0,)


async def test_hello_answers_for_many(db: Database, database_url: str) -> None:
    profiles = [users.TelegramProfile(telegram_id=n, language_code="pt-br") for n in range(1, 4)]
    made = [(await users.log_in_telegram(db, profile, STARS)).user_id for profile in profiles]
    room = new_room()
    await fill(db, room, made[:1])
    await users.set_language(db, made[2], "ru")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE auth.users SET banned_at = now() WHERE user_id = %s", [made[1]])

    answers = await users.hello(db, [*made, 999])
    assert len({answer.person_id for answer in answers.values()}) == 3
    assert {user_id: replace(answer, person_id=None) for user_id, answer in answers.items()} == {
        made[0]: users.Hello(False, room, "pt-br"),
        made[1]: users.Hello(True, None, "pt-br"),
        made[2]: users.Hello(False, None, "ru"),
    }
    again = await users.log_in_telegram(db, users.TelegramProfile(telegram_id=2), STARS)
    assert again.banned
    assert (await users.me(db, made[0])).room_id == room


async def test_an_account_that_is_not_there_is_unauthorized(db: Database) -> None:
    for attempt in (users.me(db, 5), users.set_language(db, 5, "ru"), ledger.balance(db, 5)):
        with pytest.raises(GameError) as refused:
            await attempt
        assert refused.value.code == ErrorCode.UNAUTHORIZED
