"""A person's whole way through real processes, in both languages, and what the ledger says of it."""

import asyncio
from typing import Any

import psycopg

from tests.end_to_end.player import Player
from tests.fixtures.outside import PUBLIC_URL, command
from tests.fixtures.stack import Stack
from tests.stand_ins.bot_api.people import Person
from tests.stand_ins.telegram import TelegramApi

STAKE = 500
PRIZE = 2 * STAKE  # what three months of Premium cost
WELCOME = {"ru": "Добро пожаловать", "en": "Welcome"}
ENTER = {"ru": "Вход в игру", "en": "Enter the game"}
BALANCE = {"ru": "Ваш баланс: {} ⭐", "en": "Your balance: {} ⭐"}

Move = tuple[str, str, int]


async def test_from_the_first_message_to_the_pay_out(
    product: Stack, telegram_api: TelegramApi, database_url: str
) -> None:
    anna = telegram_api.person("Аня", language_code="ru")
    ben = telegram_api.person("Ben", language_code="en")
    players = [await _comes_in(person, product) for person in (anna, ben)]
    for player in players:
        await _pays(player, telegram_api)
    assert telegram_api.book.balance == PRIZE

    rooms = [(await player.post("/rooms/join", {"stake": STAKE}))["room"] for player in players]
    assert rooms[0]["room_id"] == rooms[1]["room_id"]
    room_id = rooms[0]["room_id"]
    results = await asyncio.gather(players[0].play(room_id, 9), players[1].play(room_id, 4))
    winner, loser = players
    for result, player in zip(results, players, strict=True):
        assert (result["winner"], result["prize"]) == (winner.user_id, PRIZE)
        assert (result["payout"], result["balance"]) == ((PRIZE, PRIZE) if player is winner else (0, 0))
    for player, balance in ((winner, PRIZE), (loser, 0)):
        assert await player.balance() == balance
        said = len(player.person.inbox)
        player.person.says("/balance")
        heard = await player.person.hears("⭐", after=said)
        assert heard.text == BALANCE[player.person.user["language_code"]].format(balance)

    await _withdraws(winner, product)
    assert (telegram_api.book.balance, winner.person.premium_months) == (0, 3)

    moves = ledger(database_url, winner.user_id, loser.user_id)
    print("\n".join(f"{kind:10} {account:10} {amount:+}" for kind, account, amount in moves))
    assert moves == [
        *(("deposit", "telegram", -STAKE), ("deposit", "winner", STAKE)),
        *(("deposit", "telegram", -STAKE), ("deposit", "loser", STAKE)),
        *(("stake", "winner", -STAKE), ("stake", "escrow", STAKE)),
        *(("stake", "loser", -STAKE), ("stake", "escrow", STAKE)),
        *(("settle", "escrow", -PRIZE), ("settle", "winner", PRIZE)),
        *(("withdrawal", "winner", -PRIZE), ("withdrawal", "held", PRIZE)),
        *(("payout", "held", -PRIZE), ("payout", "telegram", PRIZE)),
    ]
    command(product, "audit")
    for player in players:
        await player.close()
    assert product.errors() == []


async def _comes_in(person: Person, product: Stack) -> Player:
    """/start, the button, the log-in, and a room that is too dear."""
    language = person.user["language_code"]
    person.says("/start")
    welcome = await person.hears(WELCOME[language])
    (button,) = welcome.buttons
    assert button["text"] == ENTER[language]
    assert button["web_app"]["url"].startswith(PUBLIC_URL)
    player = await Player.log_in(person, product.url)
    assert (player.user["balance"], player.user["language"]) == (0, language)
    refusal = await player.post("/rooms/join", {"stake": STAKE}, status=402)
    assert (refusal["code"], refusal["details"]) == ("insufficient_balance", {"needed": STAKE, "balance": 0})
    assert any("а" <= letter <= "я" for letter in refusal["message"]) == (language == "ru")
    return player


async def _pays(player: Player, telegram_api: TelegramApi) -> None:
    """What is missing, with the invoice that the order gave; the player hears of it by the socket."""
    payment = await player.order(STAKE)
    assert (payment["state"], payment["stars"], payment["credited"]) == ("pending", STAKE, 0)
    outcome = await player.person.pays(payment["invoice_link"])
    assert outcome.paid, outcome
    frames: dict[str, dict[str, Any]] = {}
    while len(frames) < 2:
        frame = await player.socket.next()
        if frame["type"] in ("payment", "balance"):
            frames[frame["type"]] = frame
    assert frames["payment"]["status"] == "paid"
    assert frames["balance"]["balance"] == STAKE
    paid = (await player.get(f"/payments/{payment['payment_id']}"))["payment"]
    assert (paid["state"], paid["credited"]) == ("paid", STAKE)
    await telegram_api.delivered()


async def _withdraws(player: Player, product: Stack) -> None:
    """Three months of Premium, once an operator has said yes."""
    body = {"stars": PRIZE, "method": "premium", "months": 3}
    asked = (await player.post("/withdrawals", body, key="once"))["withdrawal"]
    assert (await player.post("/withdrawals", body, key="once"))["withdrawal"]["withdrawal_id"] == asked[
        "withdrawal_id"
    ]
    assert await player.balance() == 0
    await player.withdrawal_reaches("approval")
    command(product, "withdrawals", "approve", asked["withdrawal_id"], "--by", "the test")
    await player.withdrawal_reaches("sent")


def ledger(database_url: str, winner: str, loser: str) -> list[Move]:
    """Every entry in its order, as (kind of transfer, account, Stars)."""
    names = {int(winner): "winner", int(loser): "loser"}
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            """
            SELECT t.kind::text, a.kind::text, a.user_id, e.amount
            FROM ledger.entries e JOIN ledger.transfers t USING (transfer_id) JOIN ledger.accounts a USING (account_id)
            ORDER BY t.transfer_id, e.amount
            """
        ).fetchall()
    return [(str(kind), names.get(user_id, str(account)), int(amount)) for kind, account, user_id, amount in rows]
