"""The chain's transactions of the paying wallet held against the withdrawals, and what `chance-tap money` says of
it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY

from cli.main import main
from persistence.payments.chain_reconciliation import ChainReconciliation
from persistence.postgres import chain_transactions
from persistence.postgres.chain_transactions import ChainReading
from persistence.postgres.withdrawals import Withdrawal
from persistence.ton.toncenter import ChainUnavailable
from persistence.ton.transaction import hash_hex
from tests.payments.telegram import TOKEN
from tests.payouts.conftest import HOLD_MS, KEY, RATE, Player, World
from workers.loops.reconciliation import ChainReconciliationLoop
from workers.loops.watches import WatchLoop

THIEF = "0:" + "ee" * 32
NO_GRACE = -1e9  # whatever the test's clock says


async def read(world: World, **how: Any) -> ChainReading:
    return await ChainReconciliation(world.db, world.client, world.settings).reconcile(grace_s=NO_GRACE, **how)


async def paid(world: World, player: Player, stars: int = 1000) -> Withdrawal:
    asked = await world.requested(player, stars)
    world.pass_time(HOLD_MS)
    for _ in range(3):
        await world.round()
    found = await world.state(asked)
    assert found.state == "sent"
    return found


def leak(world: World, nanoton: int = 7) -> str:
    """A transfer that no withdrawal explains; its transaction."""
    return hash_hex(world.chain.leak(THIEF, nanoton)["hash"])


def execute(world: World, statement: str, *values: object) -> None:
    with psycopg.connect(world.settings.database_url, autocommit=True) as connection:
        connection.execute(statement.encode(), values)


async def test_what_was_paid_is_found_once_and_agrees(world: World) -> None:
    player = await world.player()
    assert (await read(world)).differences == []
    await paid(world, player)
    first = await read(world)
    assert (first.outgoing, first.differences) == (1, [])
    await paid(world, player, 700)
    await paid(world, await world.player(), 700)
    assert [((await read(world)).outgoing, (await read(world, whole=True)).differences) for _ in range(2)] == [
        (2, []),
        (0, []),
    ]


async def test_what_left_without_a_withdrawal_is_told_until_somebody_explains_it(world: World) -> None:
    own = await paid(world, await world.player())
    stolen = leak(world)
    for _ in range(2):
        (finding,) = (await read(world)).differences
        assert (finding.rule, finding.subject) == ("not_in_our_book", f"transaction {stolen}")
        assert "7 nanoton" in finding.detail
        assert THIEF in finding.detail
    young = await ChainReconciliation(world.db, world.client, world.settings).reconcile(grace_s=1e9)
    assert young.differences == []
    assert [await chain_transactions.explain(world.db, stolen, by="olga") for _ in range(2)] == ["ok", "ok"]
    assert (await read(world)).differences == []
    assert await chain_transactions.explain(world.db, own.reference or "", by="olga") == "conflict"
    assert await chain_transactions.explain(world.db, "ab" * 32, by="olga") == "not_found"


async def test_what_is_not_final_or_not_shown_yet_is_read_later(world: World) -> None:
    world.chain.final = False
    stolen = leak(world)
    world.chain.final = True
    leak(world, 8)
    assert (await read(world)).outgoing == 1
    world.chain.finalise()
    found = await read(world)
    assert (found.outgoing, len(found.differences)) == (1, 2)
    assert f"transaction {stolen}" in {each.subject for each in found.differences}


async def test_an_operators_word_that_it_left_is_held_against_the_chain(world: World) -> None:
    player = await world.player()
    asked = [await world.requested(player) for _ in range(2)]
    world.pass_time(HOLD_MS)
    await world.payouts().release()
    world.chain.wait = world.chain.lose_index = True
    await world.round()
    world.chain.make_blocks()
    world.chain.wait = False
    await world.round(ms=3 * 3600_000)
    for each in asked:
        assert (await world.state(each)).waits_for == "unknown"
        await world.flow.review(each.withdrawal_id, "paid", by="olga")
    assert [each.rule for each in (await read(world)).differences] == ["not_in_chains_book"] * 2
    world.chain.lose_index = False
    assert (await read(world)).differences == []
    world.chain.transactions.clear()
    execute(world, "DELETE FROM pay.chain_outgoing WHERE lt = (SELECT max(lt) FROM pay.chain_outgoing)")
    (finding,) = (await read(world)).differences
    assert (finding.rule, finding.subject) == ("not_in_chains_book", f"withdrawal {asked[1].withdrawal_id}")


async def test_a_payment_that_the_chain_does_not_have_and_one_of_another_amount(world: World) -> None:
    player = await world.player()
    gone, other = await paid(world, player), await paid(world, player)
    await read(world)
    execute(world, "DELETE FROM pay.chain_outgoing WHERE hash = %s", gone.reference)
    execute(world, "UPDATE pay.chain_outgoing SET nanoton = nanoton - 1 WHERE hash = %s", other.reference)
    world.chain.transactions.clear()
    found = {each.rule: each.subject for each in (await read(world)).differences}
    assert found == {
        "not_in_chains_book": f"withdrawal {gone.withdrawal_id}",
        "amount_differs": f"withdrawal {other.withdrawal_id}",
    }


async def test_a_chain_that_does_not_answer_changes_nothing(world: World) -> None:
    await paid(world, await world.player())
    world.toncenter.faults["transactions"] = [503] * 4
    with pytest.raises(ChainUnavailable):
        await read(world)
    assert (await chain_transactions.latest(world.db)).chain_read_at is None
    assert (await read(world)).outgoing == 1


async def test_one_of_many_workers_reads_and_all_tell_what_was_found(world: World) -> None:
    world.chain.now_s = 1_000_000_000  # long ago
    leak(world)
    loops = [
        ChainReconciliationLoop(world.db, ChainReconciliation(world.db, world.client, world.settings)) for _ in range(4)
    ]
    await asyncio.gather(*(loop.round() for loop in loops))
    with psycopg.connect(world.settings.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM pay.chain_reconciliations").fetchone() == (1,)
    await WatchLoop(world.db, world.settings).round()
    assert REGISTRY.get_sample_value("chance_tap_chain_differences") == 1
    assert (REGISTRY.get_sample_value("chance_tap_reconciliation_timestamp_seconds", {"source": "chain"}) or 0) > 0
    # Another one reads that all is well: nobody goes on telling the difference.
    for transaction in world.chain.transactions.values():
        await chain_transactions.explain(world.db, hash_hex(transaction["hash"]), by="olga")
    await read(world)
    await WatchLoop(world.db, world.settings).round()
    assert REGISTRY.get_sample_value("chance_tap_chain_differences") == 0


@pytest.fixture
def money(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Awaitable[tuple[int, str, str]]]:
    for name, value in {
        "DATABASE_URL": world.settings.database_url,
        "REDIS_URL": world.settings.redis_url,
        "TONCENTER_URL": world.toncenter.url,
        "TONCENTER_PER_S": "1000",
        "TON_PAYOUT_KEY": KEY,
        "TELEGRAM_API_URL": world.telegram.url,
    }.items():
        monkeypatch.setenv(name, value)

    async def money(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(main, list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return money


async def test_the_command_reads_anew_and_its_exit_code_says_whether_books_differ(
    world: World, money: Callable[..., Awaitable[tuple[int, str, str]]]
) -> None:
    await paid(world, await world.player())
    code, said, _ = await money("money", "--json")
    found = json.loads(said)
    chain = found["books"]["chain"]
    assert (code, found["differences"], found["not_read"]) == (0, [], [])
    assert (chain["paid_nanoton"], chain["left_nanoton"]) == (1000 * RATE, 1000 * RATE)
    assert 0 <= chain["age_s"] < 60

    stolen = leak(world)
    execute(world, "UPDATE pay.chain_reconciliations SET finished_at = finished_at - interval '1 hour'")
    code, said, _ = await money("money", "--as-read")
    assert (code, "chain: read 36" in said, "telegram: never read" in said) == (0, True, True)
    world.chain.transactions[next(reversed(world.chain.transactions))]["now"] = 1_000_000_000  # long ago
    code, said, _ = await money("money")
    assert (code, f"DIFFERS: chain: not_in_our_book  transaction {stolen}" in said) == (1, True)
    assert "left nanoton" in said

    world.toncenter.faults["transactions"] = [400]
    assert (await money("money"))[0] == 1  # by the last reading
    assert (await money("chain", "explain", stolen, "--by", "olga"))[0] == 0
    assert (await money("chain", "explain", "ab" * 32, "--json"))[0] == 1
    assert (await money("money", "--whole"))[0] == 0
    world.toncenter.faults["transactions"] = [400]
    code, _, problem = await money("money")
    assert (code, "the chain's transactions could not be read: 400" in problem) == (2, True)


async def test_the_command_tells_differences_to_telegrams_book(
    world: World, money: Callable[..., Awaitable[tuple[int, str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    world.telegram.hold(0)
    assert (await money("money"))[0] == 0
    world.telegram.hold(5)
    code, said, _ = await money("money")
    assert (code, "DIFFERS: telegram: balance_not_explained" in said) == (1, True)
    world.telegram.hold(0)
    assert (await money("money"))[0] == 0
