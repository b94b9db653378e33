"""A small run of the whole thing, and that its parts would notice what they are there for."""

import asyncio
import itertools
from pathlib import Path

import psycopg
import pytest

from tests.chaos import report
from tests.chaos.checks import RULES
from tests.chaos.faults import KINDS, Fault, Happened, schedule
from tests.chaos.players import Wait
from tests.chaos.product import last_boundary
from tests.chaos.run import Plan, run
from tests.chaos.wires import Door, Road
from tests.fixtures.fork_server import ForkServer
from tests.rooms.conftest import World


async def test_games_while_parts_die(open_folder: Path, fork_server: ForkServer) -> None:
    plan = Plan(
        seed=5,
        games=8,
        kinds=[
            "gateway_killed",
            "redis_killed",
            "worker_killed",
            "charged_back",
            "withdrawal_refused",
            "banned_looked_at",
            "unlinked",
        ],
        players=14,
        gateways=2,
        workers=2,
        quiet_s=2.0,
        pauses_s=(0.3, 1.0),
        limit_s=60.0,
        environment={"WAIT_S": "1", "GAME_S": "3"},
    )
    said: list[str] = []
    result = await run(plan, open_folder / "chaos", fork_server, said.append)
    assert result.differs == [], "\n".join([*said, *result.schedule])
    assert result.figures["games"] >= plan.games
    assert set(result.figures["faults_by_kind"]) == set(plan.kinds)
    assert (open_folder / "chaos" / "report.json").exists()
    money = ("payments", "charged_back", "withdrawals_asked", "accounts_changed", "bans_met")
    assert all(result.figures[what] for what in money), result.figures
    assert "gateway killed" in (open_folder / "chaos" / "table.md").read_text()


def test_a_seed_is_a_schedule() -> None:
    def first(seed: int) -> list[Fault]:
        return list(itertools.islice(schedule(seed, list(KINDS), (1.0, 2.0)), 2 * len(KINDS)))

    assert first(1) == first(1)
    assert first(1) != first(2)
    assert sorted(fault.kind for fault in first(1)[: len(KINDS)]) == sorted(KINDS)


def test_a_file_is_cut_between_transactions() -> None:
    one = b"*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"
    transaction = b"*1\r\n$5\r\nMULTI\r\n" + one + b"*1\r\n$4\r\nEXEC\r\n"
    data = one + b"#TS:1\r\n" + transaction + one
    assert last_boundary(data, len(data)) == len(data)
    assert last_boundary(data, len(data) - 1) == len(data) - len(one)
    assert last_boundary(data, len(data) - len(one) - 1) == len(one)
    assert last_boundary(data, 0) == 0


async def test_a_slow_road_keeps_the_order() -> None:
    got = bytearray()
    whole = asyncio.Event()
    sent = b"".join(number.to_bytes(4, "big") for number in range(4000))

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(got) < len(sent):
            got.extend(await reader.read(1 << 16))
        whole.set()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    road = Road("test", lambda: server.sockets[0].getsockname())
    door = Door(lambda: road)
    await door.open()
    road.delay_s = 0.05
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    for at in range(0, len(sent), 40):
        writer.write(sent[at : at + 40])
        await asyncio.sleep(0)
        if at == len(sent) // 2:
            road.heal()
    async with asyncio.timeout(20):
        await whole.wait()
    assert bytes(got) == sent
    writer.close()
    await door.close()
    server.close()


def test_a_wait_is_counted_for_what_caused_it() -> None:
    happened = [
        Happened(Fault(1, "redis_killed", 0, 0), 100.0, 103.0, ""),
        Happened(Fault(2, "worker_killed", 0, 0), 110.0, 112.0, ""),
    ]
    waits = [
        Wait("1", "taps", 99.9, 104.0),  # begins with the last sign of life
        Wait("1", "join", 104.5, 120.0),  # follows from it
        Wait("2", "result", 111.0, 113.0),
        Wait("3", "join", 20.0, 21.0),
    ]
    rows = {row["fault"]: row for row in report.table(happened, waits, players=4)}
    assert rows["redis_killed"]["join"] == {"share": 0.25, "median_s": 15.5, "worst_s": 15.5}
    assert rows["redis_killed"]["taps"]["worst_s"] == 4.1
    assert rows["worker_killed"]["result"]["worst_s"] == 2.0
    assert rows["worker_killed"]["join"]["worst_s"] is None
    assert rows[report.QUIET]["join"]["worst_s"] == 1.0


SPOILT = {
    "all entries do not sum to zero": "UPDATE ledger.entries SET amount = amount + 1 WHERE entry_id = 1",
    "a balance is not the sum of its entries": "UPDATE ledger.balances SET balance = balance + 1",
    "an escrow is not empty": "UPDATE game.seats SET state = 'refunded', decided_at = now()",
    "a room is not decided": "SELECT 1",
    "a room is not settled or refunded exactly once": """
        UPDATE game.rooms SET outcome = 'settled', winner_id = 1, decided_at = now(), decision = '{}'""",
    "a seat is not paid once, and given back or played for once": "SELECT 1",
    "a player is still bound to a room": "SELECT 1",
    "the total of Stars has changed": """
        UPDATE ledger.entries SET amount = amount + 1 WHERE balance_after IS NULL AND amount > 0""",
    "what is held is not what was asked for": """
        INSERT INTO ledger.entries (transfer_id, account_id, amount)
        SELECT 1, account_id, 5 FROM ledger.accounts WHERE kind = 'held'""",
    "the loss is not what is owed and was forgiven": """
        INSERT INTO ledger.debts (charge_id, user_id, stars) SELECT 'x', user_id, 5 FROM ledger.balances""",
    "somebody owes and has Stars": """
        UPDATE ledger.balances SET granted = 0;
        INSERT INTO ledger.debts (charge_id, user_id, stars) SELECT 'x', user_id, 5 FROM ledger.balances""",
}


@pytest.mark.parametrize("rule", SPOILT)
async def test_every_rule_finds_what_it_is_for(world: World, rule: str) -> None:
    await world.sit(await world.player())
    with psycopg.connect(world.settings.database_url) as connection:
        connection.execute("SET session_replication_role = replica")  # no triggers in the way
        connection.execute(SPOILT[rule].encode())
        assert connection.execute(RULES[rule].encode()).fetchall() != []
