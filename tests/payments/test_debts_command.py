"""`chance-tap debts`: what it shows and forgives, and its exit codes."""

import asyncio
import json

import pytest

from cli.main import main
from persistence.postgres import games
from tests.payments.conftest import World
from tests.postgres import money
from tests.postgres.play import new_room, pay


async def test_list_show_and_forgive(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", world.settings.database_url)

    async def run(*words: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, ["debts", *words])
        return code, capsys.readouterr().out

    assert await run("list") == (0, "no debts\n")
    player = await money.payer(world.db)
    charge = await money.deposit(world.db, world.settings.database_url, player, 100)
    seat = (await pay(world.db, player.user_id, new_room(), amount=40)).seat_id
    assert seat is not None
    await money.withdrawn(world.db, player, 60)
    await money.charge_back(world.db, charge)
    await games.refund(world.db, seat, "left")

    code, said = await run("list", "--user", str(player.user_id), "--json")
    (debt,) = json.loads(said)["debts"]
    assert (code, debt["stars"], debt["paid"], debt["owed"]) == (0, 100, 40, 60)
    number = str(debt["debt_id"])
    assert "owed 60" in (await run("list"))[1]
    code, said = await run("show", number)
    assert (code, f"paid 40 by user {player.user_id}, from refund:{seat}" in said) == (0, True)
    assert "in withdrawals 60" in said

    with pytest.raises(SystemExit):
        main(["debts", "forgive", number])  # a reason is wanted
    for status in ("ok", "unchanged"):
        code, said = await run("forgive", number, "--reason", "our mistake", "--by", "olga", "--json")
        forgiven = json.loads(said)
        assert (code, forgiven["status"], forgiven["debt"]["owed"]) == (0, status, 0)
        assert (forgiven["debt"]["forgiven_by"], forgiven["debt"]["forgiven_reason"]) == (
            "postgres (olga)",
            "our mistake",
        )
    assert await run("list") == (0, "no debts\n")
    assert "60 forgiven by postgres (olga)" in (await run("list", "--all"))[1]
    assert (await run("show", "999"))[0] == 1
    assert (await run("forgive", "999", "--reason", "none"))[0] == 1
