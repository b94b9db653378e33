"""Paying in TON by every way, and taking out: the sheets, and what became of each withdrawal."""

import time
from dataclasses import replace

from playwright.async_api import Route, expect

from persistence.postgres import withdrawals
from persistence.postgres.pool import Database
from tests.browser.chromium import SMALL
from tests.browser.screenshots.scenes_places import REFUSED, everything, visit
from tests.browser.screenshots.studio import Studio, Viewer
from tests.browser.test_money import DOMAIN
from tests.browser.wallet import NAMES, WalletInPage
from tests.fixtures.outside import HOUSE, NANOTON_PER_STAR, ton_environment
from tests.fixtures.postgres import Execute
from tests.fixtures.stack import MakeStack
from tests.stand_ins.telegram import TelegramApi
from tests.stand_ins.ton import TonNetwork
from tests.stand_ins.wallet import Wallet

ON_ANOTHER_DEVICE = NAMES[1]
# Beside a mouse there is another device with the wallet on it, which scans.
HAS_MOUSE = """
  const ask = window.matchMedia.bind(window);
  window.matchMedia = (query) => (query.includes("hover: hover") ? ask("all") : ask(query));
"""


async def invite_with_wallets(studio: Studio, url: str, telegram_api: TelegramApi, ton: TonNetwork) -> None:
    """Each viewer has one wallet in the page, and others whose bridge says nothing."""
    await studio.invite(url, lambda client: replace(client, bot_token=telegram_api.token), tolerated=REFUSED)
    for number, viewer in enumerate(studio.viewers, 1):
        await WalletInPage.beside(viewer.player.page, Wallet(seed=number, version="v4r2"), ton, DOMAIN)
        await viewer.player.page.route("https://wallets.example/bridge/**", silence)
        if viewer.look.size != SMALL:
            await viewer.player.page.add_init_script(HAS_MOUSE)
    await studio.all(lambda viewer: viewer.player.launch())


async def silence(route: Route) -> None:
    headers = {"access-control-allow-origin": "*"}
    await route.fulfill(body="retry: 60000\n\n", content_type="text/event-stream", headers=headers)


async def pick(viewer: Viewer, wallet: str) -> None:
    await viewer.player.page.get_by_role("button", name=wallet, exact=True).click()


async def test_paying_in_ton(make_stack: MakeStack, studio: Studio, telegram_api: TelegramApi, ton: TonNetwork) -> None:
    stack = make_stack(**everything(telegram_api, DEMO_STARS="10"), **ton_environment(ton))
    await invite_with_wallets(studio, stack.url, telegram_api, ton)
    await studio.all(lambda viewer: viewer.player.card(50).click())
    await studio.all(lambda viewer: expect(viewer.button_for("pay.withTon")).to_be_visible())
    await studio.shoot("pay-choice-of-two")
    await studio.all(lambda viewer: viewer.press("pay.withTon"))
    await studio.all(lambda viewer: expect(viewer.button_for("ton.choose")).to_be_visible())
    await studio.shoot("ton-payment")
    await studio.all(lambda viewer: viewer.press("ton.byHand"))
    await studio.all(lambda viewer: expect(viewer.button_for("ton.sentByHand")).to_be_visible())
    await studio.shoot("ton-by-hand")
    memos = [await viewer.player.page.locator("[class*=_code_]").last.inner_text() for viewer in studio.viewers]
    await studio.all(lambda viewer: viewer.press("ton.sentByHand"))
    await studio.all(lambda viewer: expect(viewer.word("pending.checking")).to_be_visible())
    await studio.shoot("pay-checking")
    await studio.all(lambda viewer: viewer.press("pending.continue"))
    await studio.all(lambda viewer: expect(viewer.word("ton.perhapsSent")).to_be_visible())
    await studio.shoot("ton-perhaps-sent")
    await studio.all(lambda viewer: visit(viewer, "payments"))
    await studio.all(lambda viewer: expect(viewer.button_for("pending.continue")).to_be_visible())
    await studio.shoot("payments-open")
    await studio.all(lambda viewer: viewer.press("payments.pending"))
    await studio.all(lambda viewer: expect(viewer.word("payments.openText")).to_be_visible())
    await studio.shoot("payment-open")
    await studio.all(lambda viewer: viewer.player.page.keyboard.press("Escape"))
    for memo in memos:
        ton.send(HOUSE, 30 * NANOTON_PER_STAR, memo, source=Wallet(seed=9, version="v4r2").address)
    await studio.all(lambda viewer: expect(viewer.word("pending.review")).to_be_visible())
    await studio.all(lambda viewer: expect(viewer.word("payments.review")).to_be_visible())
    await studio.shoot("pay-review")


async def test_an_invoice_that_telegram_cannot_open_over_the_page(
    make_stack: MakeStack, studio: Studio, telegram_api: TelegramApi
) -> None:
    stack = make_stack(**everything(telegram_api, DEMO_STARS="10"))
    await studio.launch(
        stack.url,
        lambda client: replace(client, bot_token=telegram_api.token, version="6.0"),
        tolerated=REFUSED,
    )
    await studio.all(lambda viewer: viewer.player.card(50).click())
    await studio.all(lambda viewer: viewer.press("pay.withStars"))
    await studio.all(lambda viewer: expect(viewer.button_for("pay.openInvoice")).to_be_visible())
    await studio.shoot("pay-invoice-outside")


async def test_choosing_a_wallet(
    make_stack: MakeStack, studio: Studio, telegram_api: TelegramApi, ton: TonNetwork, db: Database, execute: Execute
) -> None:
    rules = {"WITHDRAWAL_MIN_STARS": "20", "WITHDRAWAL_APPROVAL_STARS": "100"}
    stack = make_stack(**everything(telegram_api), **rules, **ton_environment(ton))
    await invite_with_wallets(studio, stack.url, telegram_api, ton)
    # What an account was given to begin with cannot be taken out: these are as if paid for.
    execute("UPDATE ledger.balances SET granted = 0")
    await studio.all(lambda viewer: visit(viewer, "withdraw"))
    await studio.shoot("withdraw-no-wallet")
    await studio.all(lambda viewer: viewer.press("wallet.link"))
    await studio.all(lambda viewer: viewer.player.page.get_by_role("button", name=ON_ANOTHER_DEVICE).wait_for())
    await studio.shoot("wallets")
    await studio.all(lambda viewer: pick(viewer, ON_ANOTHER_DEVICE))
    await studio.all(lambda viewer: expect(viewer.word("wallet.confirm")).to_be_visible())
    await studio.viewers[-1].player.page.get_by_role("img", name=ON_ANOTHER_DEVICE).wait_for()
    await studio.shoot("wallet-waiting")
    await studio.all(lambda viewer: viewer.press("wallet.other"))
    await studio.all(lambda viewer: pick(viewer, NAMES[0]))
    await studio.all(lambda viewer: expect(viewer.word("withdraw.amount")).to_be_visible())
    await studio.all(lambda viewer: visit(viewer, "profile"))
    await studio.all(lambda viewer: viewer.button_for("wallet.unlink").scroll_into_view_if_needed())
    await studio.shoot("profile-wallet")
    await studio.all(lambda viewer: viewer.press("wallet.unlink"))
    await studio.all(lambda viewer: expect(viewer.word("wallet.unlinkText")).to_be_visible())
    await studio.shoot("wallet-unlink")
    await studio.all(lambda viewer: visit(viewer, "withdraw"))

    async def take_out(viewer: Viewer, stars: int) -> None:
        await viewer.player.page.get_by_label(viewer.wording("withdraw.amount")).fill(str(stars))
        await viewer.press("withdraw.next")
        await expect(viewer.player.page.get_by_role("dialog")).to_be_visible()

    async def confirm(viewer: Viewer) -> None:
        await viewer.press("withdraw.confirm")
        await expect(viewer.player.page.get_by_role("dialog")).to_have_count(0)

    await studio.all(lambda viewer: take_out(viewer, 120))
    await studio.shoot("withdraw-confirm")
    await studio.all(confirm)
    await withdrawals.release(db, int(time.time() * 1000) + 10**9, len(studio.viewers))
    for stars in (30, 40, 50, 60):
        await studio.all(lambda viewer, stars=stars: take_out(viewer, stars))  # type: ignore[misc]
        await studio.all(confirm)
    for asked in await withdrawals.listed(db, state="held", user_id=None, limit=99):
        if asked.stars != 60:
            decision: withdrawals.Decision = "refuse" if asked.stars == 40 else "approve"
            await withdrawals.review(db, asked.withdrawal_id, decision, by="op", now_ms=int(time.time() * 1000))
    await studio.all(lambda viewer: visit(viewer, "withdraw"))
    await studio.all(lambda viewer: expect(viewer.word("withdraw.returned")).to_be_visible())
    await studio.shoot("withdrawals", check=False)
    await studio.all(lambda viewer: viewer.player.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)"))
    await studio.shoot("withdrawals-end")
