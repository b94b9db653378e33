"""What axe and a few rules of our own find wrong with a page, as lines to read.

axe runs by the debugger's evaluation, which a page's content security policy does not concern.
"""

from pathlib import Path

from playwright.async_api import Page

_AXE = Path(__file__).parents[2] / "webapp" / "node_modules" / "axe-core" / "axe.min.js"

# A colour in the middle of a fade is nobody's contrast: what moves once is let come to rest first.
_REST = """
  () => Promise.race([
    Promise.all(
      document.getAnimations()
        .filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity)
        .map((animation) => animation.finished.catch(() => undefined)),
    ),
    new Promise((resolve) => setTimeout(resolve, 1000)),
  ]).then(() => undefined)
"""
_RUN_AXE = """
  async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const { violations } = await axe.run(document, {
      runOnly: { type: "tag", values: tags }, resultTypes: ["violations"],
    });
    return violations.flatMap(({ id, nodes }) => nodes.map(
      ({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary.split("\\n").slice(1).join(";")}`,
    ));
  }
"""
# What a finger aims at is 44 by 44 pixels, links within a sentence excepted; and nothing makes the page wider.
_OWN_RULES = """
  () => {
    const found = [];
    for (const element of document.querySelectorAll("button, a[href], input, select, textarea, [role=tab]")) {
      if (element.closest(".visually-hidden, [inert], [aria-hidden=true]")) continue;
      if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
      const label = element.labels?.[0];
      const box = (label ?? element).getBoundingClientRect();
      if (getComputedStyle(element).display === "inline" || box.width === 0) continue;
      if (Math.round(box.width) >= 44 && Math.round(box.height) >= 44) continue;
      const name = element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 40);
      found.push(`44 px: ${element.localName} "${name}" is ${Math.round(box.width)}x${Math.round(box.height)}`);
    }
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`wider than the screen: ${scrollWidth} of ${clientWidth} px`);
    return found;
  }
"""


async def faults(page: Page) -> list[str]:
    """WCAG 2.2 AA by axe, targets of 44 px, and no scrolling sideways; empty when all is well."""
    await page.evaluate(_REST)
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(_AXE.read_text())
    found: list[str] = await page.evaluate(_RUN_AXE)
    return found + list(await page.evaluate(_OWN_RULES))
