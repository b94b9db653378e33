"""`chance-tap play`: everything on this machine, as one."""

from typing import Annotated

import typer

from cli.commands.options import settings_of

app = typer.Typer(add_completion=False)


@app.command()
def play(
    context: typer.Context,
    stop_with_parent: Annotated[
        bool, typer.Option("--stop-with-parent", help="end when the calling process (make) does")
    ] = False,
) -> int:
    """Exit code 0 when it was stopped, 1 when a part ended by itself."""
    from cli.play.launcher import play as start  # loads what writes to a database: not for a word of help

    return start(settings_of(context), stop_with_parent=stop_with_parent)
