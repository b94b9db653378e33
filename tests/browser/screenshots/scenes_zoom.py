"""Texts twice as large, as a phone whose system says so shows them: nothing is cut off, nothing beside the screen."""

from playwright.async_api import expect

from tests.browser.crowd import SLEEPER
from tests.browser.screenshots.scenes_arena import CrowdOf
from tests.browser.screenshots.studio import Studio, Viewer
from tests.fixtures.stack import MakeStack

# As Android's text zoom does it: sizes and heights of lines, in whatever unit, and nothing else.
_ENLARGE = """
  () => {
    const elements = [...document.querySelectorAll("body *")].filter((element) => element instanceof HTMLElement);
    const found = elements.map((element) => {
      const { fontSize, lineHeight } = getComputedStyle(element);
      return [element, Number.parseFloat(fontSize), Number.parseFloat(lineHeight)];
    });
    for (const [element, size, line] of found) {
      element.style.setProperty("font-size", `${2 * size}px`, "important");
      if (line) element.style.setProperty("line-height", `${2 * line}px`, "important");
    }
  }
"""
_BACK = """
  () => {
    for (const element of document.querySelectorAll("body *")) {
      element.style?.removeProperty("font-size");
      element.style?.removeProperty("line-height");
    }
  }
"""
# What cuts a text that does not say with three dots that it is cut.
_CUT = """
  () => {
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.data.trim();
      const own = node.parentElement;
      // In a race the number takes the face's place: a face without any width is not there.
      const isInitials = (own.closest("[class*=_avatar_]")?.clientWidth ?? 0) > 0;
      if (!text || own.closest(".visually-hidden") || !own.checkVisibility()) continue;
      if (own.closest("[aria-hidden=true]") && !isInitials) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      let isShortened = false;
      for (let around = own; around && around !== document.body; around = around.parentElement) {
        const style = getComputedStyle(around);
        const isContained = /strict|content|paint/.test(style.contain);
        if (style.overflowX === "visible" && style.overflowY === "visible" && !isContained) continue;
        if (style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none") {
          isShortened = true;
          break;
        }
        if (style.overflowY === "auto" || style.overflowY === "scroll") break;
        const edge = around.getBoundingClientRect();
        const isOut = box.left < edge.left - 2 || box.right > edge.right + 2;
        if (isOut || box.top < edge.top - 4 || box.bottom > edge.bottom + 4) found.add(`cut off: ${text}`);
      }
      if (isShortened) continue;
      if (box.left < -1 || box.right > innerWidth + 1) found.add(`beside the screen: ${text}`);
      const button = own.closest("button")?.getBoundingClientRect();
      if (button && (box.left < button.left - 2 || box.right > button.right + 2)) {
        found.add(`wider than its button: ${text}`);
      }
    }
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.add(`wider than the screen: ${scrollWidth} of ${clientWidth} px`);
    return [...found];
  }
"""


async def shoot_enlarged(studio: Studio, screen: str) -> None:
    await studio.all(lambda viewer: viewer.player.page.evaluate(_ENLARGE))
    await studio.shoot(f"zoom-{screen}", check=False)

    async def look(viewer: Viewer) -> None:
        faults = await viewer.player.page.evaluate(_CUT)
        studio.faults += [f"{fault}\n    on zoom-{screen}-{viewer.look.ending}" for fault in faults]
        await viewer.player.page.evaluate(_BACK)

    await studio.all(look)


async def test_large_texts(make_stack: MakeStack, studio: Studio, crowd_of: CrowdOf) -> None:
    stack = make_stack(CAPACITY="6", GAME_S="14", COUNTDOWN_S="5", WAIT_S="60")
    crowd = crowd_of(stack.url)
    await studio.launch(stack.url)
    await shoot_enlarged(studio, "home")
    await studio.in_turn(lambda viewer: viewer.player.join(50))
    await crowd.sit(50, 1, SLEEPER)
    await shoot_enlarged(studio, "waiting")
    await crowd.sit(50, 1)
    await studio.all(lambda viewer: viewer.player.reach_game())
    await studio.all(lambda viewer: viewer.player.tap(12, 90))
    await shoot_enlarged(studio, "game")
    await studio.all(lambda viewer: expect(viewer.player.payout).to_be_visible())
    await shoot_enlarged(studio, "results")
    await studio.all(lambda viewer: viewer.press("results.toLobby"))
    await studio.all(lambda viewer: viewer.button("Profile", "Профиль").click())
    await studio.all(lambda viewer: expect(viewer.player.page.locator("dl")).to_be_visible())
    await shoot_enlarged(studio, "profile")
