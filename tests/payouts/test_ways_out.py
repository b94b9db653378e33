"""Every state of a withdrawal, a payment, a charge and a deposit is an end, or somebody can lead out of it.

The tables are held against Postgres's own lists of states: a new one without a way out fails here.
"""

import uuid

import pytest

from persistence.payments.payouts import STUCK_S
from persistence.postgres import withdrawals
from tests.fixtures.postgres import Execute
from tests.payouts.conftest import HOLD_MS, Player, World

ENDS: dict[str, set[str]] = {
    "withdrawal_state": {"sent", "returned"},
    # What is cancelled, over or sent back waits for nobody, and can still be paid.
    "state": {"paid", "cancelled", "expired", "refunded"},
    # A credit can be sent back and taken back, but nothing waits.
    "receipt_state": {"credited", "refunded", "charged_back"},
    "chain": {"credited", "ignored"},
}
WAYS: dict[str, dict[str, str]] = {
    "withdrawal_state": {
        "held": "pay.release_withdrawals, pay.review_withdrawal",
        "approval": "pay.review_withdrawal",
        "sending": "pay.end_payout, pay.hand_over_withdrawals",
    },
    "state": {"pending": "pay.expire_payments", "review": "pay.assign_stars, pay.refund_stars, pay.dismiss_chain"},
    "receipt_state": {
        "review": "pay.assign_stars, pay.refund_stars, pay.close_charge",
        "refunding": "pay.settle_refund, pay.close_charge",
    },
    "chain": {"review": "pay.assign_chain, pay.dismiss_chain"},
}


@pytest.mark.parametrize("kind", list(WAYS))
def test_every_state_is_an_end_or_has_a_way_out_that_exists(execute: Execute, kind: str) -> None:
    if kind == "chain":
        ((definition,),) = execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'chain_receipts_state_check'"
        )
        states = {word for word in definition.split("'") if word.isidentifier()}
    else:
        states = {
            row[0]
            for row in execute(
                "SELECT e.enumlabel FROM pg_enum AS e JOIN pg_type AS t ON t.oid = e.enumtypid"
                " JOIN pg_namespace AS n ON n.oid = t.typnamespace WHERE n.nspname = 'pay' AND t.typname = %s",
                kind,
            )
        }
    assert ENDS[kind] | set(WAYS[kind]) == states
    for ways in WAYS[kind].values():
        for way in ways.split(", "):
            assert execute("SELECT count(*) FROM pg_proc WHERE oid = to_regproc(%s)", way) == [(1,)], way


async def waiting(world: World, execute: Execute, player: Player, why: str, months: int | None) -> uuid.UUID:
    """A withdrawal that waits for an operator, or is under way and stays so."""
    asked = await world.requested(player, 1000, months=months)
    world.pass_time(HOLD_MS)
    await world.payouts().release()
    if why in ("limit", "banned", "failed", "unknown"):
        execute(
            "UPDATE pay.withdrawals SET state = 'approval', waits_for = %s, next_try_at = NULL"
            " WHERE withdrawal_id = %s",
            why,
            asked.withdrawal_id,
        )
    elif why == "begun":
        await withdrawals.begin(world.db, asked, world.clock.now_ms(), None, bot_id=5)
    return uuid.UUID(asked.withdrawal_id)


@pytest.mark.parametrize("months", [None, 3])
@pytest.mark.parametrize("why", ["limit", "banned", "failed", "unknown", "not begun", "begun"])
async def test_each_withdrawal_comes_to_an_end_by_somebody(
    world: World, execute: Execute, why: str, months: int | None
) -> None:
    """Also with its method off: nobody sends any more, and the Stars come back."""
    if why == "begun" and months is None:
        return  # a message of TON is committed with it: tests/payouts/test_identification.py
    player = await world.player()
    name = str(await waiting(world, execute, player, why, months))
    if why in ("not begun", "begun"):
        assert (await world.flow.review(name, "refuse", by="olga")).status == "conflict"
        world.pass_time(int(STUCK_S * 1000) + 130_000)
        await world.payouts().release()
        found = await withdrawals.report(world.db, name)
        assert found is not None
        assert (found[0].state, found[0].waits_for) == ("approval", "unknown" if why == "begun" else "failed")
    assert (await world.flow.review(name, "refuse", by="olga")).status == "ok"
    assert await world.balance(player) == 5_000


async def test_what_was_not_begun_need_not_wait_for_its_method(world: World) -> None:
    player = await world.player()
    asked = await world.requested(player, 1000)
    world.pass_time(HOLD_MS)
    await world.payouts().release()
    world.pass_time(600_000)
    assert (await world.flow.review(asked.withdrawal_id, "refuse", by="olga")).status == "ok"
    await world.round()
    assert ((await world.state(asked)).state, world.times_paid(player)) == ("returned", 0)
