"""`chance-tap payments`: what it shows, sends back and finds, and its exit codes."""

import asyncio
import json
from dataclasses import replace

import pytest

from cli.main import main
from tests.payments.conftest import World
from tests.payments.telegram import TOKEN


@pytest.fixture
def cli(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", world.settings.database_url)
    monkeypatch.setenv("REDIS_URL", world.settings.redis_url)
    monkeypatch.setenv("DATA_DIR", str(world.settings.data_dir))
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_API_URL", world.telegram.url)


async def test_list_show_refund_and_reconcile(world: World, cli: None, capsys: pytest.CaptureFixture[str]) -> None:
    async def run(*words: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, ["payments", *words])
        return code, capsys.readouterr().out

    assert await run("list") == (0, "no payments\n")
    assert await run("list", "--open") == (0, "nothing waits\n")
    player = await world.player()
    payment = await world.order(player)
    assert payment.invoice_link is not None
    charge = world.telegram.pay(payment.invoice_link, player.telegram_id)
    odd = replace(world.telegram.charge("odd", 5, 3), payload="odd")

    code, said = await run("reconcile", "--json")
    found = json.loads(said)
    assert (code, found["credited"], found["differences"], found["telegram_stars"]) == (0, 2, [], 53)
    assert (await run("reconcile", "--all"))[1].endswith("no differences\n")

    (listed,) = json.loads((await run("list", "--state", "paid", "--user", str(player.user_id), "--json"))[1])[
        "payments"
    ]
    assert (listed["payment_id"], listed["credited"]) == (payment.payment_id, 50)
    assert "invoice_payload" not in listed
    assert payment.payment_id in (await run("list"))[1]
    (waiting,) = json.loads((await run("list", "--open", "--json"))[1])["charges"]
    assert (waiting["charge_id"], waiting["reason"]) == (odd.charge_id, "unknown")

    by_charge, by_payment = (
        await run("show", charge.charge_id, "--json"),
        await run("show", payment.payment_id, "--json"),
    )
    assert by_charge == by_payment
    report = json.loads(by_charge[1])
    assert report["payment"]["state"] == "paid"
    assert [each["key"] for each in report["transfers"]] == [f"deposit:stars:{charge.charge_id}"]
    assert f"transfer {report['transfers'][0]['transfer_id']}" in (await run("show", charge.charge_id))[1]
    assert (await run("show", "nothing"))[0] == 1

    for _ in range(2):
        code, said = await run("refund", charge.charge_id, "--by", "Olga")
        assert code == 0
        assert "refunded" in said
        assert "by postgres (Olga)" in said
    assert (await run("refund", "nothing"))[0] == 1
    assert world.telegram.balance == 3
    assert (await run("reconcile"))[0] == 0


async def test_without_a_bot_there_is_nothing_to_compare(
    world: World, cli: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BOT_TOKEN")
    assert await asyncio.to_thread(main, ["payments", "reconcile"]) == 2
    assert "BOT_TOKEN" in capsys.readouterr().err
