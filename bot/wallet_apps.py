"""Which wallets' applications the chat offers: a copy of a few entries of TON Connect's public list.

A copy, `wallet_apps.json`, which says what it was taken from and when: the list decides where people are sent to, so
nobody but an operator changes it, and no wallet's connection waits for somebody else's server.  `chance-tap
wallet-apps` compares the copy with the list.
"""

import re
from pathlib import Path
from typing import Any, Final

import msgspec

PATH: Final = Path(__file__).with_name("wallet_apps.json")
_HTTPS: Final = re.compile(r"https://[a-z0-9.-]+(/[!-~]*)?")


class WalletApp(msgspec.Struct, frozen=True):
    """A wallet's application, as the list of wallets describes it."""

    app_name: str
    name: str
    bridge_url: str
    universal_url: str


class Copy(msgspec.Struct, frozen=True):
    """What was taken from where, and on which day it was that list's."""

    source: str
    as_of: str
    wallets: tuple[WalletApp, ...]


def read(path: Path = PATH) -> Copy:
    return msgspec.json.decode(path.read_bytes(), type=Copy)


def write(copy: Copy, path: Path = PATH) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(copy), indent=2) + b"\n")


def parse(published: bytes) -> dict[str, WalletApp]:
    """The entries of the public list that can be reached from a chat, by `app_name`: with a bridge and a link, https.

    Raises:
        ValueError: this is no such list.
    """
    entries = msgspec.json.decode(published)
    if not isinstance(entries, list):
        raise ValueError("not a list")
    found = (_entry(entry) for entry in entries if isinstance(entry, dict))
    return {app.app_name: app for app in found if app is not None}


def _entry(entry: dict[str, Any]) -> WalletApp | None:
    bridges = entry.get("bridge")
    urls = [each.get("url") for each in bridges if isinstance(each, dict)] if isinstance(bridges, list) else []
    values = (
        entry.get("app_name"),
        entry.get("name"),
        next((url for url in urls if url), None),
        entry.get("universal_url"),
    )
    app_name, name, bridge_url, universal_url = values
    if not all(isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable() for value in values):
        return None
    if not _HTTPS.fullmatch(str(bridge_url)) or not _HTTPS.fullmatch(str(universal_url)):
        return None
    return WalletApp(str(app_name), str(name), str(bridge_url), str(universal_url))
