"""`chance-tap money`: sums of a period, out of the ledger."""

import asyncio
import json
from typing import Any

import pytest

from cli.main import main
from persistence.postgres import games
from tests.payouts.conftest import HOLD_MS, STARS, World, judge
from tests.postgres.play import Finisher, finished, new_room, pay


async def test_a_periods_sums(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    player, other = await world.player(), await world.player()
    room = new_room()
    seats = [(await pay(world.db, each.user_id, room, fee_bps=1000)).seat_id or "" for each in (player, other)]
    lines = [Finisher(seats[0], player.user_id, 9), Finisher(seats[1], other.user_id, 5)]
    await games.settle(world.db, room, finished(room, lines))
    await judge(world, room)
    refunded = await pay(world.db, other.user_id, new_room())
    await games.refund(world.db, refunded.seat_id or "", "left")
    await world.requested(player)
    await world.requested(player, 1000, months=3)
    back = await world.requested(other, 700)
    await world.flow.review(back.withdrawal_id, "refuse", by="olga")
    await world.round(ms=HOLD_MS)
    await world.round()
    monkeypatch.setenv("DATABASE_URL", world.settings.database_url)
    monkeypatch.setenv("REDIS_URL", world.settings.redis_url)

    async def money(*words: str) -> Any:
        capsys.readouterr()
        assert await asyncio.to_thread(main, ["money", *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    found = await money()
    flows = {name: stars for name, stars in found["flows"].items() if stars}
    assert flows == {
        "stakes": 150,
        "stake_refunds": 50,
        "prizes": 90,
        "fees": 10,
        "bonus": 2 * STARS,
        "withdrawals_asked": 2700,
        "withdrawals_returned": 700,
        "paid_out_premium": 1000,
        "paid_out_ton": 1000,
    }
    assert (found["balances"]["house"], found["balances"]["held"], sum(found["balances"].values())) == (10, 0, 0)
    assert not any((await money("--to", "2020-01-01"))["flows"].values())
    assert not any((await money("--from", "2199-01-01"))["flows"].values())
    with pytest.raises(SystemExit):
        main(["money", "--from", "yesterday"])
