"""Admins' commands exist for admins only; payments are handed on, answered, and committed before the answer."""

from typing import Any

from starlette.applications import Starlette

from tests.bot.conftest import Chats, Execute, Telegram, message, person, update


def charge(payload: str, charge_id: str = "charge-1") -> dict[str, Any]:
    return {
        "currency": "XTR",
        "total_amount": 50,
        "invoice_payload": payload,
        "telegram_payment_charge_id": charge_id,
        "provider_payment_charge_id": "",
    }


async def test_only_admins_have_their_commands(
    app: Starlette, chats: Chats, telegram: Telegram, execute: Execute
) -> None:
    await chats.write("/start", 7)
    await chats.write("/start", 8)
    ((target,),) = execute("SELECT user_id FROM auth.users WHERE telegram_id = 8")
    for command in ("/stats", f"/ban {target} cheating", f"/unban {target}", "/refund x", "/room 00aaaaaaaaaaaaaa"):
        await chats.write(command, 7)
        assert telegram.last.startswith("Я вас не понял"), command
    execute("UPDATE auth.users SET role = 'admin' WHERE telegram_id = 7")
    await chats.write("/stats", 7)
    assert "Игроков: 2" in telegram.last
    await chats.write("/ban telegram:8 cheating", 7)
    assert telegram.last == f"ban {target}: ok"
    assert execute("SELECT ban_reason FROM auth.users WHERE telegram_id = 8") == [("cheating",)]
    ((admin,),) = execute("SELECT user_id FROM auth.users WHERE telegram_id = 7")
    assert execute("SELECT action, operator FROM auth.operator_log") == [("ban", f"bot:{admin}")]
    await chats.write(f"/unban {target}", 7)
    assert telegram.last == f"unban {target}: ok"
    await chats.write("/refund no-such-charge", 7)
    assert telegram.last == "refund: not_found"
    for usage in ("/ban", "/ban nobody!", "/refund", "/room x"):
        await chats.write(usage, 7)
        assert telegram.last.startswith("Так: "), usage
    await chats.write("/room 00aaaaaaaaaaaaaa", 7)
    assert telegram.last == "Такой комнаты нет."


async def test_a_pre_checkout_is_answered_and_what_we_never_sold_is_refused(chats: Chats, telegram: Telegram) -> None:
    query = {"id": "q1", "from": person(7), "currency": "XTR", "total_amount": 50, "invoice_payload": "not ours"}
    assert await chats.deliver(update("pre_checkout_query", query)) == 200
    (answer,) = telegram.said("answerPreCheckoutQuery")
    assert (answer["pre_checkout_query_id"], answer["ok"]) == ("q1", "false")
    assert "нельзя оплатить" in answer["error_message"]
    telegram.refusals["answerPreCheckoutQuery"] = [(400, "Bad Request: query is too old", {})]
    assert await chats.deliver(update("pre_checkout_query", query | {"id": "q2"})) == 200


async def test_a_charge_is_recorded_once_however_often_it_comes(
    chats: Chats, telegram: Telegram, execute: Execute
) -> None:
    await chats.write("/start", 7)
    for _ in range(3):  # each with an update number of its own
        assert await chats.deliver(message(7, successful_payment=charge("not ours"))) == 200
    assert execute("SELECT charge_id, payer_id, stars FROM pay.star_receipts") == [("charge-1", 7, 50)]
    assert sum("Платёж 50" in call["text"] for call in telegram.said()) == 1
    assert await chats.deliver(message(7, refunded_payment=charge("not ours", "charge-2"))) == 200
