"""Deposits one by one: what is credited, what waits for an operator, what is never looked at."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from persistence.postgres import payments, set_aside, ton_deposits
from persistence.postgres.pool import Role
from persistence.redis.user_events import BalanceChanged, PaymentChanged
from persistence.ton.deposits import memo_of, new_memo
from persistence.ton.transaction import Transaction, parse
from tests.fixtures.postgres import Execute
from tests.fixtures.user_events import Ear
from tests.stand_ins.toncenter import ENCRYPTED_COMMENT, JETTON_NOTIFICATION, comment_body
from tests.ton.conftest import HOUSE, RATE, World
from workers.loops import ton_watcher


def nanoton(stars: int) -> int:
    return stars * RATE


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


@pytest.mark.parametrize("now", [RATE * 2, RATE, RATE // 2])
@pytest.mark.parametrize("over", ["late", "cancelled", "excess"])
async def test_an_old_price_is_never_the_players_option(world: World, over: str, now: int) -> None:
    """Whichever way the price went: what was ordered and is paid in time has its price, all else the worse one."""
    player = await world.player()
    in_time, order = [await world.order(player, 100) for _ in range(2)]
    paid = world.chain.send(HOUSE, nanoton(100), in_time.ton_memo)
    if over == "late":
        world.chain.now_s += world.settings.ton_quote_s + 1
    elif over == "cancelled":
        assert (await payments.cancel(world.db, player, order.payment_id))[0] == "ok"
    tx = world.chain.send(HOUSE, nanoton(400 if over == "excess" else 100), order.ton_memo)
    world.price.nanoton = now
    await world.read()
    worse = max(now, RATE)
    assert await world.outcome(paid) == ("credited", None, 100)
    stars = 100 + nanoton(300) // worse if over == "excess" else nanoton(100) // worse
    assert await world.outcome(tx) == ("credited", over, stars)
    assert await world.balance(player) == 100 + stars


@pytest.mark.parametrize("over", ["late", "cancelled", "excess"])
async def test_without_a_price_of_now_what_is_over_waits_and_an_operator_can(world: World, over: str) -> None:
    player = await world.player()
    order = await world.order(player, 100)
    if over == "late":
        world.chain.now_s += world.settings.ton_quote_s + 1
    elif over == "cancelled":
        await payments.cancel(world.db, player, order.payment_id)
    tx = world.chain.send(HOUSE, nanoton(200), order.ton_memo)
    world.price.nanoton = None
    await world.read()
    assert await world.outcome(tx) == ("review", over, None)
    assert (await world.payment(order)).state == "review"

    receipt = await world.receipt(tx)
    assert receipt is not None
    decide = world.deposits.assign
    assert (await decide(receipt.receipt_id, payment_id=None, user_id=None, by="ann"))[0] == "no_rate"
    status, given = await decide(receipt.receipt_id, payment_id=None, user_id=None, by="ann", rate=RATE * 2)
    assert (status, given and given.receipt.stars) == ("ok", 100)
    assert (await world.payment(order)).state == "paid"


async def test_an_operators_yes_is_no_old_price_either(world: World) -> None:
    player = await world.player()
    order = await world.order(player, 100)
    short = world.chain.send(HOUSE, nanoton(100) - 1, order.ton_memo)
    await world.read()
    world.price.nanoton = RATE * 2
    receipt = await world.receipt(short)
    assert receipt is not None
    _, given = await world.deposits.assign(receipt.receipt_id, payment_id=None, user_id=None, by="ann")
    assert given is not None
    assert given.receipt.stars == 49


async def test_more_than_an_order_may_be_waits_for_an_operator(world: World) -> None:
    """A cheap order, cancelled, and paid with a fortune once the price is up."""
    player = await world.player()
    order, largest = await world.order(player, 10), await world.order(player, 100_000)
    await payments.cancel(world.db, player, order.payment_id)
    fortune = world.chain.send(HOUSE, nanoton(1_000_000), order.ton_memo)
    bound = world.chain.send(HOUSE, nanoton(100_000) + RATE - 1, largest.ton_memo)
    await world.read()
    assert await world.outcome(fortune) == ("review", "bound", None)
    assert await world.outcome(bound) == ("credited", None, 100_000)
    assert await world.balance(player) == 100_000
    receipt = await world.receipt(fortune)
    assert receipt is not None
    assert (await world.deposits.dismiss(receipt.receipt_id, by="ann"))[0] == "ok"


async def test_orders_cannot_be_collected(world: World) -> None:
    """Each order is a price that is kept: twenty an hour, given up or not."""
    player = await world.player()
    for _ in range(20):
        order = await world.order(player)
        await payments.cancel(world.db, player, order.payment_id)
    with pytest.raises(AssertionError, match="rate_limited"):
        await world.order(player)
    await world.order(await world.player())
    world.chain.now_s += 3601
    await world.order(player)


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


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}\n"])
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


async def test_an_address_that_players_were_given_stays_watched(world: World) -> None:
    player = await world.player()
    order, later = await world.order(player), await world.order(player)
    for address in ("0:" + "6a" * 32, ""):  # another one, and then none: deposits are off
        now = World(
            replace(world.settings, ton_wallet_address=address),
            world.live, world.db, world.toncenter, world.client, world.price,
        )  # fmt: skip
        tx = world.chain.send(HOUSE, nanoton(100), order.ton_memo)
        await now.read()
        assert await world.outcome(tx) == ("credited", None, 100)
        order = later
    assert await world.balance(player) == 200


async def test_an_address_long_unused_is_read_from_time_to_time(world: World) -> None:
    player = await world.player()
    order = await world.order(player)
    elsewhere = replace(world.settings, ton_wallet_address="0:" + "6a" * 32)
    now = World(elsewhere, world.live, world.db, world.toncenter, world.client, world.price)
    watcher = now.watcher()
    await watcher.round()
    world.chain.send(HOUSE, nanoton(100), order.ton_memo)
    await watcher.round()  # an order may still be paid there: at each round
    assert await world.balance(player) == 100
    world.chain.now_s += world.settings.ton_quote_s + world.settings.ton_late_s + 1
    await watcher.round()
    late = world.chain.send(HOUSE, nanoton(100))
    await watcher.round()
    assert await world.outcome(late) is None
    watcher._next_at.clear()  # an hour later
    await watcher.round()
    assert await world.outcome(late) == ("review", "no_memo", None)


async def test_one_address_that_cannot_be_read_holds_up_no_other(world: World, execute: Execute) -> None:
    execute("INSERT INTO pay.chain_cursors (network, account) VALUES ('mainnet', %s)", "0:" + "00" * 32)
    player = await world.player()
    order = await world.order(player)
    world.chain.send(HOUSE, nanoton(100), order.ton_memo)
    world.toncenter.faults = [422]
    await world.read()
    assert await world.balance(player) == 100


async def test_a_transaction_that_is_not_understood_hides_no_other_and_is_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = await world.player()
    one, odd, two = [await world.order(player) for _ in range(3)]
    sent = [world.chain.send(HOUSE, nanoton(100), order.ton_memo) for order in (one, odd, two)]
    sent[1].json["in_msg"]["value"] = {"nanoton": nanoton(100)}
    for _ in range(2):
        await world.read()
    assert await world.balance(player) == 200
    cursor = await world.deposits.cursor()
    assert cursor is not None
    assert (cursor.lt, cursor.gap_since_ms) == (sent[2].lt, None)
    (kept,) = await set_aside.listed(world.db, source=None, limit=10)
    assert (kept.source, kept.key) == (f"deposits:mainnet:{HOUSE}", sent[1].hash)

    def understood(raw: Any) -> Transaction:
        """A later version's reading."""
        value = raw["in_msg"]["value"]
        return parse(
            {**raw, "in_msg": {**raw["in_msg"], "value": value["nanoton"]}} if isinstance(value, dict) else raw
        )

    monkeypatch.setattr(ton_watcher, "parse", understood)
    await world.read()
    assert await world.outcome(sent[1]) == ("credited", None, 100)
    assert await set_aside.listed(world.db, source=None, limit=10) == []


async def test_a_deposit_that_postgres_refuses_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    player = await world.player()
    orders = [await world.order(player) for _ in range(3)]
    sent = [world.chain.send(HOUSE, nanoton(100), order.ton_memo) for order in orders]
    record = ton_deposits.record

    async def refuse(*args: Any) -> Any:
        if any(each.lt == sent[1].lt for each in args[3]):
            raise psycopg.errors.UniqueViolation("no")
        return await record(*args)

    with monkeypatch.context() as patch:
        patch.setattr(ton_deposits, "record", refuse)
        await world.read()
        await world.read()
    assert await world.balance(player) == 200
    assert len(await set_aside.listed(world.db, source=None, limit=10)) == 1
    await world.read()
    assert await world.balance(player) == 300
    assert await set_aside.listed(world.db, source=None, limit=10) == []
