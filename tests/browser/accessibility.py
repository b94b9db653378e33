"""What axe and a few rules of our own find wrong with a page, as lines to read.

axe runs by the debugger's evaluation, which a page's content security policy does not concern.  Where it cannot tell
what lies behind a text (a gradient, a picture, something that overlaps) the pixels there decide.
"""

import base64
import re
from pathlib import Path
from typing import Any

from playwright.async_api import Page

_AXE = Path(__file__).parents[2] / "webapp" / "node_modules" / "axe-core" / "axe.min.js"

# The build's name of a class: its own, the module's hash and a line.
_MODULE_CLASS = re.compile(r"\._(\w+?)_[\w-]{5}_\d+")

# A colour in the middle of a fade is nobody's contrast: what moves once is let come to rest first.
_REST = """
  async () => {
    // An amount that runs up shows another number than it says.
    const digits = (element) => element.textContent.replace(/\\D/g, "");
    const isCounting = () => [...document.querySelectorAll("[aria-hidden=true]:has(+ svg + .visually-hidden)")]
      .some((shown) => digits(shown) !== digits(shown.parentElement.lastElementChild));
    for (let frame = 0; frame < 600 && isCounting(); frame += 1) await new Promise(requestAnimationFrame);
    await Promise.race([
      Promise.all(
        document.getAnimations()
          .filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity)
          .map((animation) => animation.finished.catch(() => undefined)),
      ),
      new Promise((resolve) => setTimeout(resolve, 1000)),
    ]);
  }
"""
_RUN_AXE = """
  async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const { violations, incomplete } = await axe.run(document, {
      runOnly: { type: "tag", values: tags }, resultTypes: ["violations", "incomplete"],
    });
    // axe takes initials in a picture's place for a part of the label; what is hidden from readers is none.
    const isNamedAsShown = ({ target }) => {
      const element = document.querySelector(target.at(-1));
      const shown = element.cloneNode(true);
      for (const hidden of shown.querySelectorAll("[aria-hidden=true]")) hidden.remove();
      const plain = (text) => text.replace(/[^\\p{L}\\p{N}]+/gu, " ").trim().toLowerCase();
      return plain(element.getAttribute("aria-label") ?? "").includes(plain(shown.textContent));
    };
    // What the menu covers now is scrolled out from under it: the size counts in the middle of the screen.
    const small = new Set();
    for (const { target } of violations.find(({ id }) => id === "target-size")?.nodes ?? []) {
      const [element, at] = [document.querySelector(target.at(-1)), window.scrollY];
      element.scrollIntoView({ block: "center", behavior: "instant" });
      const again = await axe.run(document, { runOnly: { type: "rule", values: ["target-size"] } });
      const still = again.violations.flatMap(({ nodes }) => nodes.map((node) => node.target.at(-1)));
      if (still.includes(target.at(-1))) small.add(target.at(-1));
      window.scrollTo({ top: at, behavior: "instant" });
    }
    const isFault = ({ id }) => (node) =>
      id === "target-size"
        ? small.has(node.target.at(-1))
        : id !== "label-content-name-mismatch" || !isNamedAsShown(node);
    const faults = violations.flatMap(({ id, nodes }) => nodes.filter(isFault({ id })).map(
      ({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary.split("\\n").slice(1).join(";")}`,
    ));
    const unsure = incomplete.filter(({ id }) => id === "color-contrast").flatMap(({ nodes }) => nodes);
    return { faults, unsure: unsure.map(({ target }) => target.at(-1)) };
  }
"""
# What moves for ever stands at its beginning while it is measured.
_HOLD = """
  () => {
    window.held = document.getAnimations().filter((animation) => {
      const isEndless = animation.effect?.getComputedTiming().endTime === Infinity;
      return isEndless && animation.playState === "running";
    });
    for (const animation of window.held) { animation.pause(); animation.currentTime = 0; }
  }
"""
_GO_ON = "() => { for (const animation of window.held) animation.play(); }"
# Where each text lies, its colour as painted, and the contrast that its size needs.
_LOCATE = """
  (targets) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    return targets.flatMap((target) => {
      const element = document.querySelector(target);
      if (!element) return [];
      const text = [...element.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (!text) return [];
      const range = document.createRange();
      range.selectNodeContents(text);
      const { x, y, width, height } = range.getBoundingClientRect();
      const points = [[0.5, 0.5], [0.02, 0.1], [0.98, 0.1], [0.02, 0.9], [0.98, 0.9]];
      const isCovered = points.some(([across, down]) => {
        const seen = document.elementFromPoint(x + width * across, y + height * down);
        return !seen || !(element.contains(seen) || seen.contains(element));
      });
      if (isCovered) return [];
      const style = getComputedStyle(element);
      const size = Number.parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      const [red, green, blue, alpha] = rgba(style.color);
      let opacity = alpha / 255;
      for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
      const needed = isLarge ? 3 : 4.5;
      return [{ target, box: [x, y, width, height], colour: [red, green, blue], opacity, needed }];
    });
  }
"""
_WITHOUT_TEXT = """
  () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`*, *::before, *::after { color: transparent !important; text-shadow: none !important;
      -webkit-text-fill-color: transparent !important; transition: none !important; }`);
    document.adoptedStyleSheets.push(sheet);
  }
"""
# A twentieth of the pixels may be anything: the corner of a neighbour, a hairline.
_MEASURE = """
  async ([picture, texts]) => {
    document.adoptedStyleSheets.pop();
    const bytes = Uint8Array.from(atob(picture), (character) => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d", { willReadFrequently: true });
    canvas.drawImage(image, 0, 0);
    const linear = (value) => (value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    const light = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    return texts.flatMap(({ target, box: [x, y, width, height], colour, opacity, needed }) => {
      const left = Math.max(0, Math.floor(x)), top = Math.max(0, Math.floor(y));
      const across = Math.min(image.width - left, Math.ceil(width));
      const down = Math.min(image.height - top, Math.ceil(height));
      if (across < 1 || down < 1) return [];
      const { data } = canvas.getImageData(left, top, across, down);
      const ratios = [];
      for (let at = 0; at < data.length; at += 4) {
        const behind = [data[at], data[at + 1], data[at + 2]];
        const text = light(colour.map((value, part) => value * opacity + behind[part] * (1 - opacity)));
        const [dark, bright] = [text, light(behind)].sort((one, other) => one - other);
        ratios.push((bright + 0.05) / (dark + 0.05));
      }
      const worst = ratios.sort((one, other) => one - other)[Math.floor(ratios.length / 20)];
      return worst >= needed ? [] : [`contrast by pixels: ${target}: ${worst.toFixed(2)} of ${needed}`];
    });
  }
"""
# What a finger aims at is 44 by 44 pixels, links within a sentence excepted; and nothing makes the page wider.
_OWN_RULES = """
  () => {
    const found = [];
    for (const element of document.querySelectorAll("button, a[href], input, select, textarea, [role=tab]")) {
      if (element.closest(".visually-hidden, [inert], [aria-hidden=true]")) continue;
      if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
      // Either a field or its label may be what the finger aims at.
      const boxes = [element, ...(element.labels ?? [])].map((aim) => aim.getBoundingClientRect());
      const box = boxes[0];
      if (getComputedStyle(element).display === "inline" || boxes.at(-1).width === 0) continue;
      if (boxes.some(({ width, height }) => Math.round(width) >= 44 && Math.round(height) >= 44)) continue;
      const name = element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 40);
      found.push(`44 px: ${element.localName} "${name}" is ${Math.round(box.width)}x${Math.round(box.height)}`);
    }
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`wider than the screen: ${scrollWidth} of ${clientWidth} px`);
    return found;
  }
"""


async def rest(page: Page) -> None:
    """Until what moves once has come to rest."""
    await page.evaluate(_REST)


async def faults(page: Page) -> list[str]:
    """WCAG 2.2 AA by axe, targets of 44 px, and no scrolling sideways; empty when all is well."""
    await rest(page)
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(_AXE.read_text())
    found: dict[str, list[str]] = await page.evaluate(_RUN_AXE)
    await page.evaluate(_HOLD)
    by_pixels = await _contrast_by_pixels(page, found["unsure"])
    await page.evaluate(_GO_ON)
    lines = found["faults"] + by_pixels + list(await page.evaluate(_OWN_RULES))
    return [_MODULE_CLASS.sub(r".\1", line) for line in lines]


async def _contrast_by_pixels(page: Page, targets: list[str]) -> list[str]:
    texts: list[dict[str, Any]] = await page.evaluate(_LOCATE, targets)
    if not texts:
        return []
    await page.evaluate(_WITHOUT_TEXT)
    picture = base64.b64encode(await page.screenshot(scale="css")).decode()
    return list(await page.evaluate(_MEASURE, [picture, texts]))
