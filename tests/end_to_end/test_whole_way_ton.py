"""A person's whole way with TON through real processes: a wallet linked, TON in, a game won, TON out; in both
languages, and what the ledger says of it."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.end_to_end.player import Player
from tests.end_to_end.test_whole_way import WELCOME, ledger
from tests.fixtures.outside import HOUSE, NANOTON_PER_STAR, PUBLIC_URL, bot_environment, command, ton_environment
from tests.fixtures.stack import Stack
from tests.stand_ins.telegram import TelegramApi
from tests.stand_ins.ton import TonNetwork
from tests.stand_ins.wallet import Wallet

DOMAIN = PUBLIC_URL.removeprefix("https://")
STAKE = 500
PRIZE = 2 * STAKE
PRIZE_NANOTON = PRIZE * NANOTON_PER_STAR * 98 // 100
"""Pay-outs are dearer than deposits by the spread."""


@pytest.fixture
def product(make_stack: Callable[..., Stack], telegram_api: TelegramApi, ton: TonNetwork) -> Stack:
    rules = {"CAPACITY": "2", "GAME_S": "2", "WAIT_S": "30", "WITHDRAWAL_HOLD_S": "1"}
    stack = make_stack(**rules, **bot_environment(telegram_api), **ton_environment(ton))
    telegram_api.tunnel(PUBLIC_URL, stack.url)
    command(stack, "bot", "set-webhook", "--url", PUBLIC_URL)
    return stack


async def test_from_a_wallet_to_the_pay_out(
    product: Stack, telegram_api: TelegramApi, ton: TonNetwork, database_url: str
) -> None:
    people = [telegram_api.person("Аня", language_code="ru"), telegram_api.person("Ben", language_code="en")]
    for person in people:
        person.says("/start")
        await person.hears(WELCOME[person.user["language_code"]])
    winner, loser = [await Player.log_in(person, product.url) for person in people]
    wallets = {winner.user_id: Wallet(seed=1, version="v4r2"), loser.user_id: Wallet(seed=2, version="v5r1")}
    for player in (winner, loser):
        await _links(player, wallets[player.user_id])
        await _pays(player, wallets[player.user_id], ton)

    rooms = [(await player.post("/rooms/join", {"stake": STAKE}))["room"]["room_id"] for player in (winner, loser)]
    assert rooms[0] == rooms[1]
    results = await asyncio.gather(winner.play(rooms[0], 9), loser.play(rooms[0], 4))
    assert [(each["winner"], each["payout"]) for each in results] == [(winner.user_id, PRIZE), (winner.user_id, 0)]

    refusal = await loser.post("/withdrawals", {"stars": STAKE, "method": "ton"}, status=402)
    assert (refusal["code"], refusal["details"]) == ("insufficient_balance", {"needed": STAKE, "balance": 0})
    await _withdraws(winner, wallets[winner.user_id], ton, product)

    moves = ledger(database_url, winner.user_id, loser.user_id)
    print("\n".join(f"{kind:10} {account:10} {amount:+}" for kind, account, amount in moves))
    assert moves == [
        *(("deposit", "chain", -STAKE), ("deposit", "winner", STAKE)),
        *(("deposit", "chain", -STAKE), ("deposit", "loser", STAKE)),
        *(("stake", "winner", -STAKE), ("stake", "escrow", STAKE)),
        *(("stake", "loser", -STAKE), ("stake", "escrow", STAKE)),
        *(("settle", "escrow", -PRIZE), ("settle", "winner", PRIZE)),
        *(("withdrawal", "winner", -PRIZE), ("withdrawal", "held", PRIZE)),
        *(("payout", "held", -PRIZE), ("payout", "chain", PRIZE)),
    ]
    command(product, "audit")
    money = json.loads(command(product, "money", "--json"))
    assert money["differences"] == []
    chain = money["books"]["chain"]
    assert chain["credited_nanoton"] == PRIZE * NANOTON_PER_STAR
    assert chain["paid_nanoton"] == chain["left_nanoton"] == PRIZE_NANOTON
    assert (chain["age_s"] < 60, money["not_read"]) == (True, [])
    flows = {name: stars for name, stars in money["flows"].items() if stars}
    assert flows == {
        "deposits_ton": PRIZE,
        "stakes": PRIZE,
        "prizes": PRIZE,
        "withdrawals_asked": PRIZE,
        "paid_out_ton": PRIZE,
    }
    assert not any(money["balances"].values())
    for player in (winner, loser):
        await player.close()
    assert product.errors() == []


async def _links(player: Player, wallet: Wallet) -> None:
    """The wallet signs what the server gave it, and then it is the account's."""
    assert (await player.get("/me"))["has_ton_wallet"] is False
    challenge = await player.send("POST", "/wallet/proof")
    account = wallet.account()
    body = {
        "address": account["address"],
        "network": account["network"],
        "public_key": account["publicKey"],
        "state_init": account["walletStateInit"],
        "proof": wallet.proof(challenge["payload"], domain=DOMAIN, timestamp=int(time.time())),
    }
    assert (await player.send("PUT", "/wallet", body))["wallet"] == wallet.address
    again = await player.send("PUT", "/wallet", body, status=400)  # the payload was good once
    assert any("а" <= letter <= "я" for letter in again["message"]) == (player.user["language"] == "ru")
    me = await player.get("/me")
    assert (me["has_ton_wallet"], me["wallet"]) == (True, wallet.address)


async def _pays(player: Player, wallet: Wallet, ton: TonNetwork) -> None:
    """What the order says, with its memo; the player hears of it by the socket."""
    payment = (await player.post("/payments/ton", {"stars": STAKE}))["payment"]
    asked = payment["ton"]
    assert (payment["state"], asked["address"], asked["nanoton"]) == ("pending", HOUSE, STAKE * NANOTON_PER_STAR)
    ton.send(asked["address"], asked["nanoton"], asked["memo"], source=wallet.address)
    frames: dict[str, dict[str, Any]] = {}
    while len(frames) < 2:
        frame = await player.socket.next()
        if frame["type"] in ("payment", "balance"):
            frames[frame["type"]] = frame
    assert (frames["payment"]["status"], frames["balance"]["balance"]) == ("paid", STAKE)
    paid = (await player.get(f"/payments/{payment['payment_id']}"))["payment"]
    assert (paid["state"], paid["credited"]) == ("paid", STAKE)


async def _withdraws(player: Player, wallet: Wallet, ton: TonNetwork, product: Stack) -> None:
    """Held, then an operator's word, then two transactions of the paying wallet, and one payment."""
    asked = (await player.post("/withdrawals", {"stars": PRIZE, "method": "ton"}))["withdrawal"]
    assert (asked["state"], asked["ton"]["address"], asked["ton"]["transaction"]) == ("held", wallet.address, None)
    assert await player.balance() == 0

    await player.withdrawal_reaches("approval")
    assert ton.wallet.paid == []
    player.socket.abort()  # whose app is closed hears of the end in the chat
    await asyncio.to_thread(command, product, "withdrawals", "approve", asked["withdrawal_id"], "--by", "the test")
    await player.withdrawal_reaches("sent")
    await player.person.hears(f"Вывод отправлен: {PRIZE} ⭐ в TON")
    (paid,) = ton.wallet.paid
    assert (paid.destination, paid.nanoton) == (wallet.address, PRIZE_NANOTON)
    assert (await player.withdrawal())["ton"]["transaction"] is not None
    told = (await player.get("/notices"))["notices"][0]
    assert (told["kind"], told["amount"], told["reason"]) == ("withdrawal_sent", PRIZE, "ton")
    steps = json.loads(command(product, "withdrawals", "show", asked["withdrawal_id"], "--json"))["steps"]
    assert [step["by"] for step in steps if step["what"] == "again: approved"] == ["ct_console (the test)"]
