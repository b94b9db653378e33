"""Deposits one by one: what is credited, what waits for an operator, what is never looked at."""

from dataclasses import replace
from typing import Any

import pytest

from persistence.postgres import payments
from persistence.postgres.pool import Role
from persistence.redis.user_events import BalanceChanged, PaymentChanged
from persistence.ton.deposits import memo_of, new_memo
from tests.fixtures.user_events import Ear
from tests.stand_ins.toncenter import ENCRYPTED_COMMENT, JETTON_NOTIFICATION, comment_body
from tests.ton.conftest import HOUSE, RATE, World, nanoton


async def test_an_order_that_is_paid(world: World, ear: Ear) -> None:
    player = await world.player()
    order = await world.order(player, 100)
    assert (order.ton_nanoton, order.ton_rate) == (nanoton(100), RATE)
    tx = world.chain.send(HOUSE, nanoton(100), order.ton_memo)

    for _ in range(3):  # read again and again
        await world.read()

    assert await world.outcome(tx) == ("credited", None, 100)
    assert await world.balance(player) == 100
    paid = await world.payment(order)
    assert (paid.state, paid.credited, paid.paid_ms) == ("paid", 100, tx.json["now"] * 1000)
    events = [PaymentChanged(order.payment_id, "paid"), BalanceChanged(100)]
    assert await ear.next(2) == [(str(player), event) for event in events]


async def test_more_is_credited_at_the_rate_of_the_order(world: World) -> None:
    player = await world.player()
    order = await world.order(player, 100)
    tx = world.chain.send(HOUSE, nanoton(150) + RATE - 1, order.ton_memo)
    await world.read()
    assert await world.outcome(tx) == ("credited", "excess", 150)
    assert (await world.payment(order)).credited == await world.balance(player) == 150


async def test_less_waits_for_an_operator_and_the_order_can_still_be_paid(world: World) -> None:
    player = await world.player()
    order = await world.order(player, 100)
    short = world.chain.send(HOUSE, nanoton(100) - 1, order.ton_memo)
    await world.read()
    assert await world.outcome(short) == ("review", "short", None)
    assert (await world.payment(order)).state == "review"
    assert await world.balance(player) == 0

    full = world.chain.send(HOUSE, nanoton(100), order.ton_memo)
    await world.read()
    assert await world.outcome(full) == ("credited", None, 100)
    assert (await world.payment(order)).state == "paid"

    receipt = await world.receipt(short)
    assert receipt is not None
    for _ in range(2):
        status, given = await world.deposits.assign(receipt.receipt_id, payment_id=None, user_id=None, by="ann")
        assert status == "ok"
        assert given is not None
        assert (given.receipt.stars, given.receipt.decided_by, given.balance) == (99, "postgres (ann)", 199)


async def test_paid_after_a_cancel_or_expiry(world: World) -> None:
    player = await world.player()
    cancelled, expired = await world.order(player, 30), await world.order(player, 40)
    assert (await payments.cancel(world.db, player, cancelled.payment_id))[0] == "ok"
    world.chain.now_s += world.settings.ton_quote_s + 10
    assert len(await payments.expire(world.db, world.chain.now_s * 1000, 10)) == 1
    for order in (cancelled, expired):
        world.chain.send(HOUSE, nanoton(order.stars), order.ton_memo)
    await world.read()
    assert await world.balance(player) == 70
    assert [(await world.payment(order)).state for order in (cancelled, expired)] == ["paid", "paid"]


async def test_a_memo_is_used_once(world: World) -> None:
    player = await world.player()
    order = await world.order(player)
    world.chain.send(HOUSE, nanoton(100), order.ton_memo)
    again = world.chain.send(HOUSE, nanoton(100), order.ton_memo, source="0:" + "cd" * 32)
    await world.read()
    assert await world.outcome(again) == ("review", "repeated", None)
    assert await world.balance(player) == 100


@pytest.mark.parametrize(
    "trap",
    [
        {"bounced": True},
        {"opcode": "0x7362d09c"},
        {"opcode": JETTON_NOTIFICATION, "decoded": {"type": "text_comment"}},
        {"out_msgs": 1},
        {"aborted": True, "out_msgs": 1},
        {"aborted": True},
        {"destination": "0:" + "77" * 32},
        {"source": None},
        {"emulated": True},
        {"final": False},
        {"opcode": hex(ENCRYPTED_COMMENT)},
    ],
)
async def test_what_is_no_deposit(world: World, trap: dict[str, Any]) -> None:
    player = await world.player()
    order = await world.order(player)
    if isinstance(trap.get("decoded"), dict):
        trap = trap | {"decoded": trap["decoded"] | {"comment": order.ton_memo}}
    world.chain.send(HOUSE, nanoton(100), order.ton_memo, **trap)
    await world.read()
    assert await world.balance(player) == 0
    assert (await world.payment(order)).state == "pending"


async def test_bounced_and_tokens_are_ignored_and_an_address_without_code_is_looked_at(world: World) -> None:
    sent = {
        "bounced": world.chain.send(HOUSE, 5 * RATE, "x", bounced=True),
        "jetton": world.chain.send(HOUSE, 5 * RATE, opcode="0x7362d09c", body=comment_body("x")),
        "foreign": world.chain.send(HOUSE, 5 * RATE, "x", destination="0:" + "11" * 32),
        "sends": world.chain.send(HOUSE, 5 * RATE, "x", out_msgs=2),
        "dust": world.chain.send(HOUSE, 1),
        "aborted": world.chain.send(HOUSE, 5 * RATE, "x", aborted=True),
        "no_memo": world.chain.send(HOUSE, 5 * RATE),
        "unknown": world.chain.send(HOUSE, 5 * RATE, new_memo()),
    }
    await world.read()
    looked_at = {"aborted", "no_memo", "unknown"}
    for reason, tx in sent.items():
        assert await world.outcome(tx) == ("review" if reason in looked_at else "ignored", reason, None)


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}\n", "\u00a0\u201c{}\u201d.", "\u200b({})\ufeff"])
async def test_a_memo_as_people_type_it(world: World, typed: str) -> None:
    player = await world.player()
    order = await world.order(player)
    assert order.ton_memo is not None
    text = typed.format(order.ton_memo.lower()[:8] + "-" + order.ton_memo.lower()[8:]).replace("0", "o")
    world.chain.send(HOUSE, nanoton(100), text)
    await world.read()
    assert await world.balance(player) == 100


@pytest.mark.parametrize("opcode", ["0x00000000", 0, "0", None])
async def test_a_comment_that_toncenter_did_not_decode(world: World, opcode: Any) -> None:
    player = await world.player()
    order = await world.order(player)
    assert order.ton_memo is not None
    # Split over cells, as a long comment is.
    body = comment_body(" " * 300 + order.ton_memo)
    world.chain.send(HOUSE, nanoton(100), body=body, opcode=opcode, decoded=False)
    await world.read()
    assert await world.balance(player) == 100


@pytest.mark.parametrize(
    "data", [b"\x00", b"\xff\xfe\x00\x00", b"\xed\xa0\x80", "\x00\u202e\n".encode() * 90, b"a" * 50_000]
)
async def test_comments_that_are_no_text_stop_nobody(world: World, data: bytes) -> None:
    player = await world.player()
    order = await world.order(player)
    strange = world.chain.send(HOUSE, nanoton(100), body=comment_body(data), opcode="0x00000000")
    said = {"type": "text_comment", "comment": "\x00\ud800 x" * 100}
    lying = world.chain.send(HOUSE, nanoton(100), "x", decoded=said)
    broken = world.chain.send(HOUSE, nanoton(100), "x", decoded=False)
    broken.json["in_msg"]["message_content"]["body"] = "te6cck"
    world.chain.send(HOUSE, nanoton(100), order.ton_memo)
    await world.read()
    assert await world.balance(player) == 100
    for tx in (strange, lying, broken):
        assert await world.outcome(tx) == ("review", "no_memo", None)


async def test_what_is_not_final_waits_and_what_never_happened_is_forgotten(world: World) -> None:
    player = await world.player()
    one, two, three = [await world.order(player) for _ in range(3)]
    vanishing = world.chain.send(HOUSE, nanoton(100), one.ton_memo, final=False)
    later = world.chain.send(HOUSE, nanoton(100), two.ton_memo, final=False)
    world.chain.send(HOUSE, nanoton(100), three.ton_memo)
    await world.read()
    assert await world.balance(player) == 100

    world.chain.undo(vanishing)
    world.chain.finalise(later)
    await world.read()
    assert await world.balance(player) == 200
    assert await world.receipt(vanishing) is None
    cursor = await world.deposits.cursor()
    assert cursor is not None
    assert (cursor.lt, cursor.gap_since_ms) == (world.chain.lt, None)


async def test_a_transaction_that_is_indexed_after_later_ones(world: World) -> None:
    player = await world.player()
    first, late, last = [await world.order(player) for _ in range(3)]
    world.chain.send(HOUSE, nanoton(100), first.ton_memo)
    missing = world.chain.send(HOUSE, nanoton(100), late.ton_memo, indexed=False)
    for _ in range(300):  # far beyond the stretch that is read again in any case
        world.chain.send(HOUSE, 1)
    world.chain.send(HOUSE, nanoton(100), last.ton_memo)
    await world.read(50)
    assert await world.balance(player) == 200
    cursor = await world.deposits.cursor()
    assert cursor is not None
    assert cursor.gap_since_ms is not None
    assert cursor.lt < missing.lt < cursor.seen_lt

    missing.indexed = True
    await world.read(50)
    assert await world.balance(player) == 300
    cursor = await world.deposits.cursor()
    assert cursor is not None
    assert cursor.gap_since_ms is None


async def test_a_banned_player_is_credited(world: World) -> None:
    player = await world.player()
    order = await world.order(player)
    await world.db.call(Role.OPERATOR, None, "SELECT auth.ban(%(user)s, 'test')", {"user": player})
    world.chain.send(HOUSE, nanoton(100), order.ton_memo)
    await world.read()
    assert await world.balance(player) == 100


async def test_an_operator_gives_what_had_no_memo(world: World) -> None:
    player = await world.player()
    tx = world.chain.send(HOUSE, nanoton(7) + 5)
    await world.read()
    receipt = await world.receipt(tx)
    assert receipt is not None
    assign = world.deposits.assign
    assert (await assign(receipt.receipt_id, payment_id=None, user_id=None, by="ann"))[0] == "no_user"
    assert (await assign(10**6, payment_id=None, user_id=player, by="ann"))[0] == "not_found"
    assert (await assign(receipt.receipt_id, payment_id=None, user_id=10**6, by="ann"))[0] == "no_user"
    world.price.nanoton = None
    assert (await assign(receipt.receipt_id, payment_id=None, user_id=player, by="ann"))[0] == "no_rate"
    world.price.nanoton = RATE
    for _ in range(2):
        assert (await assign(receipt.receipt_id, payment_id=None, user_id=player, by="ann"))[0] == "ok"
    assert await world.balance(player) == 7
    other = await world.player()
    assert (await assign(receipt.receipt_id, payment_id=None, user_id=other, by="ann"))[0] == "conflict"
    assert (await world.deposits.dismiss(receipt.receipt_id, by="ann"))[0] == "conflict"


async def test_an_operator_sends_back_what_was_short(world: World) -> None:
    player = await world.player()
    order = await world.order(player)
    tx = world.chain.send(HOUSE, nanoton(99), order.ton_memo)
    await world.read()
    receipt = await world.receipt(tx)
    assert receipt is not None
    for _ in range(2):
        assert (await world.deposits.dismiss(receipt.receipt_id, by="ann"))[0] == "ok"
    assert (await world.payment(order)).state == "expired"
    assert (await world.deposits.assign(receipt.receipt_id, payment_id=None, user_id=player, by="b"))[0] == "conflict"


async def test_the_same_address_on_the_other_chain_is_another(world: World) -> None:
    player = await world.player()
    order = await world.order(player)
    world.chain.send(HOUSE, nanoton(100), order.ton_memo)
    elsewhere = replace(world, settings=replace(world.settings, ton_network="testnet"))
    await elsewhere.read()
    assert await world.balance(player) == 0


def test_memos_cannot_be_guessed_and_are_read_back() -> None:
    memos = {new_memo() for _ in range(1000)}
    assert len(memos) == 1000
    assert all(memo_of(memo) == memo for memo in memos)
    for none in (None, "", "x" * 16 + "x", "ı" * 16, "U" * 16, "é" * 16):
        assert memo_of(none) is None
