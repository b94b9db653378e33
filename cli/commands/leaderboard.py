"""`chance-tap leaderboard rebuild`: every leaderboard in Redis anew from Postgres, while players read the old ones.

Workers build boards that are missing and follow what is won; this command is for boards that are wrong, as after
Postgres was restored from a backup.  It may run beside any number of workers.
"""

import argparse
import asyncio
import json
import time

from chance_tap.settings import Settings
from persistence.leaderboards import LeaderboardSync, wanted
from persistence.postgres.pool import Database
from persistence.redis.leaderboards import ABANDONED_MS
from persistence.redis.store import RedisStore

PATIENCE_S = ABANDONED_MS / 1000 + 10
"""For boards that another builder has in hand; one that has died is given up before."""
_PAUSE_S = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["rebuild"], help="build every board anew")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit code 0 when every board was built, else 1."""
    built = asyncio.run(_run(settings))
    done = all(players is not None for players in built.values())
    if arguments.json:
        boards = [{"board": name, "players": players} for name, players in built.items()]
        print(json.dumps({"rebuilt": done, "boards": boards}, indent=1))
    else:
        for name, players in built.items():
            print(f"{name}: {'not built, another builder is at it' if players is None else f'{players} players'}")
    return 0 if done else 1


async def _run(settings: Settings) -> dict[str, int | None]:
    db = await Database.open(settings.database_url, name="chance-tap-leaderboard")
    try:
        live = await RedisStore.open(settings.redis_url, heartbeat=False)
        try:
            return await rebuild(live, db, patience_s=PATIENCE_S)
        finally:
            await live.close()
    finally:
        await db.close()


async def rebuild(live: RedisStore, db: Database, *, patience_s: float) -> dict[str, int | None]:
    """Build all boards; the players of each, None for one that another builder kept busy for so long."""
    keeper, now_ms = LeaderboardSync(live, db), live.now_ms()
    built = await keeper.rebuild(now_ms)
    until = time.monotonic() + patience_s
    while None in built.values() and time.monotonic() < until:
        await asyncio.sleep(_PAUSE_S)
        for board in wanted(now_ms):
            if built[board.name] is None:
                built[board.name] = await keeper.build(board)
    return built
