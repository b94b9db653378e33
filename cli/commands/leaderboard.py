"""`chance-tap leaderboard rebuild`: every leaderboard in Redis anew from Postgres, while players read the old ones.

Workers build boards that are missing and follow what is won; this command is for boards that are wrong, as after
Postgres was restored from a backup.  It may run beside any number of workers.
"""

import asyncio
import sys
import time
from typing import Annotated, Literal

import typer

from chance_tap.settings import Settings
from cli.commands.options import Json, settings_of
from cli.commands.output import print_json, print_table
from cli.commands.stores import open_stores
from cli.progress import progress_bar
from persistence.leaderboards import LeaderboardSync, wanted
from persistence.postgres.pool import Database
from persistence.progress import Progress, untold
from persistence.redis.leaderboards import ABANDONED_MS
from persistence.redis.store import RedisStore

PATIENCE_S = ABANDONED_MS / 1000 + 10
"""For boards that another builder has in hand; one that has died is given up before."""
_PAUSE_S = 0.5

app = typer.Typer(add_completion=False)


@app.command()
def leaderboard(
    context: typer.Context,
    action: Annotated[Literal["rebuild"], typer.Argument(help="build every board anew")],  # noqa: ARG001
    as_json: Json = False,
) -> int:
    """Exit code 0 when every board was built, else 1."""
    built = asyncio.run(_rebuild(settings_of(context)))
    done = all(players is not None for players in built.values())
    if as_json:
        boards = [{"board": name, "players": players} for name, players in built.items()]
        print_json({"rebuilt": done, "boards": boards}, indent=1)
    elif sys.stdout.isatty():
        print_table(("BOARD", "PLAYERS"), ((name, _BUSY if count is None else count) for name, count in built.items()))
    else:
        for name, players in built.items():
            print(f"{name}: {_BUSY if players is None else f'{players} players'}")
    return 0 if done else 1


_BUSY = "not built, another builder is at it"


async def _rebuild(settings: Settings) -> dict[str, int | None]:
    async with open_stores(settings, "leaderboard") as (live, db):
        with progress_bar("Building leaderboards") as progress:
            return await rebuild(live, db, patience_s=PATIENCE_S, progress=progress)


async def rebuild(
    live: RedisStore, db: Database, *, patience_s: float, progress: Progress = untold
) -> dict[str, int | None]:
    """Build all boards; the players of each, None for one that another builder kept busy for so long."""
    keeper, now_ms = LeaderboardSync(live, db), live.now_ms()
    built = await keeper.rebuild(now_ms, progress)
    until = time.monotonic() + patience_s
    while None in built.values() and time.monotonic() < until:
        await asyncio.sleep(_PAUSE_S)
        for board in wanted(now_ms):
            if built[board.name] is None:
                built[board.name] = await keeper.build(board)
        progress(sum(players is not None for players in built.values()), len(built))
    return built
