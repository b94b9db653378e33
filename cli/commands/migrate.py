"""`chance-tap migrate`: the database as this version of the program needs it."""

import sys
from typing import Annotated

import typer

from cli.commands.options import settings_of
from persistence.postgres.migrate import MigrationRefused
from persistence.postgres.migrate import migrate as apply

app = typer.Typer(add_completion=False)


@app.command()
def migrate(
    context: typer.Context,
    rollback: Annotated[bool, typer.Option("--rollback", help="take all migrations back (development only)")] = False,
) -> int:
    """Exit code 0 when the database is up to date, 2 when it cannot or must not be."""
    settings = settings_of(context)
    try:
        done = apply(settings.database_url, rollback=rollback, env=settings.env)
    except MigrationRefused as refused:
        print(f"chance-tap migrate: {refused}", file=sys.stderr)
        return 2
    print("\n".join(done) if done else "Nothing to do.")
    return 0
