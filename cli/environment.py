"""What a command finds beside its environment: the stores of a running `play`, and a secret that is kept."""

import dataclasses
import os
from collections.abc import Sequence

import structlog

from chance_tap.settings import Settings, SettingsError
from cli import outside
from cli.play.folder import kept_secret, running_addresses


def with_running_play(settings: Settings, needs: Sequence[str], login: str = "") -> Settings:
    """In development, the stores that a running `play` of the same DATA_DIR embeds stand in for unset addresses; in
    Postgres with the login of a part, where one is named.

    Raises:
        SettingsError: one of `needs` is not known even so.
    """
    if not settings.is_production:
        running = running_addresses(settings.data_dir)
        database = f"database_url_{login}" if login else "database_url"
        settings = dataclasses.replace(
            settings,
            database_url=settings.database_url or running.get(database, ""),
            redis_url=settings.redis_url or running.get("redis_url", ""),
        )
    for name in needs:
        if not getattr(settings, name) and settings.is_production:
            raise SettingsError(f"{name.upper()} is not set: production needs it.")
        if not getattr(settings, name):
            raise SettingsError(f"{name.upper()} is not set, and no `play` runs with DATA_DIR ({settings.data_dir}).")
    return settings


def warn_of_silence(part: str, settings: Settings) -> None:
    """Say once, at a part's start, which proxy does not answer: later the log names only who was asked through it."""
    if any(name.lower().endswith("_proxy") for name in os.environ):
        for line in outside.silent(os.environ, outside.asked_by(part, settings)):
            structlog.get_logger(__name__).warning("outside is not reached", problem=line)


def with_secret(settings: Settings) -> Settings:
    """In development a secret is made once and kept: tokens and the key of game records come of it."""
    if settings.jwt_secret:
        return settings
    return dataclasses.replace(settings, jwt_secret=kept_secret(settings.data_dir / "jwt_secret"))
