"""What the app says of money and of limits when there is something to say: lists with rows of every kind, a sum typed,
limits that hold."""

import time
from dataclasses import replace
from typing import Any

from playwright.async_api import Route, expect

from persistence.postgres import games
from persistence.postgres.pool import Database
from tests.browser.screenshots.scenes_places import REFUSED, everything, visit
from tests.browser.screenshots.scenes_profile import others
from tests.browser.screenshots.studio import Studio, Viewer
from tests.browser.telegram import TelegramClient
from tests.browser.test_money import invoice
from tests.browser.test_profile import TO_THE_END, account, win
from tests.fixtures.outside import set_webhook
from tests.fixtures.stack import MakeStack
from tests.postgres.play import Finisher, fill, finished, hero_room, new_room
from tests.stand_ins.bot_api.people import Person
from tests.stand_ins.telegram import TelegramApi


async def play_every_end(db: Database, viewer: Viewer, rivals: list[int]) -> None:
    """Games that were won, lost, organized and called off for each reason, and a room that was left."""
    me, rival = await account(db, viewer.player.telegram.client), rivals[0]
    await win(db, me, rival, 100)
    await win(db, rival, me, 100)
    hero = await hero_room(db, me)
    seats = await fill(db, hero, rivals[:3], kind="hero")
    lines = [Finisher(seat, who, 60) for seat, who in zip(seats, rivals, strict=False)]
    now_ms = int(time.time() * 1000)
    result = finished(hero, lines, kind="hero", starts_ms=now_ms - 30_000, ends_ms=now_ms, finished_ms=now_ms)
    await games.settle(db, hero, result)
    for reason in ("outage", "operator", "organizer_left", "nobody_tapped"):
        room = new_room()
        await fill(db, room, [me])
        await games.void(db, room, reason)
    (seat,) = await fill(db, new_room(), [me])
    await games.refund(db, seat, "left")


async def test_statement_and_payments(
    make_stack: MakeStack, studio: Studio, telegram_api: TelegramApi, db: Database
) -> None:
    stack = make_stack(**everything(telegram_api))
    set_webhook(stack, telegram_api)
    people: list[Person] = []

    def somebody(client: TelegramClient) -> TelegramClient:
        people.append(telegram_api.person(client.first_name, language_code=client.language))
        return replace(client, bot_token=telegram_api.token, telegram_id=people[-1].id)

    await studio.invite(stack.url, somebody, tolerated=REFUSED)
    rivals = await others(db)
    await studio.in_turn(lambda viewer: play_every_end(db, viewer, rivals))
    await studio.all(lambda viewer: viewer.player.launch())

    async def type_sum(viewer: Viewer, stars: int) -> None:
        await visit(viewer, "deposit")
        await viewer.player.page.get_by_label(viewer.wording("deposit.amount")).fill(str(stars))

    async def pay(viewer: Viewer) -> None:
        await viewer.player.page.locator("button[type=submit]").click()
        link = await invoice(viewer.player, 1)
        assert (await people[studio.viewers.index(viewer)].pays(link)).paid
        await viewer.player.telegram.close_invoice("paid")
        await expect(viewer.word("notice.paidIn")).to_be_visible()

    async def give_up(viewer: Viewer) -> None:
        await viewer.player.page.locator("button[type=submit]").click()
        await invoice(viewer.player, 2)
        await viewer.player.telegram.close_invoice("cancelled")
        await viewer.press("pending.cancel")
        await expect(viewer.player.page.get_by_test_id("pending")).to_have_count(0)

    await studio.all(lambda viewer: type_sum(viewer, 250))
    await studio.shoot("deposit-typed")
    await studio.all(pay)
    await studio.all(lambda viewer: type_sum(viewer, 1000))
    await studio.all(give_up)
    await studio.all(lambda viewer: visit(viewer, "payments"))
    await studio.all(lambda viewer: expect(viewer.word("payments.cancelled")).to_be_visible())
    await studio.shoot("payments-rows")
    await studio.all(lambda viewer: visit(viewer, "statement"))
    await studio.shoot("statement-refunds", check=False)
    await studio.all(lambda viewer: viewer.player.page.evaluate(TO_THE_END))
    await studio.shoot("statement-refunds-end")


async def test_limits(make_stack: MakeStack, studio: Studio) -> None:
    stack = make_stack()
    await studio.launch(stack.url)
    await studio.all(lambda viewer: visit(viewer, "limits"))

    async def limit(viewer: Viewer, stars: str) -> None:
        await viewer.player.page.get_by_label(viewer.wording("limits.field")).fill(stars)
        await viewer.press("limits.save")

    async def ask_for_a_break(viewer: Viewer) -> None:
        days = "7 дней" if viewer.look.language == "ru" else "7 days"
        await viewer.player.page.get_by_role("button", name=days, exact=True).click()

    await studio.all(lambda viewer: limit(viewer, "100"))
    await studio.all(lambda viewer: viewer.player.page.get_by_role("listitem").filter(has_text="100").wait_for())
    await studio.all(lambda viewer: limit(viewer, "500"))
    await studio.all(lambda viewer: expect(viewer.word("limits.next")).to_be_visible())
    await studio.shoot("limits-set")
    await studio.all(ask_for_a_break)
    await studio.all(lambda viewer: expect(viewer.word("limits.confirmText")).to_be_visible())
    await studio.shoot("limits-break-confirm")
    await studio.all(lambda viewer: viewer.press("limits.confirm"))
    await studio.all(lambda viewer: viewer.press("limits.endEarly"))
    await studio.all(lambda viewer: expect(viewer.word("limits.ends")).to_be_visible())
    await studio.all(lambda viewer: viewer.player.page.evaluate(TO_THE_END))
    await studio.shoot("limits-break")


async def add(viewer: Viewer, path: str, more: dict[str, Any]) -> None:
    """To what the server answers there; the page's own schemas hold what is added."""

    async def answer(route: Route) -> None:
        said = await (await route.fetch()).json()
        await route.fulfill(json=said | {name: value + said[name] if isinstance(value, list) else value
                                         for name, value in more.items()})  # fmt: skip

    await viewer.player.page.unroute(path)
    await viewer.player.page.route(path, answer)


async def test_reviews_and_debts(make_stack: MakeStack, studio: Studio, telegram_api: TelegramApi) -> None:
    """Withdrawals that wait for a review, for each of its reasons, and a payment that Telegram took back."""
    stack = make_stack(**everything(telegram_api))
    await studio.launch(stack.url, lambda client: replace(client, bot_token=telegram_api.token), tolerated=REFUSED)
    now_ms = int(time.time() * 1000)
    held = {
        "withdrawal_id": "w1", "method": "premium", "state": "approval", "stars": 1000, "months": 3, "ton": None,
        "requested_ms": now_ms, "hold_until_ms": now_ms, "closed_ms": None, "waits_for": "review",
    }  # fmt: skip
    for why in ("game", "winnings", "unjudged"):
        review = {"why": why, "stars": 450, "since_ms": now_ms, "due_ms": now_ms + 36 * 3_600_000}
        more = {"review": review, "withdrawals": [held, held | {"withdrawal_id": "w2", "waits_for": "operator"}]}
        await studio.all(lambda viewer, more=more: add(viewer, "**/api/v1/withdrawals*", more))  # type: ignore[misc]
        await studio.all(lambda viewer: visit(viewer, "withdraw"))
        await studio.all(lambda viewer: expect(viewer.word("withdraw.reviewTitle")).to_be_visible())
        await studio.shoot(f"withdraw-review-{why}")

    ends = (("debt", -200, "settle"), ("settle", 450, None), ("chargeback", -250, None),
            ("withdrawal_return", 1000, None), ("deposit_refund", 500, "refused"), ("withdrawal", -1000, None),
            ("deposit", 250, None))  # fmt: skip
    entries = [
        {"entry_id": f"e{number}", "kind": kind, "amount": amount, "balance_after": 10_000, "room_id": None,
         "reason": reason, "created_ms": now_ms, "role": None}
        for number, (kind, amount, reason) in enumerate(ends)
    ]  # fmt: skip
    told = (("debt", 200, "settle"), ("chargeback", 250, None), ("withdrawal_waits", 1000, "review"),
            ("withdrawal_return", 1000, "refused"), ("payment_refund", 500, "refused"), ("payment_refund", 500, None),
            ("withdrawal_sent", 1000, "premium"))  # fmt: skip
    notices = [
        {"notice_id": str(9000 - number), "kind": kind, "room_id": None, "amount": amount, "reason": reason,
         "created_ms": now_ms, "can_appeal": False, "appeal": None}
        for number, (kind, amount, reason) in enumerate(told)
    ]  # fmt: skip
    added: dict[str, dict[str, Any]] = {"statement": {"entries": entries}, "notices": {"notices": notices}}
    for place, more in added.items():
        await studio.all(lambda viewer, at=f"**/api/v1/{place}*", more=more: add(viewer, at, more))  # type: ignore[misc]
        await studio.all(lambda viewer, place=place: visit(viewer, place))  # type: ignore[misc]
        await studio.all(lambda viewer, key=f"{place}.chargeback": viewer.word(key).wait_for())  # type: ignore[misc]
        await studio.shoot(f"{place}-debts")
