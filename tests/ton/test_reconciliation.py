"""Deposits held against the chain's transactions from time to time: on from where the last comparison agreed."""

import psycopg

from persistence.payments.chain_reconciliation import ChainReconciliation
from persistence.postgres.chain_transactions import ChainReading
from tests.ton.conftest import HOUSE, RATE, World


async def read(world: World, *, whole: bool = False) -> ChainReading:
    return await ChainReconciliation(world.db, world.client, world.settings).reconcile(whole=whole)


async def deposit(world: World) -> int:
    """A credited deposit; its logical time."""
    order = await world.order(await world.player())
    seen = world.chain.send(HOUSE, 100 * RATE, order.ton_memo)
    await world.read()
    return seen.lt


async def test_a_comparison_goes_on_from_where_the_last_one_agreed(world: World) -> None:
    assert ((await read(world)).to_lt, (await read(world)).differences) == (0, [])
    first = await deposit(world)
    found = await read(world)
    assert (found.from_lt, found.to_lt, found.incoming, found.incoming_nanoton) == (0, first, 1, 100 * RATE)
    second = await deposit(world)
    found = await read(world)
    assert (found.from_lt, found.to_lt, found.incoming, found.differences) == (first, second, 2, [])
    world.chain.send(HOUSE, RATE, "not read yet")
    assert (await read(world)).to_lt == second
    whole = await read(world, whole=True)
    assert (whole.from_lt, whole.incoming, whole.wallet) == (0, 2, None)


async def test_where_it_differs_the_next_begins_again(world: World) -> None:
    first = await deposit(world)
    await read(world)
    await deposit(world)

    def change(by: int) -> None:
        with psycopg.connect(world.settings.database_url, autocommit=True) as connection:
            connection.execute("UPDATE pay.chain_receipts SET nanoton = nanoton + %s WHERE lt > %s", [by, first])

    change(1)
    for _ in range(2):
        found = await read(world)
        assert (found.from_lt, [each.rule for each in found.differences]) == (first, ["amount_differs"])
    change(-1)
    assert ((await read(world)).differences, (await read(world)).incoming) == ([], 1)
