"""`chance-tap gateway`: HTTP and WebSocket for players."""

import typer

from chance_tap.telemetry import log, sentry
from cli.commands.options import settings_of
from cli.environment import with_secret
from gateway.server import serve

app = typer.Typer(add_completion=False)


@app.command()
def gateway(context: typer.Context) -> None:
    """Until it is stopped."""
    settings = settings_of(context)
    log.configure(settings.log_level, part="gateway")
    sentry.configure(settings, part="gateway")
    serve(with_secret(settings))
