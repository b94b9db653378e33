"""Every transfer is explained, and everything that calls for one has it: whatever is booked beside that is found.

One world holds each kind of transfer in each of its forms.  A forgery is made in it as no role could, and taken back.
"""

import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from persistence.postgres import games, stars, withdrawals
from persistence.postgres.pool import Database
from tests.fixtures.accounts import earn
from tests.postgres import money
from tests.postgres.money import Payer, charge_back, deposit, lose, payer, withdrawn
from tests.postgres.play import Finisher, assert_clean, fill, finished, hero_room, new_room

HOUSE = ("house", "demo", "bonus", "telegram", "chain", "held", "loss", "suspense")


async def _world(db: Database, url: str) -> dict[str, Any]:
    """Each kind of transfer, in each form; what forgeries may name."""
    await payer(db, stars=500)
    idle = await payer(db)
    one, two = await payer(db), await payer(db)
    for player in (one, two):
        await earn(db, player.user_id, 5000)

    settled, refunded, opened = new_room(), new_room(), new_room()
    seats = await fill(db, settled, [one.user_id, two.user_id], fee_bps=500)
    await games.settle(db, settled, finished(settled, [Finisher(seats[0], one.user_id, 9)]))  # the other is not ranked
    await fill(db, refunded, [one.user_id])
    await games.void(db, refunded, "operator")
    hero = await hero_room(db, two.user_id)
    (seat,) = await fill(db, hero, [one.user_id], kind="hero")
    await games.settle(db, hero, finished(hero, [Finisher(seat, one.user_id, 9)], kind="hero"))
    (live,) = await fill(db, opened, [one.user_id])

    kept = await deposit(db, url, two, 100)
    sent_back = await deposit(db, url, two, 70)
    await stars.refund(db, sent_back.charge_id, by="olga")
    await stars.settle_refund(db, sent_back.charge_id, "refused", error="no")
    await stars.refund(db, sent_back.charge_id, by="olga")
    await stars.settle_refund(db, sent_back.charge_id, "done", error=None)
    nobodys = [money.order(url, Payer(two.user_id, 1), amount) for amount in (11, 12, 13)]
    for charge in nobodys:
        assert (await stars.credit(db, charge, late_s=60, found_by="update")).status == "review"
    assigned, returned, reversed_ = nobodys
    await stars.refund(db, assigned.charge_id, by="olga")
    await stars.settle_refund(db, assigned.charge_id, "refused", error="no")
    assert (await stars.assign(db, assigned.charge_id, user_id=two.user_id, by="olga")).status == "ok"
    await stars.refund(db, assigned.charge_id, by="olga")  # on its way
    await stars.refund(db, returned.charge_id, by="olga")
    await stars.settle_refund(db, returned.charge_id, "done", error=None)
    await charge_back(db, reversed_)
    unknown = money.order(url, Payer(two.user_id, 1), 14)
    await stars.credit(db, unknown, late_s=60, found_by="update")

    debtor = await payer(db)
    spent = await deposit(db, url, debtor, 300)
    held = await withdrawn(db, debtor, 80)
    await lose(db, debtor, 200)
    await charge_back(db, spent)
    await withdrawals.review(db, held, "refuse", by="olga", now_ms=money.NOW_MS)

    paid, waits = await withdrawn(db, two, 60), await withdrawn(db, two, 40)
    for each in await withdrawals.release(db, money.NOW_MS, 10):
        if each.withdrawal_id == paid:
            assert (await withdrawals.end(db, each, "sent", reference="x")).status == "sent"
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "INSERT INTO pay.chain_receipts"
            " (network, account, lt, hash, mc_seqno, source, nanoton, state, reason, sent_at)"
            " VALUES ('mainnet', '0:1', 1, %s, 1, '0:2', 900, 'review', 'no_memo', now()) RETURNING receipt_id",
            [secrets.token_hex(32)],
        ).fetchone()
        assert row is not None
        connection.execute("SELECT pay.assign_chain(%s, NULL, %s, 30, true)", [row[0], two.user_id])
    await assert_clean(db)
    return {
        "idle": idle.user_id, "one": one.user_id, "two": two.user_id, "debtor": debtor.user_id,
        "settled": settled, "refunded": refunded, "opened": opened, "live": live, "gone": seats[1], "won": seats[0],
        "kept": kept.charge_id, "sent_back": sent_back.charge_id, "assigned": assigned.charge_id,
        "unknown": unknown.charge_id, "waits": waits, "paid": paid, "returned": held,
        "nowhere": "00000000-0000-4000-8000-000000000000",
    }  # fmt: skip


@pytest_asyncio.fixture
async def names(db: Database, database_url: str) -> AsyncIterator[dict[str, Any]]:
    yield await _world(db, database_url)


@pytest.fixture
def forger(database_url: str, names: dict[str, Any]) -> Iterator[psycopg.Connection]:
    """May do everything; triggers and checks are off."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.commit()
        yield connection


def findings(forger: psycopg.Connection) -> list[tuple[str, str]]:
    return forger.execute("SELECT rule, subject FROM ledger.audit_transfers()").fetchall()


def kinds(forger: psycopg.Connection) -> list[str]:
    return [row[0] for row in forger.execute("SELECT unnest(enum_range(NULL::ledger.transfer_kind))::text").fetchall()]


# Keys that look right, of subjects that do not call for them now; by the form that they have.
KEYS = (
    "grant:{two}", "stake:{nowhere}", "refund:{nowhere}", "refund:{live}", "refund:{won}", "settle:{refunded}",
    "settle:{opened}", "settle:0000000000000000", "bonus:999", "deposit:stars:none", "deposit:ton:none",
    "deposit_assigned:{kept}", "deposit_assigned:{unknown}", "deposit_refund:{kept}:1", "deposit_refund:{assigned}:1",
    "deposit_refund:{sent_back}:9", "deposit_refund_back:{sent_back}:2", "deposit_refund_back:{assigned}:2",
    "deposit_refunded:{kept}", "deposit_refunded:{unknown}", "deposit_refunded:{assigned}", "chargeback:{kept}",
    "chargeback:{unknown}", "chargeback:none", "withdrawal:{nowhere}", "withdrawal_return:{waits}",
    "withdrawal_return:{paid}", "withdrawal_return:{nowhere}", "payout:{waits}", "payout:{returned}", "debt:1:9",
    "debt:9:1", "anything",
)  # fmt: skip


async def test_a_transfer_that_nothing_calls_for_is_found(
    db: Database, forger: psycopg.Connection, names: dict[str, Any]
) -> None:
    """Of every kind, by whatever subject it names, from each account of the house to a player."""
    accounts: dict[str, int] = dict(
        forger.execute("SELECT kind::text, account_id FROM ledger.accounts WHERE user_id IS NULL").fetchall()
    )
    (player,) = forger.execute("SELECT account_id FROM ledger.balances WHERE user_id = %s", [names["two"]]).fetchall()
    wanted = {key.format(**names) for key in KEYS}
    for turn, kind in enumerate(kinds(forger)):
        for number, key in enumerate(sorted(wanted)):
            source = accounts[HOUSE[(turn + number) % len(HOUSE)]]
            forger.execute(
                "SELECT ledger.post(%s, %s::ledger.transfer_kind, NULL, NULL, ARRAY[%s::bigint, %s],"
                " ARRAY[%s::bigint, %s])",
                [key, kind, source, player[0], -26_664, 26_664],
            )
        found = {subject for rule, subject in findings(forger) if rule == "transfer_unexplained"}
        assert found == wanted, kind
        forger.rollback()
    await assert_clean(db)


# What may be wrong with a transfer that is called for.  {other}: an account that has no part in it.
CHANGES = {
    "transfer_missing": "DELETE FROM ledger.entries WHERE transfer_id = {id}",
    "more": "UPDATE ledger.entries SET amount = amount * 2 WHERE transfer_id = {id}",
    "to another": "UPDATE ledger.entries SET account_id = {other} WHERE entry_id ="
    " (SELECT max(entry_id) FROM ledger.entries WHERE transfer_id = {id})",
    "from another": "UPDATE ledger.entries SET account_id = {other} WHERE entry_id ="
    " (SELECT min(entry_id) FROM ledger.entries WHERE transfer_id = {id})",
    "twice": "INSERT INTO ledger.entries (transfer_id, account_id, amount)"
    " SELECT transfer_id, account_id, amount FROM ledger.entries WHERE transfer_id = {id}",
    "another kind": "UPDATE ledger.transfers SET kind = CASE kind WHEN 'stake' THEN 'payout' ELSE 'stake' END"
    "::ledger.transfer_kind WHERE transfer_id = {id}",
    "another room": "UPDATE ledger.transfers SET room_id = 'elsewhere' WHERE transfer_id = {id}",
}


async def test_a_transfer_that_is_not_as_it_should_be_is_found(
    db: Database, forger: psycopg.Connection, names: dict[str, Any]
) -> None:
    """Each form that there is, each way to be wrong.  A kind that has no transfer here has no rule yet."""
    transfers = forger.execute(
        "SELECT transfer_id, kind::text, key FROM ledger.transfers ORDER BY transfer_id"
    ).fetchall()
    forms = {key.partition(":")[0] + kind: (number, key) for number, kind, key in transfers}
    assert {kind for _, kind, _ in transfers} == set(kinds(forger))
    assert {form.partition(":")[0] for form in KEYS} - {"anything"} <= {key.partition(":")[0] for *_, key in transfers}
    (other,) = forger.execute("SELECT account_id FROM ledger.balances WHERE user_id = %s", [names["idle"]]).fetchall()
    for number, key in forms.values():
        for way, change in CHANGES.items():
            with forger.transaction(force_rollback=True):
                assert forger.execute(change.format(id=number, other=other[0]).encode()).rowcount > 0, (key, way)
                rule = way if way == "transfer_missing" else "transfer_differs"
                assert (rule, key) in findings(forger), (key, way)
    await assert_clean(db)


DEBTS = {
    "debt_differs": (
        "UPDATE ledger.debts SET paid = paid - 1",
        "UPDATE ledger.debts SET payments = payments + 1",
        "DELETE FROM ledger.debts",
        "UPDATE pay.star_receipts SET lost = lost + 1 WHERE lost > 0",
    ),
    "loss_differs": ("UPDATE ledger.debts SET stars = stars + 1",),
    "debt_unpaid": (
        "UPDATE ledger.balances SET balance = 5 WHERE user_id = {debtor}",
        "UPDATE ledger.balances SET owes = false WHERE user_id = {debtor}",
    ),
    "transfer_missing": ("UPDATE ledger.debt_payments SET number = number + 1",),
    "transfer_differs": ("UPDATE ledger.debt_payments SET stars = stars + 1",),
}


async def test_debts_agree_with_what_was_lost_and_paid(forger: psycopg.Connection, names: dict[str, Any]) -> None:
    for rule, damages in DEBTS.items():
        for damage in damages:
            with forger.transaction(force_rollback=True):
                assert forger.execute(damage.format(**names).encode()).rowcount > 0
                assert rule in {found for found, _ in findings(forger)}, damage
