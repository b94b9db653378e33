"""What happens while updates are lost and answers do not come: Telegram's own book mends ours, by itself."""

from collections.abc import Callable

import psycopg

from tests.end_to_end.player import Player
from tests.fixtures.outside import PUBLIC_URL, WEBHOOK_SECRET, bot_environment, command
from tests.fixtures.stack import Stack
from tests.fixtures.waiting import eventually
from tests.stand_ins.telegram import TelegramApi

STARS = 50


async def test_no_star_is_lost_in_an_outage(
    make_stack: Callable[..., Stack], telegram_api: TelegramApi, database_url: str
) -> None:
    stack = make_stack(WAIT_S="60", STARS_RECONCILE_S="1", **bot_environment(telegram_api))
    telegram_api.tunnel(PUBLIC_URL, stack.url)
    telegram_api.webhook_at(f"{PUBLIC_URL}/telegram/webhook", WEBHOOK_SECRET)
    anna = await Player.log_in(telegram_api.person("Аня", language_code="ru"), stack.url)
    ben = await Player.log_in(telegram_api.person("Ben"), stack.url)

    # Paid, and no update ever tells of it; then taken back, and none tells of that either.
    telegram_api.lose(lambda update: "message" in update)
    paid = await anna.person.pays((await anna.order(STARS))["invoice_link"])
    assert paid.charge_id is not None
    await eventually(f"anna has {STARS} Stars", lambda: has(anna, STARS))
    telegram_api.charges_back(anna.person, paid.charge_id)
    await eventually(f"anna has {0} Stars", lambda: has(anna, 0))
    telegram_api.lose(None)

    # Paid twice by one link: what is too much goes back, though Telegram's answer to that is lost.
    telegram_api.lose_answer("refundStarPayment")
    order = await ben.order(STARS)
    first = await ben.person.pays(order["invoice_link"])
    ben.person.is_charged(order["invoice_link"])
    await telegram_api.until(lambda: bool(set(telegram_api.book.of("out")) - {paid.charge_id}))
    await telegram_api.delivered()
    await eventually("every refund is made", lambda: nothing_waits(database_url))
    assert await has(ben, STARS)

    # Spent, and then taken back: the house's loss, and the account waits for an operator.
    await ben.post("/rooms/join", {"stake": STARS})
    charge_id = next(one for one in telegram_api.book.of("in") if one not in telegram_api.book.of("out"))
    assert first.paid
    telegram_api.charges_back(ben.person, charge_id)
    await telegram_api.delivered()
    assert (await ben.http.get("/me")).status_code == 403

    assert telegram_api.book.balance == 0
    assert house(database_url, "telegram") == 0
    assert house(database_url, "loss") == -STARS
    command(stack, "payments", "reconcile", "--all")
    command(stack, "audit")
    assert stack.errors() == []
    for player in (anna, ben):
        await player.close()


async def has(player: Player, stars: int) -> bool:
    return await player.balance() == stars


async def nothing_waits(database_url: str) -> bool:
    """No charge of Stars is on its way back."""
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT FROM pay.star_receipts WHERE state = 'refunding'").fetchone() is None


def house(database_url: str, kind: str) -> int:
    """What the house's account of this kind holds."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            """
            SELECT coalesce(sum(amount), 0)::bigint FROM ledger.entries JOIN ledger.accounts USING (account_id)
            WHERE kind = %s::ledger.account_kind
            """,
            (kind,),
        ).fetchone()
    assert row is not None
    return int(row[0])
