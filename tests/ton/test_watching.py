"""Which addresses are read, and what cannot be read or recorded holds up nothing else."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from persistence.postgres import set_aside, ton_deposits
from persistence.ton.transaction import Transaction, parse
from tests.fixtures.postgres import Execute
from tests.ton.conftest import HOUSE, World, nanoton
from workers.loops import ton_watcher


async def test_an_address_that_players_were_given_stays_watched(world: World) -> None:
    player = await world.player()
    order, later = await world.order(player), await world.order(player)
    for address in ("0:" + "6a" * 32, ""):  # another one, and then none: deposits are off
        now = World(
            replace(world.settings, ton_wallet_address=address),
            world.live, world.db, world.toncenter, world.client, world.price,
        )  # fmt: skip
        tx = world.chain.send(HOUSE, nanoton(100), order.ton_memo)
        await now.read()
        assert await world.outcome(tx) == ("credited", None, 100)
        order = later
    assert await world.balance(player) == 200


async def test_an_address_long_unused_is_read_from_time_to_time(world: World) -> None:
    player = await world.player()
    order = await world.order(player)
    elsewhere = replace(world.settings, ton_wallet_address="0:" + "6a" * 32)
    now = World(elsewhere, world.live, world.db, world.toncenter, world.client, world.price)
    watcher = now.watcher()
    await watcher.round()
    world.chain.send(HOUSE, nanoton(100), order.ton_memo)
    await watcher.round()  # an order may still be paid there: at each round
    assert await world.balance(player) == 100
    world.chain.now_s += world.settings.ton_quote_s + world.settings.ton_late_s + 1
    await watcher.round()
    late = world.chain.send(HOUSE, nanoton(100))
    await watcher.round()
    assert await world.outcome(late) is None
    watcher._next_at.clear()  # an hour later
    await watcher.round()
    assert await world.outcome(late) == ("review", "no_memo", None)


async def test_one_address_that_cannot_be_read_holds_up_no_other(world: World, execute: Execute) -> None:
    execute("INSERT INTO pay.chain_cursors (network, account) VALUES ('mainnet', %s)", "0:" + "00" * 32)
    player = await world.player()
    order = await world.order(player)
    world.chain.send(HOUSE, nanoton(100), order.ton_memo)
    world.toncenter.faults = [422]
    await world.read()
    assert await world.balance(player) == 100


async def test_a_transaction_that_is_not_understood_hides_no_other_and_is_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = await world.player()
    one, odd, two = [await world.order(player) for _ in range(3)]
    sent = [world.chain.send(HOUSE, nanoton(100), order.ton_memo) for order in (one, odd, two)]
    sent[1].json["in_msg"]["value"] = {"nanoton": nanoton(100)}
    for _ in range(2):
        await world.read()
    assert await world.balance(player) == 200
    cursor = await world.deposits.cursor()
    assert cursor is not None
    assert (cursor.lt, cursor.gap_since_ms) == (sent[2].lt, None)
    (kept,) = await set_aside.listed(world.db, source=None, limit=10)
    assert (kept.source, kept.key) == (f"deposits:mainnet:{HOUSE}", sent[1].hash)

    def understood(raw: Any) -> Transaction:
        """A later version's reading."""
        value = raw["in_msg"]["value"]
        return parse(
            {**raw, "in_msg": {**raw["in_msg"], "value": value["nanoton"]}} if isinstance(value, dict) else raw
        )

    monkeypatch.setattr(ton_watcher, "parse", understood)
    await world.read()
    assert await world.outcome(sent[1]) == ("credited", None, 100)
    assert await set_aside.listed(world.db, source=None, limit=10) == []


async def test_a_deposit_that_postgres_refuses_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    player = await world.player()
    orders = [await world.order(player) for _ in range(3)]
    sent = [world.chain.send(HOUSE, nanoton(100), order.ton_memo) for order in orders]
    record = ton_deposits.record

    async def refuse(*args: Any) -> Any:
        if any(each.lt == sent[1].lt for each in args[3]):
            raise psycopg.errors.UniqueViolation("no")
        return await record(*args)

    with monkeypatch.context() as patch:
        patch.setattr(ton_deposits, "record", refuse)
        await world.read()
        await world.read()
    assert await world.balance(player) == 200
    assert len(await set_aside.listed(world.db, source=None, limit=10)) == 1
    await world.read()
    assert await world.balance(player) == 300
    assert await set_aside.listed(world.db, source=None, limit=10) == []
