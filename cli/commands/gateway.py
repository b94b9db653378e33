"""`chance-tap gateway`: HTTP and WebSocket for players."""

import typer

from chance_tap.telemetry import log, sentry
from cli.commands.options import settings_of
from cli.environment import warn_of_silence, with_secret
from gateway.server import serve

app = typer.Typer(add_completion=False)


@app.command()
def gateway(context: typer.Context) -> None:
    """Until it is stopped."""
    settings = settings_of(context)
    log.configure(settings.log_level, part="gateway")
    sentry.configure(settings, part="gateway")
    warn_of_silence("gateway", settings)
    serve(with_secret(settings))
