"""Stars that are charged back after they were spent, staked or held are owed: whatever comes back pays first, on every
way that Stars can come, and the house's loss falls by what is paid."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import psycopg
import pytest

from persistence.postgres import bonus, debts, games, ledger, operators, stars, withdrawals
from persistence.postgres.pool import Database
from tests.fixtures.accounts import new_player
from tests.fixtures.postgres import Execute
from tests.fixtures.waiting import eventually
from tests.postgres import money
from tests.postgres.money import Payer, balance, charge_back, deposit, lose, payer, withdrawn
from tests.postgres.play import Finisher, assert_clean, balance_of_account, finished, hero_room, new_room, pay

DAY_MS = 86_400_000


async def staked(db: Database, player: Payer, amount: int, **more: Any) -> tuple[str, str]:
    """A seat that the player paid for, and its room."""
    room = new_room()
    reply = await pay(db, player.user_id, room, amount=amount, **more)
    assert reply.seat_id is not None, reply.status
    return reply.seat_id, room


async def owing(db: Database, url: str, amount: int) -> Payer:
    """A player who owes so much and has nothing."""
    player = await payer(db)
    charge = await deposit(db, url, player, amount)
    await lose(db, player, amount)
    assert (await charge_back(db, charge)).blocked
    return player


async def open_debts(db: Database, player: Payer) -> list[int]:
    """What is left of each."""
    found = await debts.listed(db, open_only=True, user_id=player.user_id, limit=10)
    return [debt.stars - debt.paid for debt in found]


# Each way on which Stars come to a player: it is prepared, the debt is opened by a charge-back, the Stars come.
Way = Callable[[Database, str, Execute, Payer], Awaitable[Callable[[], Awaitable[Any]]]]


async def _refused_withdrawal(
    db: Database, _url: str, _execute: Execute, player: Payer
) -> Callable[[], Awaitable[Any]]:
    asked = await withdrawn(db, player, 1000)
    return lambda: withdrawals.review(db, asked, "refuse", by="olga", now_ms=money.NOW_MS)


async def _left_seat(db: Database, _url: str, _execute: Execute, player: Payer) -> Callable[[], Awaitable[Any]]:
    seat, _ = await staked(db, player, 1000)
    return lambda: games.refund(db, seat, "left")


async def _voided_room(db: Database, _url: str, _execute: Execute, player: Payer) -> Callable[[], Awaitable[Any]]:
    _, room = await staked(db, player, 1000)
    return lambda: games.void(db, room, "operator")


async def _prize(db: Database, _url: str, _execute: Execute, player: Payer) -> Callable[[], Awaitable[Any]]:
    seat, room = await staked(db, player, 1000)
    return lambda: games.settle(db, room, finished(room, [Finisher(seat, player.user_id, 9)]))


async def _organizers_part(db: Database, url: str, _execute: Execute, player: Payer) -> Callable[[], Awaitable[Any]]:
    await lose(db, player, 1000)
    other = await payer(db)
    await deposit(db, url, other, 10_000)
    room = await hero_room(db, player.user_id, fee=10_000)
    seat = (await pay(db, other.user_id, room, amount=10_000, kind="hero", fee_bps=1000)).seat_id
    assert seat is not None
    return lambda: games.settle(db, room, finished(room, [Finisher(seat, other.user_id, 9)], kind="hero"))


async def _bonus(db: Database, _url: str, _execute: Execute, player: Payer) -> Callable[[], Awaitable[Any]]:
    await lose(db, player, 1000)
    _, run = await bonus.start(
        db, player.user_id, goal=1, reward=1000, budget=10**6, started_ms=money.NOW_MS, ends_ms=money.NOW_MS + DAY_MS
    )
    assert run is not None
    done = bonus.Report(
        run_id=run.run_id, state="done", taps=1, seq=1, last_tap_ms=money.NOW_MS, reason=None, evidence=None
    )
    return lambda: bonus.record(db, [done], budget=10**6, approval=10**6)


async def _deposit(db: Database, url: str, _execute: Execute, player: Payer) -> Callable[[], Awaitable[Any]]:
    """Taken by Telegram before the account was blocked."""
    await lose(db, player, 1000)
    charge = money.order(url, player, 1000)
    return lambda: stars.credit(db, charge, late_s=60, found_by="update")


async def _assigned(db: Database, url: str, _execute: Execute, player: Payer) -> Callable[[], Awaitable[Any]]:
    await lose(db, player, 1000)
    charge = money.order(url, Payer(player.user_id, 1), 1000)
    assert (await stars.credit(db, charge, late_s=60, found_by="update")).status == "review"
    return lambda: stars.assign(db, charge.charge_id, user_id=player.user_id, by="olga")


async def _refused_refund(db: Database, url: str, _execute: Execute, player: Payer) -> Callable[[], Awaitable[Any]]:
    await lose(db, player, 1000)
    charge = await deposit(db, url, player, 1000)
    assert (await stars.refund(db, charge.charge_id, by="olga")).status == "ok"
    return lambda: stars.settle_refund(db, charge.charge_id, "refused", error="no")


WAYS: dict[str, Way] = {
    "withdrawal_return": _refused_withdrawal,
    "refund": _left_seat,
    "refund of a room": _voided_room,
    "settle": _prize,
    "settle for the organizer": _organizers_part,
    "bonus": _bonus,
    "deposit": _deposit,
    "deposit that is assigned": _assigned,
    "deposit_refund": _refused_refund,
}


@pytest.mark.parametrize("way", WAYS)
async def test_whatever_comes_pays_the_debt_first(db: Database, database_url: str, execute: Execute, way: str) -> None:
    player = await payer(db)
    charge = await deposit(db, database_url, player, 1000)
    come = await WAYS[way](db, database_url, execute, player)
    assert await balance(db, player) == 0

    assert (await charge_back(db, charge)).blocked
    assert await open_debts(db, player) == [1000]
    assert balance_of_account(database_url, "loss") == -1000
    await assert_clean(db)

    # Lifting the block is not forgiving.
    execute("SELECT auth.unban(%s, NULL)", player.user_id)
    await come()

    assert await balance(db, player) == 0
    assert await open_debts(db, player) == []
    assert balance_of_account(database_url, "loss") == 0
    paid = (await ledger.statement(db, player.user_id, None, 1))[0]
    assert (paid.kind, paid.amount, paid.balance_after, paid.reason) == ("debt", -1000, 0, way.split()[0])
    notices = execute("SELECT amount, reason FROM bot.notices WHERE user_id = %s AND kind = 'debt'", player.user_id)
    assert notices == [(1000, way.split()[0])]
    await assert_clean(db)


async def test_answers_say_the_balance_after_the_debt(db: Database, database_url: str) -> None:
    player = await payer(db)
    charge = await deposit(db, database_url, player, 100)
    seat, _ = await staked(db, player, 100)
    await charge_back(db, charge)
    assert (await games.refund(db, seat, "left")).balance == 0

    winner = await payer(db)
    charge = await deposit(db, database_url, winner, 100)
    await withdrawn(db, winner, 60)
    seat, room = await staked(db, winner, 40)
    await charge_back(db, charge)
    outcome = await games.settle(db, room, finished(room, [Finisher(seat, winner.user_id, 9)]))
    assert (outcome.payouts, outcome.balances) == ({str(winner.user_id): 40}, {str(winner.user_id): 0})
    await assert_clean(db)


async def test_the_oldest_debt_is_paid_first_and_the_rest_is_the_players(db: Database, database_url: str) -> None:
    player = await payer(db)
    charges = [await deposit(db, database_url, player, 100) for _ in range(2)]
    (seat, _), asked = await staked(db, player, 70), await withdrawn(db, player, 130)
    for charge in charges:
        await charge_back(db, charge)
    assert await open_debts(db, player) == [100, 100]

    await games.refund(db, seat, "left")
    assert await open_debts(db, player) == [100, 30]  # the newest first
    await withdrawals.review(db, asked, "refuse", by="olga", now_ms=money.NOW_MS)
    assert await open_debts(db, player) == []
    assert await balance(db, player) == 0

    await deposit_unblocked(db, database_url, player, 50)
    assert await balance(db, player) == 50
    await assert_clean(db)


async def deposit_unblocked(db: Database, url: str, player: Payer, amount: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SELECT auth.unban(%s, NULL)", [player.user_id])
    await deposit(db, url, player, amount)


async def test_a_payment_of_a_blocked_player_is_kept_where_it_paid_a_debt(db: Database, database_url: str) -> None:
    """Telegram sends charges back as a whole or not at all."""
    player = await owing(db, database_url, 30)
    charge = money.order(database_url, player, 50)
    credited = await stars.credit(db, charge, late_s=60, found_by="update")
    assert (credited.status, credited.balance) == ("credited", 20)
    await assert_clean(db)
    # And it can be taken back like any other: then the debt is there again.
    await charge_back(db, charge)
    assert await open_debts(db, player) == [30]
    assert balance_of_account(database_url, "loss") == -30
    await assert_clean(db)


async def test_demonstration_stars_pay_no_debt(db: Database, database_url: str) -> None:
    player = await payer(db, stars=500)
    charge = await deposit(db, database_url, player, 1000)
    await lose(db, player, 1300)
    seat, room = await staked(db, player, 200)
    await charge_back(db, charge)
    await games.settle(db, room, finished(room, [Finisher(seat, player.user_id, 9)]))
    assert await balance(db, player) == 200
    assert await open_debts(db, player) == [1000]
    assert balance_of_account(database_url, "loss") == -1000
    await assert_clean(db)


def join_persons(url: str, one: Payer, two: Payer) -> None:
    """It turns out that both accounts are one person's."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT auth.join_persons(auth.person_of(%s), auth.person_of(%s))", [one.user_id, two.user_id]
        )


async def test_the_persons_other_accounts_pay_at_once_and_later(db: Database, database_url: str) -> None:
    one, two, late = [await payer(db) for _ in range(3)]
    charge = await deposit(db, database_url, one, 100)
    await deposit(db, database_url, two, 30)
    await deposit(db, database_url, late, 20)
    join_persons(database_url, one, two)
    await lose(db, one, 100)

    await charge_back(db, charge)
    assert (await balance(db, two), await open_debts(db, two)) == (0, [70])
    told = await operators.report(db, two.user_id)
    assert told is not None
    assert (told["owes"], told["demo"]) == (70, False)
    join_persons(database_url, late, one)
    assert (await balance(db, late), await open_debts(db, late)) == (0, [50])
    await assert_clean(db)
    for player, owed in ((two, [5]), (late, [])):
        await deposit_unblocked(db, database_url, player, 45)
        assert await open_debts(db, one) == owed
    assert await balance(db, late) == 40
    assert balance_of_account(database_url, "loss") == 0
    await assert_clean(db)


async def test_a_new_account_of_the_person_owes_too(db: Database, database_url: str, execute: Execute) -> None:
    player = await owing(db, database_url, 60)
    for table in ("public.users", "auth.users"):
        execute(f"UPDATE {table} SET telegram_id = NULL WHERE user_id = %s", player.user_id)
    again = Payer(await new_player(db, telegram_id=player.telegram_id), player.telegram_id)
    assert again.user_id != player.user_id
    await assert_clean(db)
    await deposit_unblocked(db, database_url, again, 50)
    assert await balance(db, again) == 0
    assert await open_debts(db, player) == [10]
    await assert_clean(db)


async def test_an_operator_forgives_what_is_left_once_and_with_a_reason(db: Database, database_url: str) -> None:
    player = await payer(db)
    charge = await deposit(db, database_url, player, 100)
    seat, _ = await staked(db, player, 40)
    asked = await withdrawn(db, player, 60)
    await charge_back(db, charge)
    await games.refund(db, seat, "left")
    (debt,) = await debts.listed(db, open_only=True, user_id=None, limit=10)

    assert await debts.forgive(db, debt.debt_id, reason="a mistake of ours", by="olga") == "ok"
    assert await debts.forgive(db, debt.debt_id, reason="another", by="ivan") == "unchanged"
    assert await debts.forgive(db, debt.debt_id + 1, reason="none", by="olga") == "not_found"
    found = await debts.report(db, debt.debt_id)
    assert found is not None
    told = found.debt
    assert (told.paid, told.forgiven, told.forgiven_by, told.forgiven_reason) == (
        40,
        60,
        "postgres (olga)",
        "a mistake of ours",
    )
    assert [(each["stars"], each["cause"]) for each in found.payments] == [(40, f"refund:{seat}")]
    assert [(each["balance"], each["held"]) for each in found.accounts] == [(0, 60)]
    assert balance_of_account(database_url, "loss") == -60  # for good

    await withdrawals.review(db, asked, "refuse", by="olga", now_ms=money.NOW_MS)
    assert await balance(db, player) == 60
    await assert_clean(db)
    paid = await owing(db, database_url, 5)
    await deposit_unblocked(db, database_url, paid, 5)
    (debt,) = await debts.listed(db, open_only=False, user_id=paid.user_id, limit=10)
    assert await debts.forgive(db, debt.debt_id, reason="late", by="olga") == "conflict"


Twin = Callable[[Database, str, Payer], Awaitable[tuple[str, Callable[[], Awaitable[Any]]]]]


async def _settlement(db: Database, _url: str, player: Payer) -> tuple[str, Callable[[], Awaitable[Any]]]:
    seat, room = await staked(db, player, 100)
    result = finished(room, [Finisher(seat, player.user_id, 9)])
    return (
        f"SELECT game.settle('{room}', '{result.decode()}')",
        lambda: games.settle(db, room, result),
    )


async def _refusal(db: Database, _url: str, player: Payer) -> tuple[str, Callable[[], Awaitable[Any]]]:
    asked = await withdrawn(db, player, 100)
    return (
        f"SELECT * FROM pay.review_withdrawal('{asked}', 'refuse', NULL, {money.NOW_MS})",
        lambda: withdrawals.review(db, asked, "refuse", by="olga", now_ms=money.NOW_MS),
    )


async def _charge_back(db: Database, url: str, player: Payer) -> tuple[str, Callable[[], Awaitable[Any]]]:
    charge = await deposit(db, url, player, 50)
    await lose(db, player, 50)
    await withdrawn(db, player, 100)
    values = f"'{charge.charge_id}', '{charge.payload}', {charge.payer_id}, 50, 'XTR', {charge.at_ms}"
    return f"SELECT pay.reverse_stars({values})", lambda: charge_back(db, charge)


@pytest.mark.parametrize("first", ["the charge-back", "the other"])
@pytest.mark.parametrize("twin", [_settlement, _refusal, _charge_back])
async def test_a_charge_back_meets_what_comes_back_at_the_same_time(
    db: Database, database_url: str, twin: Twin, first: str
) -> None:
    """Whichever comes first, the other waits for its end, and nothing is forgotten."""
    player = await payer(db)
    charge = await deposit(db, database_url, player, 100)
    text, later = await twin(db, database_url, player)
    if first == "the charge-back":
        values = f"'{charge.charge_id}', '{charge.payload}', {charge.payer_id}, 100, 'XTR', {charge.at_ms}"
        text = f"SELECT pay.reverse_stars({values})"
    else:
        later = partial(charge_back, db, charge)
    async with (
        await psycopg.AsyncConnection.connect(database_url) as rival,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as watcher,
    ):
        await rival.execute(text.encode())
        task = asyncio.ensure_future(later())
        blocked = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

        async def waits() -> bool:
            return await (await watcher.execute(blocked)).fetchone() is not None

        await eventually("it waits for the other one's lock", waits)
        await rival.commit()
    await task

    left = 150 if twin is _charge_back else 0
    assert sum(await open_debts(db, player)) == left
    assert await balance(db, player) == 0
    assert balance_of_account(database_url, "loss") == -left
    await assert_clean(db)
