"""Every place of the lobby, reloaded in the middle: it comes back as it was."""

from dataclasses import replace

from playwright.async_api import expect

from tests.browser.crowd import SLEEPER, Crowd
from tests.browser.screenshots.studio import Studio, Viewer
from tests.fixtures.outside import bot_environment
from tests.fixtures.stack import MakeStack
from tests.stand_ins.mail import MailSink
from tests.stand_ins.telegram import TelegramApi

PLACES = (
    "leaderboard",
    "profile",
    "history",
    "notices",
    "account",
    "create",
    "makeRoom",
    "enterByKey",
    "bonus",
    "deposit",
    "withdraw",
    "payments",
    "statement",
    "limits",
)
STAKES = (20, 50, 100, 200)
REFUSED = "Failed to load resource"


def everything(telegram_api: TelegramApi, **more: str) -> dict[str, str]:
    """Settings under which the server offers what it can without a chain."""
    rules = {"WITHDRAWALS_PREMIUM": "on", "DEMO_STARS": "1000", "BONUS_BUDGET_STARS": "1000000"}
    return bot_environment(telegram_api) | rules | more


async def visit(viewer: Viewer, place: str) -> None:
    """Be there, and come back there after a reload."""
    page = viewer.player.page
    for _ in range(2):
        await page.evaluate("(name) => history.replaceState({ path: [{ name }] }, '')", place)
        await page.reload()
    assert await page.evaluate("history.state.path[0].name") == place
    await expect(page.get_by_role("heading", level=1).first).to_be_visible()
    await expect(page.locator("[class*=skeleton]")).to_have_count(0)


async def test_every_place(make_stack: MakeStack, studio: Studio, telegram_api: TelegramApi, sink: MailSink) -> None:
    more = {"CAPACITY": "2", "GAME_S": "6", "SMTP_URL": sink.url, "PUBLIC_URL": "http://127.0.0.1:1"}
    stack = make_stack(**everything(telegram_api, **more))
    crowd = Crowd(stack.url, telegram_api.token)
    await studio.launch(stack.url, lambda client: replace(client, bot_token=telegram_api.token), tolerated=REFUSED)
    await studio.shoot("home-all-offers")

    async def win(viewer: Viewer) -> None:
        stake = STAKES[studio.viewers.index(viewer)]
        await viewer.player.join(stake)
        await crowd.sit(stake, 1, SLEEPER)
        await viewer.player.reach_game()
        await viewer.player.tap(8)
        await expect(viewer.player.payout).to_be_visible()
        await viewer.press("results.toLobby")

    await studio.all(win)
    await crowd.gone()
    for place in PLACES:
        await studio.all(lambda viewer, place=place: visit(viewer, place))  # type: ignore[misc]
        await studio.shoot(f"place-{place}")


async def test_a_bonus_run(make_stack: MakeStack, studio: Studio) -> None:
    stack = make_stack()
    await studio.launch(stack.url)
    await studio.all(lambda viewer: visit(viewer, "bonus"))
    await studio.all(lambda viewer: viewer.press("bonus.start"))
    await studio.all(lambda viewer: expect(viewer.player.page.get_by_role("timer")).to_be_visible())
    await studio.shoot("bonus-running")
    await studio.all(lambda viewer: viewer.press("bonus.cancel"))
    await studio.all(lambda viewer: expect(viewer.player.page.get_by_role("dialog")).to_be_visible())
    await studio.shoot("bonus-cancel")
    await studio.all(lambda viewer: visit(viewer, "profile"))
    await studio.shoot("profile-bonus")


async def test_ends_of_a_bonus_run(make_stack: MakeStack, studio: Studio) -> None:
    """Out of time, and then a goal reached whose reward waits for an approval."""
    stack = make_stack(BONUS_GOAL="12", BONUS_S="25", BONUS_APPROVAL_STARS="1")
    await studio.launch(stack.url)
    await studio.all(lambda viewer: tap_bonus(viewer, 5))
    await studio.shoot("bonus-tapped")
    await studio.all(lambda viewer: expect(viewer.word("bonus.expired")).to_be_visible(timeout=30_000))
    await studio.shoot("bonus-expired")
    await studio.all(lambda viewer: tap_bonus(viewer, 12))
    await studio.all(lambda viewer: expect(viewer.word("bonus.held")).to_be_visible())
    await studio.shoot("bonus-held")


async def test_a_bonus_run_is_rewarded(make_stack: MakeStack, studio: Studio) -> None:
    stack = make_stack(BONUS_GOAL="12")
    await studio.launch(stack.url)
    await studio.all(lambda viewer: tap_bonus(viewer, 12))
    await studio.all(lambda viewer: expect(viewer.word("bonus.credited")).to_be_visible())
    await studio.shoot("bonus-reached")


async def tap_bonus(viewer: Viewer, taps: int) -> None:
    await visit(viewer, "bonus")
    await viewer.press("bonus.start")
    await viewer.player.reach_game()
    await viewer.player.tap(taps, 60)


async def test_short_of_stars(make_stack: MakeStack, studio: Studio, telegram_api: TelegramApi) -> None:
    stack = make_stack(**everything(telegram_api, DEMO_STARS="10"))
    await studio.launch(stack.url, lambda client: replace(client, bot_token=telegram_api.token), tolerated=REFUSED)
    await studio.all(lambda viewer: viewer.player.card(50).click())
    await studio.all(lambda viewer: expect(viewer.player.page.get_by_role("dialog")).to_be_visible())
    await studio.all(lambda viewer: expect(viewer.player.page.locator("[class*=skeleton]")).to_have_count(0))
    await studio.shoot("pay-choice")
    await studio.all(lambda viewer: viewer.press("pay.withStars"))
    await studio.all(lambda viewer: viewer.player.telegram.asked("web_app_open_invoice"))
    await studio.shoot("pay-invoice")
    await studio.all(lambda viewer: viewer.player.telegram.close_invoice("cancelled"))
    await studio.all(lambda viewer: expect(viewer.button_for("pending.continue")).to_be_visible())
    await studio.shoot("pay-pending")
