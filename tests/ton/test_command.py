"""`chance-tap chain`: what an operator sees and decides, and the two books held against each other."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from chance_tap.settings import Settings
from cli import main
from tests.ton.conftest import HOUSE, RATE, World


@pytest.fixture
def chain_command(monkeypatch: pytest.MonkeyPatch, world: World, capsys: pytest.CaptureFixture[str]) -> Any:
    settings: Settings = replace(world.settings, toncenter_url=world.toncenter.url, toncenter_per_s=1000)
    monkeypatch.setattr(main, "load_settings", lambda: settings)

    async def run(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        status = await asyncio.to_thread(main.main, ["chain", *words, "--json"])
        out = capsys.readouterr().out
        assert await asyncio.to_thread(main.main, ["chain", "status"]) == 0
        capsys.readouterr()
        return status, json.loads(out) if out else None

    return run


async def test_what_waits_is_shown_and_decided(world: World, chain_command: Any) -> None:
    player = await world.player()
    order = await world.order(player, 100)
    world.chain.send(HOUSE, 99 * RATE, order.ton_memo)
    world.chain.send(HOUSE, 5 * RATE, "for the game")
    world.chain.send(HOUSE, 7 * RATE, "wrong address")
    await world.read()

    _, status = await chain_command("status")
    assert (status["account"], status["review"], status["cursor"]["lt"]) == (HOUSE, 3, world.chain.lt)
    _, listed = await chain_command("unmatched")
    lost, given, short = [each["receipt_id"] for each in listed["receipts"]]
    assert [each["reason"] for each in listed["receipts"]] == ["no_memo", "no_memo", "short"]

    assert (await chain_command("assign", str(given)))[0] == 1
    assert (await chain_command("assign", str(given), "--payment", "x"))[0] == 1
    assert (await chain_command("assign", str(given), "--user", str(player), "--by", "ann"))[0] == 0
    code, done = await chain_command("assign", str(short))
    assert (code, done["receipt"]["stars"]) == (0, 99)
    assert (await chain_command("dismiss", str(lost)))[0] == 0
    assert (await chain_command("dismiss", str(given)))[0] == 1
    assert await world.balance(player) == 99 + 5
    _, listed = await chain_command("unmatched", "--all")
    assert {each["state"] for each in listed["receipts"]} == {"credited", "ignored"}


async def test_the_books_are_compared_in_both_directions(world: World, chain_command: Any) -> None:
    first = world.chain.send(HOUSE, 5 * RATE, "a")
    second = world.chain.send(HOUSE, 6 * RATE, "b")
    await world.read()
    world.chain.send(HOUSE, 7 * RATE, "not read yet")
    code, compared = await chain_command("check")
    assert (code, compared["transactions"], compared["nanoton"]) == (0, 2, 11 * RATE)

    first.json["in_msg"]["value"] = "1"
    second.indexed = False
    code, compared = await chain_command("check")
    assert (code, [each["kind"] for each in compared["differences"]]) == (1, ["amount", "unknown"])
