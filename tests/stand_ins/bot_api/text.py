"""Telegram's HTML: the plain text and the entities of it, or the refusal that a bot gets for text that it cannot
parse."""

from html.parser import HTMLParser
from typing import Any

from tests.stand_ins.bot_api.book import Refused

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
}


def plain(text: str, parse_mode: str | None) -> tuple[str, list[dict[str, Any]]]:
    if parse_mode is None:
        return text, []
    if parse_mode != "HTML":
        raise Refused(400, f"Bad Request: the stand-in reads HTML only, not {parse_mode}")
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.open:
        raise Refused(400, f"Bad Request: can't parse entities: Can't find end tag for {reader.open[-1][0]}")
    return reader.text, reader.entities


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.entities: list[dict[str, Any]] = []
        self.open: list[tuple[str, int, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _KINDS:
            raise Refused(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        self.open.append((tag, _units(self.text), dict(attrs).get("href")))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            raise Refused(400, f'Bad Request: can\'t parse entities: Unexpected end tag "{tag}"')
        _, offset, address = self.open.pop()
        entity: dict[str, Any] = {"type": _KINDS[tag], "offset": offset, "length": _units(self.text) - offset}
        self.entities.append(entity | ({"url": address} if address else {}))

    def handle_data(self, data: str) -> None:
        self.text += data


def _units(text: str) -> int:
    """Offsets count UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2
