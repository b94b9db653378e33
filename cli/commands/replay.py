"""`chance-tap replay`: a game shown again from its record, out of a file or the database."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from chance_tap.settings import Settings, SettingsError
from cli.commands.options import settings_of
from cli.commands.output import print_json
from persistence.records.document import Unreadable, decode, unpack
from persistence.records.replay import as_plain, show

SHOWN, UNUSABLE = 0, 2

app = typer.Typer(add_completion=False)


@app.command()
def replay(
    context: typer.Context,
    game: Annotated[str, typer.Argument(metavar="ROOM|FILE", help="a room id, or a file with its record")],
    speed: Annotated[float, typer.Option("--speed", help="times as fast as it was; 0: at once")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="print the timeline and the result as JSON")] = False,
) -> int:
    """Exit code 0: shown; 2: there is no such record."""
    settings = settings_of(context)
    if speed < 0:
        print("replay: --speed must not be negative.", file=sys.stderr)
        return UNUSABLE
    path = Path(game)
    try:
        raw = path.read_bytes() if path.is_file() else asyncio.run(stored(game, settings))
        if raw is None:
            print(f"replay: there is no file and no record of a room {game}.", file=sys.stderr)
            return UNUSABLE
        record = decode(raw)
    except (OSError, Unreadable) as error:
        print(f"replay: {error}", file=sys.stderr)
        return UNUSABLE
    if as_json:
        print_json(as_plain(record))
    else:
        show(record, speed=speed)
    return SHOWN


async def stored(room_id: str, settings: Settings) -> bytes | None:
    """The record of a room as the database has it.

    Raises:
        SettingsError: no database is named.
    """
    from cli.commands.stores import open_database  # here, so that a file is shown without a database
    from persistence.postgres import records

    if not settings.database_url:
        raise SettingsError(f"{room_id} is no file, and DATABASE_URL is not set to look for a room.")
    async with open_database(settings, "replay") as db:
        document = await records.document(db, room_id)
    return None if document is None else unpack(document)
