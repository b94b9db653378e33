"""The limits of withdrawals count a day of the person: not one request, and not one account."""

from dataclasses import replace

import psycopg
import pytest

from persistence.postgres import withdrawals
from persistence.postgres.pool import Database
from tests.fixtures.accounts import earn
from tests.postgres.money import FREE, NOW_MS, Payer, payer, withdraw
from tests.postgres.play import assert_clean

DAY_MS = 86_400_000
APPROVED = replace(FREE, approval_stars=1000)


async def _accounts(db: Database, url: str, count: int) -> list[Payer]:
    """Accounts of one person, with Stars."""
    made = [await payer(db) for _ in range(count)]
    for each in made:
        await earn(db, each.user_id, 5000)
    with psycopg.connect(url) as connection:
        for other in made[1:]:
            connection.execute(
                "SELECT auth.join_persons(auth.person_of(%s), auth.person_of(%s))", [made[0].user_id, other.user_id]
            )
    return made


@pytest.mark.parametrize("accounts", [1, 2])
async def test_an_operator_decides_about_what_passes_the_days_sum(
    db: Database, database_url: str, accounts: int
) -> None:
    one, *others = await _accounts(db, database_url, accounts)
    other = (others or [one])[0]

    async def needs_approval(player: Payer, amount: int, at_ms: int = NOW_MS) -> bool:
        made = (await withdraw(db, player, amount, APPROVED, at_ms=at_ms)).withdrawal
        assert made is not None
        return made.needs_approval

    assert not await needs_approval(one, 600)
    assert not await needs_approval(other, 400)
    assert await needs_approval(other, 1)
    assert await needs_approval(one, 1)
    assert not await needs_approval(one, 1000, NOW_MS + DAY_MS)
    await assert_clean(db)


async def test_what_came_back_counts_no_more(db: Database) -> None:
    player = await payer(db)
    await earn(db, player.user_id, 5000)
    first = (await withdraw(db, player, 1000, APPROVED)).withdrawal
    assert first is not None
    await withdrawals.review(db, first.withdrawal_id, "refuse", by="olga", now_ms=NOW_MS)
    again = (await withdraw(db, player, 1000, APPROVED)).withdrawal
    assert again is not None
    assert not again.needs_approval


async def test_another_account_of_the_person_has_no_day_of_its_own(db: Database, database_url: str) -> None:
    one, two = await _accounts(db, database_url, 2)
    stranger = await payer(db)
    await earn(db, stranger.user_id, 5000)
    rules = replace(FREE, account_day=1000)
    assert (await withdraw(db, one, 600, rules)).status == "new"
    refused = await withdraw(db, two, 401, rules)
    assert (refused.status, refused.limit) == ("limit_reached", "account_day")
    assert (await withdraw(db, two, 400, rules)).status == "new"
    assert (await withdraw(db, stranger, 1000, rules)).status == "new"
