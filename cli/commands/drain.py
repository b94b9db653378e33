"""`chance-tap drain`: which gateways there are, and the order to one of them to let go of its players.

Owns neither list nor order: both are in Redis.  A drained gateway stays up, answering REST, until it is stopped.
"""

import argparse
import asyncio
import json
import sys
import time

import msgspec

from chance_tap.settings import Settings
from persistence.redis.gateways import WORD_MS, GatewayInfo
from persistence.redis.store import RedisStore

_LOOK_S = 0.2
_HEARD_S = WORD_MS / 1000
"""A gateway that lives says so more often than this, and hears the order when it does."""


class UnknownGateway(Exception):
    """No gateway of that name lives; the message lists those that do."""


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit code 0 when listed or drained, 1 when the gateway went before it was, 2 for an unknown name."""
    try:
        found, drained = asyncio.run(_run(arguments.gateway, settings))
    except UnknownGateway as error:
        print(f"chance-tap drain: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        listed = [msgspec.to_builtins(info) for info in found]
        print(json.dumps(listed if arguments.gateway is None else (listed or [None])[0], indent=1))
    else:
        print(_text(found))
    return 0 if drained else 1


async def _run(name: str | None, settings: Settings) -> tuple[list[GatewayInfo], bool]:
    live = await RedisStore.open(settings.redis_url, heartbeat=False)
    try:
        if name is None:
            return [info for info, _ in await live.gateways.all()], True
        return await drain(live, name, settings.drain_notice_s + settings.drain_s)
    finally:
        await live.close()


async def drain(live: RedisStore, name: str, patience_s: float) -> tuple[list[GatewayInfo], bool]:
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
    until = time.monotonic() + patience_s + 2 * _HEARD_S
    while time.monotonic() < until:
        now = [info for info, _ in await live.gateways.all() if info.name == name]
        if not now:
            return last, False
        last = now
        if now[0].state == "drained":
            return now, True
        await asyncio.sleep(_LOOK_S)
    return last, False


def _text(found: list[GatewayInfo]) -> str:
    if not found:
        return "No gateway runs."
    lines = [("GATEWAY", "ADDRESS", "PID", "SOCKETS", "SINCE", "STATE")]
    for info in found:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(info.since_ms / 1000))
        lines.append((info.name, info.address, str(info.pid), str(info.sockets), since, info.state))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [[word.ljust(width) for word, width in zip(line, widths, strict=True)] for line in lines]
    return "\n".join("  ".join(words).rstrip() for words in padded)
