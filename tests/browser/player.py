"""A person in front of the web app: what they do, and what they can read off the screen."""

import re
import uuid
from pathlib import Path

import httpx
from playwright.async_api import Locator, Page, Route, expect

from tests.browser import accessibility
from tests.browser.telegram import Telegram, TelegramClient

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"

# One tap every `ms` for `count` taps, as fingers make them; answers with the number made.
_TAP_STEADILY = """
([count, ms]) => new Promise((resolve) => {
  let made = 0;
  const timer = setInterval(() => {
    const button = document.querySelector('[data-testid="tap"]');
    if (!button || button.ariaDisabled === "true" || made === count) { clearInterval(timer); resolve(made); return; }
    button.dispatchEvent(new PointerEvent("pointerdown",
      { bubbles: true, pointerId: 2 + (made % 3), pointerType: "touch", button: 0, clientX: 195, clientY: 430 }));
    made += 1;
  }, ms);
})
"""


_REMEMBER_TAPS = """
  const send = WebSocket.prototype.send;
  window.firstTaps = new Promise((resolve) => {
    WebSocket.prototype.send = function (data) {
      if (data.includes('"taps"')) resolve({ socket: this, frame: JSON.parse(data) });
      send.call(this, data);
    };
  });
"""
_CHEAT = """
  async () => {
    const { socket, frame } = await window.firstTaps;
    for (const seq of [100, 101, 102]) socket.send(JSON.stringify({ ...frame, count: 20, seq }));
  }
"""


async def seat_somebody(url: str, name: str | TelegramClient, stake: int) -> None:
    """Give a seat to a player who has no page and never taps."""
    await _seat(url, name, "rooms/join", {"stake": stake})


async def seat_by_key(url: str, name: str, key: str) -> None:
    """The same in a hero room."""
    await _seat(url, name, "rooms/join-by-key", {"key": key})


async def _seat(url: str, name: str | TelegramClient, path: str, wish: dict[str, object]) -> None:
    client = TelegramClient(first_name=name) if isinstance(name, str) else name
    async with httpx.AsyncClient(base_url=url) as http:
        login = await http.post("/api/v1/auth/telegram", json={"init_data": client.init_data()})
        headers = {"Authorization": f"Bearer {login.json()['token']}", "Idempotency-Key": str(uuid.uuid4())}
        answer = await http.post(f"/api/v1/{path}", json=wish, headers=headers)
        answer.raise_for_status()


WHOLE_GAME_MS = 60_000


class Player:
    """One page; `url` is where it finds the app."""

    def __init__(self, page: Page, url: str, telegram: Telegram | None = None) -> None:
        self.page = page
        self.url = url
        self._telegram = telegram

    @property
    def telegram(self) -> Telegram:
        """The client around the page, where there is one."""
        assert self._telegram, "this page was opened outside Telegram"
        return self._telegram

    async def launch(self) -> None:
        """Open the app as Telegram does: one is in at once."""
        await self.page.goto(self.url)
        await expect(self.card(50)).to_be_visible()

    async def open_outside(self) -> None:
        """Open the app where there is neither Telegram nor a choice of demo players."""

        async def not_there(route: Route) -> None:
            await route.fulfill(status=404, json={"code": "not_found", "message": "Nothing here."})

        await self.page.route("**/dev/players", not_there)
        await self.page.goto(self.url)

    async def log_in(self, name: str) -> None:
        """Come in as a new demo player."""
        await self.page.goto(self.url)
        await self.page.locator("form input").fill(name)
        await self.page.locator("form button").click()
        await expect(self.card(50)).to_be_visible()

    async def join(self, stake: int = 50) -> None:
        await self.card(stake).click()
        await expect(self.page.get_by_role("timer")).to_be_visible()

    async def reach_game(self) -> None:
        await expect(self.tap_button).to_be_enabled()

    async def tap(self, count: int, every_ms: int = 110) -> int:
        """Tap steadily; returns how many taps were made before the game was over."""
        return int(await self.page.evaluate(_TAP_STEADILY, [count, every_ms]))

    async def prepare_to_cheat(self) -> None:
        """Before the page is opened."""
        await self.page.add_init_script(_REMEMBER_TAPS)

    async def cheat(self) -> None:
        """The app never breaks the rule by itself, so frames are slipped onto its own socket."""
        await self.tap(1)
        await self.page.evaluate(_CHEAT)

    async def own_result(self) -> int:
        """One's own taps as the recorded result has them; who has made their taps may be long before the end."""
        await expect(self.payout).to_be_visible(timeout=WHOLE_GAME_MS)
        return int(await self.page.locator("ol [data-own=true]").get_attribute("data-taps") or "-1")

    async def paid_out(self) -> int:
        return int(await self.payout.get_attribute("data-payout") or "-1")

    async def expect_balance(self, stars: int) -> None:
        # Grouped as the language has it, 1,000 or 1 000; once for eyes and once for ears.
        grouped = f"{stars:,}".replace(",", r"[,\s]?")
        await expect(self.page.get_by_test_id("balance")).to_contain_text(re.compile(rf"\D{grouped}{grouped}\s"))

    async def expect_accessible(self) -> None:
        """Nothing that WCAG 2.2 AA, or our own rule of 44 px, forbids."""
        found = await accessibility.faults(self.page)
        assert not found, "\n".join(found)

    async def expect_nothing_sideways(self) -> None:
        """All of the page lies within the width of the screen."""
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await self.page.evaluate(wide) == 0

    async def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def card(self, stake: int) -> Locator:
        return self.page.locator(f"[data-stake='{stake}']")

    def says(self, text: str | re.Pattern[str]) -> Locator:
        """Text on the screen; what only a screen reader is told may hold the same words at some moments."""
        return self.page.get_by_text(text).and_(self.page.locator(":not(.visually-hidden)"))

    @property
    def tap_button(self) -> Locator:
        return self.page.get_by_test_id("tap")

    @property
    def own_taps(self) -> Locator:
        return self.page.get_by_test_id("own-taps")

    @property
    def payout(self) -> Locator:
        return self.page.locator("[data-payout]")
