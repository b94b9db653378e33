"""What happens around the taps: reactions before a game, games that are called off or won by nobody, fingers spared."""

import asyncio
import json
from collections.abc import Callable

from playwright.async_api import WebSocketRoute, expect

from gateway.live.reactions import BURST
from persistence.postgres.audit import audit
from persistence.postgres.pool import Database
from tests.browser.chromium import SMALL
from tests.browser.conftest import OpenPage
from tests.browser.player import Player
from tests.browser.telegram import TelegramClient
from tests.fixtures.stack import Stack

TWO = {"CAPACITY": "2", "WAIT_S": "30", "DEMO_STARS": "100"}
LONG_NAME = "Анна-Мария Константинопольская-Задунайская фон Бранденбург Я"

# An emoji is gone within a second: each is written down as it comes.
REMEMBER_EMOJI = """
  window.emoji = [];
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      if (target.dataset?.testid !== "reactions") continue;
      for (const { textContent } of addedNodes) window.emoji.push(textContent);
    }
  }).observe(document, { childList: true, subtree: true });
"""


async def flown(player: Player, count: int) -> None:
    """Wait until that many emoji have been seen, and no more."""
    await player.page.wait_for_function("(count) => window.emoji.length >= count", arg=count)
    assert await player.page.evaluate("window.emoji.length") == count


async def test_reactions_fly_between_the_waiting(make_stack: Callable[..., Stack], open_page: OpenPage) -> None:
    stack = make_stack(WAIT_S="60", DEMO_STARS="100")
    anna = await open_page(stack.url, locale="ru-RU", size=SMALL)
    ben = await open_page(stack.url, motion=False)
    for player, name in ((anna, LONG_NAME), (ben, "Ben")):
        await player.page.add_init_script(REMEMBER_EMOJI)
        await player.log_in(name)
        await player.join()
    await expect(anna.page.get_by_role("button", name="Отправить реакцию: Ben")).to_be_visible()

    await ben.page.get_by_role("button", name=f"Send a reaction to {LONG_NAME}").click()
    await asyncio.gather(flown(anna, 1), flown(ben, 1))
    # Only the one it is for hears of it.
    await expect(anna.page.get_by_text("для вас")).to_be_attached()
    await expect(ben.page.get_by_text("sends you")).not_to_be_attached()

    # Out of one's own face to all sides; without motion it only appears there.
    await anna.page.get_by_role("button", name="отправить эмодзи всем").click()
    await asyncio.gather(flown(anna, 1 + 5), flown(ben, 1 + 1))
    await anna.expect_accessible()
    await ben.expect_accessible()

    # More than are allowed: no message, and everything goes on.
    for _ in range(2 * BURST):
        await ben.page.get_by_role("button", name="You: send emoji to everyone").click()
    await expect(ben.page.locator("[class*=notice] p")).to_have_count(0)
    await anna.page.reload()
    await expect(anna.says("Ожидаем 2 из 10 игроков")).to_be_visible()
    await expect(anna.says("Ставка вернётся, если выйти до старта")).to_be_visible()
    assert stack.errors() == []


async def test_a_game_by_keys_that_is_called_off(
    make_stack: Callable[..., Stack], open_page: OpenPage, db: Database
) -> None:
    stack = make_stack(GAME_S="60", **TWO)
    keys = await open_page(stack.url, telegram=TelegramClient(first_name="Keys"))
    other = await open_page(stack.url, locale="ru-RU", motion=False)

    def hear_of_an_outage(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda frame: socket.send(str(frame).replace('"operator"', '"outage"')))

    # For the one it is an operator who stops the game, for the other a fault.
    await other.page.route_web_socket("**/api/v1/ws", hear_of_an_outage)
    await keys.launch()
    await other.log_in("Другой")
    await keys.card(50).focus()
    await keys.page.keyboard.press("Enter")
    await expect(keys.says("Waiting for 1 of 2 players")).to_be_visible()
    # From the paid seat on.
    await keys.telegram.asked("web_app_setup_closing_behavior", need_confirmation=True)
    await keys.telegram.asked("web_app_setup_swipe_behavior", allow_vertical_swipe=False)
    await other.join()
    await keys.reach_game()
    await expect(keys.tap_button).to_be_focused()
    for key in ("Space", "Enter", "Space"):
        await keys.page.keyboard.press(key)
    await expect(keys.own_taps).to_have_text("3")
    await expect(keys.says("It stays in play even if you close the app.")).to_be_visible()
    await keys.expect_accessible()

    room = json.loads(await keys.page.evaluate("sessionStorage.getItem('chance-tap.room')"))["roomId"]
    stack.run("refund", ["room", "refund", room])
    await expect(keys.says("The game was called off")).to_be_visible()
    await expect(keys.says("An operator stopped it")).to_be_visible()
    await expect(other.says("из-за сбоя на нашей стороне")).to_be_visible()
    await expect(keys.says("Back on your balance. You have 100 Stars.")).to_be_visible()
    await expect(other.says("Снова на вашем балансе. У вас 100 звёзд.")).to_be_visible()
    assert not keys.telegram.confirms_closing
    assert keys.telegram.closes_by_swipe
    # A room that is found cancelled does not say by whom: then nobody is named.
    await other.page.reload()
    await expect(other.says("Игру остановили, она не засчитана")).to_be_visible()
    await expect(other.says("Снова на вашем балансе. У вас 100 звёзд.")).to_be_visible()
    await other.expect_accessible()
    await keys.page.get_by_role("button", name="Back to lobby").focus()
    await keys.page.keyboard.press("Enter")
    await keys.expect_balance(100)
    assert await audit(db) == []


async def test_a_game_in_which_nobody_tapped_gives_the_stakes_back(
    make_stack: Callable[..., Stack], open_page: OpenPage, db: Database
) -> None:
    stack = make_stack(GAME_S="2", **TWO)
    first, second = await open_page(stack.url), await open_page(stack.url, locale="ru-RU", motion=False, size=SMALL)
    await first.log_in("First")
    await second.log_in("Вторая")
    await first.join()
    await second.join()
    await expect(first.says("Nobody won")).to_be_visible()
    await expect(second.says("Никто не победил")).to_be_visible()
    await expect(first.says("Your stake is back on your balance: 50 Stars.")).to_be_visible()
    await expect(second.payout).to_have_attribute("data-payout", "50")
    await second.expect_accessible()
    await second.page.reload()
    await expect(second.says("Ставка снова на вашем балансе: 50 звёзд.")).to_be_visible()
    await second.page.get_by_role("button", name="В лобби").click()
    await second.expect_balance(100)
    assert await audit(db) == []
    assert stack.errors() == []
