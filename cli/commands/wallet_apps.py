"""`chance-tap wallet-apps`: the wallets that the bot's /wallet offers, held against TON Connect's public list.

`--update` takes the list's addresses over into the copy.  Which wallets are offered is never changed by it.
"""

import sys
from datetime import UTC, datetime
from typing import Annotated, Final

import httpx
import msgspec
import typer

from bot.wallet_apps import PATH, Copy, WalletApp, parse, read, write
from cli.commands.options import Json, settings_of
from cli.commands.output import print_json
from persistence.errors import StoreUnavailable

TIMEOUT_S: Final = 15.0
MAX_BYTES: Final = 4 * 1024 * 1024


app = typer.Typer(add_completion=False)


@app.command()
def wallet_apps(
    context: typer.Context,
    update: Annotated[bool, typer.Option("--update", help="take over what has changed; look at it before")] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="another copy of the list (default: where the copy was taken from)")
    ] = None,
    as_json: Json = False,
) -> int:
    """Exit code 0 when the copy is the list's (or is now), 1 when it differs, 2 when the list cannot be read."""
    copy = read()
    url = url or copy.source
    settings_of(context, url=url)  # for its refusals only
    published = _published(url)
    problems = {app.app_name: _differences(app, published.get(app.app_name)) for app in copy.wallets}
    differs = any(problems.values())
    gone = [name for name in problems if name not in published]
    if update and not gone:
        today = datetime.now(UTC).date().isoformat()
        wallets = tuple(published[app.app_name] for app in copy.wallets)
        copy = Copy(source=copy.source, as_of=today, wallets=wallets)
        write(copy)
    if as_json:
        print_json({"source": copy.source, "as_of": copy.as_of, "differences": problems})
    else:
        print(f"{PATH.name}: {len(copy.wallets)} wallets of {copy.source}, as of {copy.as_of}")
        for each in copy.wallets:
            print(f"  {each.name}: {'; '.join(problems[each.app_name]) or 'as published'}")
    if gone and update:
        print("Nothing was changed: take out what is no longer published yourself.", file=sys.stderr)
    return 1 if differs and (gone or not update) else 0


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
