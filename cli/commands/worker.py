"""`chance-tap worker`: settles, keeps deadlines, pays out."""

import typer

from chance_tap.telemetry import log, sentry
from cli.commands.options import settings_of
from cli.environment import warn_of_silence, with_secret
from workers.main import run

app = typer.Typer(add_completion=False)


@app.command()
def worker(context: typer.Context) -> None:
    """Until it is stopped."""
    settings = settings_of(context)
    log.configure(settings.log_level, part="worker")
    sentry.configure(settings, part="worker")
    warn_of_silence("worker", settings)
    run(with_secret(settings))
