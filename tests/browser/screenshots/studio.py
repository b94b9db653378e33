"""Pictures of every screen in every look, with what is wrong on them.

A look is a size, a language and a scheme.  A studio has one player for each look, in rooms together wherever that makes
sense, so that one game gives all pictures of it.  Owns the file names and the contact sheet.
"""

import asyncio
import html
import json
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from playwright.async_api import Browser, Locator, ViewportSize

from tests.browser import accessibility
from tests.browser.chromium import PHONE, SMALL, TABLET, open_player
from tests.browser.player import SCREENSHOTS, Player
from tests.browser.telegram import DARK, LIGHT, Insets, TelegramClient

TEXTS = Path(__file__).parents[3] / "webapp" / "src" / "texts"
LONG_NAME = "Константин-Александр Преображенский-Добролюбов Задунайский-старший"[:60]


@dataclass(frozen=True)
class Look:
    size: ViewportSize
    language: str
    scheme: str
    name: str

    @property
    def ending(self) -> str:
        return f"{self.size['width']}x{self.size['height']}-{self.language}-{self.scheme}"

    def client(self) -> TelegramClient:
        """The person who looks at it, in a Telegram of that look; every call is a new person."""
        return TelegramClient(
            theme=DARK if self.scheme == "dark" else LIGHT,
            first_name=self.name,
            language=self.language,
            safe_area=Insets(top=20, bottom=16) if self.size == PHONE else Insets(),
        )


LOOKS = (
    Look(PHONE, "ru", "dark", "Анна"),
    Look(PHONE, "en", "light", "Ben"),
    Look(SMALL, "ru", "dark", LONG_NAME),
    Look(TABLET, "en", "light", "Chloe Martin"),
)


@dataclass(frozen=True)
class Viewer:
    """Somebody in front of the app, in one look."""

    look: Look
    player: Player

    def wording(self, key: str) -> re.Pattern[str]:
        """The app's own text by its key, whatever is put into it."""
        area, _, name = key.partition(".")
        text = _texts(self.look.language)[area]
        words = text.get(name) or text[f"{name}_other"]
        return re.compile(".*".join(re.escape(part) for part in re.split(r"\{\{.*?\}\}", words)))

    def word(self, key: str) -> Locator:
        return self.player.says(self.wording(key)).first

    def button_for(self, key: str) -> Locator:
        return self.player.page.get_by_role("button", name=self.wording(key)).last

    async def press(self, key: str) -> None:
        await self.button_for(key).click()

    def button(self, english: str, russian: str) -> Locator:
        return self.player.page.get_by_role("button", name=russian if self.look.language == "ru" else english)

    def says(self, english: str, russian: str) -> Locator:
        return self.player.says(russian if self.look.language == "ru" else english).first


@cache
def _texts(language: str) -> dict[str, dict[str, str]]:
    areas: dict[str, dict[str, str]] = {}
    for path in TEXTS.glob(f"*.{language}.json"):
        areas |= json.loads(path.read_text())
    return areas


Act = Callable[[Viewer], Awaitable[object]]
Person = Callable[[TelegramClient], TelegramClient | None]


class Studio:
    """One viewer for each look.  `report` says what is wrong in the pictures and in the pages' consoles."""

    def __init__(self, browser: Browser) -> None:
        self.viewers: list[Viewer] = []
        self.faults: list[str] = []
        self._seen_on: dict[str, list[str]] = defaultdict(list)
        self._browser = browser

    async def invite(self, url: str, person: Person = lambda client: client, tolerated: str = "") -> None:
        """New viewers, each before an empty page; `person` changes their Telegram, or takes it away."""
        await self.dismiss()
        for look in LOOKS:
            player = await open_player(
                self._browser,
                url,
                self.faults,
                locale="ru-RU" if look.language == "ru" else "en-US",
                scheme=look.scheme,
                size=look.size,
                telegram=person(look.client()),
                tolerated=tolerated,
            )
            self.viewers.append(Viewer(look, player))

    async def launch(self, url: str, person: Person = lambda client: client, tolerated: str = "") -> None:
        """New viewers, each on Home."""
        await self.invite(url, person, tolerated)
        await self.all(lambda viewer: viewer.player.launch())

    async def all(self, act: Act) -> None:
        """Every viewer does it at the same time."""
        await asyncio.gather(*(act(viewer) for viewer in self.viewers))

    async def in_turn(self, act: Act) -> None:
        for viewer in self.viewers:
            await act(viewer)

    async def shoot(self, screen: str, *, check: bool = True) -> None:
        """A picture of what each viewer sees; then, with `check`, what is wrong on it."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        if check:
            await self.all(lambda viewer: accessibility.rest(viewer.player.page))
        await self.all(lambda viewer: viewer.player.screenshot(f"{screen}-{viewer.look.ending}"))
        if check:
            await self.all(lambda viewer: self._judge(viewer, screen))

    async def dismiss(self) -> None:
        for viewer in self.viewers:
            await viewer.player.page.context.close()
        self.viewers.clear()

    async def _judge(self, viewer: Viewer, screen: str) -> None:
        for fault in await accessibility.faults(viewer.player.page):
            self._seen_on[fault].append(f"{screen}-{viewer.look.ending}")

    def report(self) -> str:
        """Everything that is wrong, once, with where it is seen; empty when all is well."""
        lines = list(dict.fromkeys(self.faults))
        lines += [f"{fault}\n    on {', '.join(seen_on)}" for fault, seen_on in self._seen_on.items()]
        return "\n".join(lines)


def write_contact_sheet() -> None:
    """All pictures of all looks on one page, a row for each screen."""
    rows: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted(SCREENSHOTS.glob("*.png")):
        for look in LOOKS:
            if path.stem.endswith(f"-{look.ending}"):
                rows[path.stem.removesuffix(f"-{look.ending}")][look.ending] = path.name
    endings = [look.ending for look in LOOKS]
    lines = [
        f"<h2>{html.escape(screen)}</h2><div>"
        + "".join(
            f'<a href="{pictures[ending]}"><img loading="lazy" src="{pictures[ending]}" alt="{ending}"></a>'
            for ending in endings
            if ending in pictures
        )
        + "</div>"
        for screen, pictures in rows.items()
    ]
    style = "body{font:14px system-ui;margin:24px;background:#888}div{display:flex;gap:12px}img{height:420px}"
    head = f"<!doctype html><meta charset=utf-8><title>Screens</title><style>{style}</style>"
    (SCREENSHOTS / "index.html").write_text(head + "\n".join(lines) + "\n")
