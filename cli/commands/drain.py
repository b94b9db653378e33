"""`chance-tap drain`: which gateways there are, and the order to one of them to let go of its players.

Owns neither list nor order: both are in Redis.  A drained gateway stays up, answering REST, until it is stopped.
"""

import asyncio
import sys
import time
from typing import Annotated

import msgspec
import typer

from chance_tap.settings import Settings
from cli.commands.options import Json, settings_of
from cli.commands.output import moment, print_json, print_table
from cli.commands.stores import open_redis
from cli.progress import progress_bar
from persistence.progress import Progress, untold
from persistence.redis.gateways import WORD_MS, GatewayInfo
from persistence.redis.store import RedisStore

_LOOK_S = 0.2
_HEARD_S = WORD_MS / 1000
"""A gateway that lives says so more often than this, and hears the order when it does."""
COLUMNS = ("GATEWAY", "ADDRESS", "PID", "SOCKETS", "SINCE", "STATE")

app = typer.Typer(add_completion=False)


class UnknownGateway(Exception):
    """No gateway of that name lives; the message lists those that do."""


@app.command("drain")
def order(
    context: typer.Context,
    gateway: Annotated[
        str | None, typer.Argument(metavar="GATEWAY", help="its name; without one all are listed")
    ] = None,
    as_json: Json = False,
) -> int:
    """Exit code 0 when listed or drained, 1 when the gateway went before it was, 2 for an unknown name."""
    try:
        found, drained = asyncio.run(_run(gateway, settings_of(context)))
    except UnknownGateway as error:
        print(f"chance-tap drain: {error}", file=sys.stderr)
        return 2
    if as_json:
        listed = [msgspec.to_builtins(info) for info in found]
        print_json(listed if gateway is None else (listed or [None])[0], indent=1)
    elif found and sys.stdout.isatty():
        print_table(COLUMNS, map(_cells, found))
    else:
        print(_text(found))
    return 0 if drained else 1


async def _run(name: str | None, settings: Settings) -> tuple[list[GatewayInfo], bool]:
    async with open_redis(settings) as live:
        if name is None:
            return [info for info, _ in await live.gateways.all()], True
        with progress_bar(f"Players leave {name}") as progress:
            return await drain(live, name, settings.drain_notice_s + settings.drain_s, progress)


async def drain(
    live: RedisStore, name: str, patience_s: float, progress: Progress = untold
) -> tuple[list[GatewayInfo], bool]:
    """Order it and wait until it is done; what was last heard of it, and whether it is drained.

    Raises:
        UnknownGateway: none of that name lives.
        StoreUnavailable: Redis does not answer.
    """
    if not await live.gateways.order_drain(name):
        names = [info.name for info, _ in await live.gateways.all()]
        there_are = f"there are {', '.join(names)}" if names else "there is none"
        raise UnknownGateway(f"no gateway is called {name}: {there_are}.")
    last: list[GatewayInfo] = []
    most = 0
    until = time.monotonic() + patience_s + 2 * _HEARD_S
    while time.monotonic() < until:
        now = [info for info, _ in await live.gateways.all() if info.name == name]
        if not now:
            return last, False
        last = now
        most = max(most, now[0].sockets)
        progress(most - now[0].sockets, most)
        if now[0].state == "drained":
            return now, True
        await asyncio.sleep(_LOOK_S)
    return last, False


def _text(found: list[GatewayInfo]) -> str:
    if not found:
        return "No gateway runs."
    lines = [COLUMNS, *(tuple(map(str, _cells(info))) for info in found)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [[word.ljust(width) for word, width in zip(line, widths, strict=True)] for line in lines]
    return "\n".join("  ".join(words).rstrip() for words in padded)


def _cells(info: GatewayInfo) -> tuple[object, ...]:
    return info.name, info.address, info.pid, info.sockets, moment(info.since_ms), info.state
