"""`chance-tap wallet-apps`: the wallets that the bot's /wallet offers, held against TON Connect's public list.

`--update` takes the list's addresses over into the copy.  Which wallets are offered is never changed by it.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Final

import httpx
import msgspec

from bot.wallet_apps import PATH, Copy, WalletApp, parse, read, write
from chance_tap.settings import Settings
from persistence.errors import StoreUnavailable

TIMEOUT_S: Final = 15.0
MAX_BYTES: Final = 4 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--update", action="store_true", help="take over what has changed; look at it before")
    parser.add_argument("--url", help="another copy of the list (default: where the copy was taken from)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, _: Settings) -> int:
    """The command: 0 when the copy is the list's (or is now), 1 when it differs, 2 when the list cannot be read."""
    copy = read()
    published = _published(arguments.url or copy.source)
    problems = {app.app_name: _differences(app, published.get(app.app_name)) for app in copy.wallets}
    differs = any(problems.values())
    gone = [name for name in problems if name not in published]
    if arguments.update and not gone:
        today = datetime.now(UTC).date().isoformat()
        wallets = tuple(published[app.app_name] for app in copy.wallets)
        copy = Copy(source=copy.source, as_of=today, wallets=wallets)
        write(copy)
    if arguments.json:
        print(json.dumps({"source": copy.source, "as_of": copy.as_of, "differences": problems}))
    else:
        print(f"{PATH.name}: {len(copy.wallets)} wallets of {copy.source}, as of {copy.as_of}")
        for app in copy.wallets:
            print(f"  {app.name}: {'; '.join(problems[app.app_name]) or 'as published'}")
    if gone and arguments.update:
        print("Nothing was changed: take out what is no longer published yourself.", file=sys.stderr)
    return 1 if differs and (gone or not arguments.update) else 0


def _differences(app: WalletApp, published: WalletApp | None) -> list[str]:
    if published is None:
        return ["no longer published, or not for chats"]
    ours, theirs = msgspec.structs.asdict(app), msgspec.structs.asdict(published)
    return [f"{name} is {theirs[name]}, here {value}" for name, value in ours.items() if theirs[name] != value]


def _published(url: str) -> dict[str, WalletApp]:
    try:
        with httpx.stream("GET", url, timeout=TIMEOUT_S) as answer:
            answer.raise_for_status()
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > MAX_BYTES:
                    raise ValueError("too long")
        return parse(body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise StoreUnavailable(f"the list of wallets at {url}") from error
