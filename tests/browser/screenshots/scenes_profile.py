"""The leaderboard, the profile, and what lies behind it: before the first game, and after many."""

import time

from playwright.async_api import expect

from persistence.postgres import games, notices, referrals, users
from persistence.postgres.pool import Database
from tests.browser.screenshots.studio import LONG_NAME, Studio, Viewer
from tests.browser.test_profile import TO_THE_END, account, lose_blocked, win
from tests.fixtures.accounts import new_player
from tests.fixtures.stack import MakeStack
from tests.postgres.play import Finisher, fill, finished, hero_room

NAMES = (LONG_NAME, "🔥🔥 Максим 🔥", "محمد عبد الله الأنصاري", "<b>Ann</b> & Co", "W" * 120, "Оля")


async def others(db: Database) -> list[int]:
    return [await new_player(db, 10_000, name=name) for name in NAMES * 2]


async def play_much(db: Database, viewer: Viewer, rivals: list[int]) -> None:
    """Games of each outcome, an answered appeal and one that waits, and somebody who was invited."""
    client = viewer.player.telegram.client
    me, rival = await account(db, client), rivals[0]
    await win(db, me, rival, 1000)
    await win(db, rival, me, 100)
    hero = await hero_room(db, me)
    seats = await fill(db, hero, rivals[:3], kind="hero")
    lines = [Finisher(seat, who, 60 * n) for n, (seat, who) in enumerate(zip(seats, rivals, strict=False), 1)]
    now_ms = int(time.time() * 1000)
    result = finished(hero, lines, kind="hero", starts_ms=now_ms - 30_000, ends_ms=now_ms, finished_ms=now_ms)
    await games.settle(db, hero, result)
    empty = await hero_room(db, me)
    await games.settle(db, empty, finished(empty, [], outcome="cancelled", reason="not_started", kind="hero"))
    for _ in range(3):
        await lose_blocked(db, rival, me)
    blocked = [notice for notice in await notices.mine(db, me, None, 50) if notice.kind == "blocked"]
    for notice in blocked[1:]:
        await notices.appeal(db, me, notice.notice_id, "I have two thumbs.\nЯ играл двумя руками.")
    newest = max(await notices.appeals(db, only_open=True, limit=99), key=lambda appeal: appeal.appeal_id)
    await notices.answer_appeal(db, newest.appeal_id, "We looked at the record: it stands.", "op")
    friend = users.TelegramProfile(
        telegram_id=client.telegram_id + 10**10, first_name=LONG_NAME, referral_code=await referrals.my_code(db, me)
    )
    await users.log_in_telegram(db, friend, 0)


async def test_before_the_first_game(make_stack: MakeStack, studio: Studio) -> None:
    stack = make_stack(BOT_USERNAME="chance_bot")
    await studio.launch(stack.url)
    await studio.all(lambda viewer: viewer.button("Leaders", "Лидеры").click())
    await studio.all(lambda viewer: expect(viewer.player.page.locator("[data-own-place]")).to_be_visible())
    await studio.shoot("leaderboard-empty")
    await open_profile(studio)
    for screen, english, russian, empty in (
        ("history", "Game history", "История игр", ("No games yet", "Игр пока нет")),
        ("notices", "Notices", "Уведомления", ("Nothing here yet", "Пока пусто")),
    ):
        await enter(studio, english, russian)
        await studio.all(lambda viewer, said=empty: expect(viewer.says(*said)).to_be_visible())  # type: ignore[misc]
        await studio.shoot(f"{screen}-empty")
        await studio.all(lambda viewer: viewer.player.telegram.press_back())


async def test_after_many_games(make_stack: MakeStack, studio: Studio, db: Database) -> None:
    stack = make_stack(BOT_USERNAME="chance_bot")
    await studio.invite(stack.url)
    rivals = await others(db)
    for number, winner in enumerate(rivals):
        await win(db, winner, rivals[0] if number else rivals[1], 500 // (1 + number // 2))
    await studio.in_turn(lambda viewer: play_much(db, viewer, rivals))
    await studio.all(lambda viewer: viewer.player.launch())
    await studio.all(lambda viewer: viewer.button("Leaders", "Лидеры").click())
    await studio.all(lambda viewer: viewer.player.page.locator("ol [data-place]").first.wait_for())
    await studio.shoot("leaderboard", check=False)
    await studio.all(lambda viewer: viewer.player.page.evaluate(TO_THE_END))
    await studio.shoot("leaderboard-end")

    await open_profile(studio)
    await studio.shoot("profile", check=False)
    await studio.all(lambda viewer: viewer.player.page.evaluate(TO_THE_END))
    await studio.shoot("profile-end")

    await enter(studio, "Game history", "История игр")
    rows = "[data-room]"
    await studio.all(lambda viewer: viewer.player.page.locator(rows).first.wait_for())
    await studio.shoot("history", check=False)
    await studio.all(lambda viewer: viewer.player.page.locator(rows).filter(has_text="Hero").last.click())
    await studio.all(lambda viewer: viewer.player.page.locator("ol").wait_for())
    await studio.shoot("game-details", check=False)
    await studio.all(lambda viewer: viewer.player.page.evaluate(TO_THE_END))
    await studio.shoot("game-details-end")
    await studio.all(lambda viewer: viewer.player.telegram.press_back())
    await studio.all(lambda viewer: viewer.player.page.locator(rows).first.wait_for())
    await studio.all(lambda viewer: viewer.player.telegram.press_back())

    await enter(studio, "Notices", "Уведомления")
    await studio.all(lambda viewer: viewer.button("Appeal", "Обжаловать").click())
    await studio.shoot("notices", check=False)
    await studio.all(lambda viewer: viewer.player.page.evaluate(TO_THE_END))
    await studio.shoot("notices-end")
    await studio.all(lambda viewer: viewer.player.telegram.press_back())

    await studio.all(lambda viewer: viewer.player.page.get_by_test_id("referral-code").scroll_into_view_if_needed())
    await studio.shoot("referrals")


async def open_profile(studio: Studio) -> None:
    await studio.all(lambda viewer: viewer.button("Profile", "Профиль").click())
    await studio.all(lambda viewer: expect(viewer.player.page.locator("dl")).to_be_visible())


async def enter(studio: Studio, english: str, russian: str) -> None:
    """A row of the profile."""
    await studio.all(lambda viewer: viewer.button(english, russian).click())
    await studio.all(lambda viewer: expect(viewer.player.page.locator("h1")).to_have_text(
        russian if viewer.look.language == "ru" else english
    ))  # fmt: skip
