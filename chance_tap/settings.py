"""Settings, read once from the environment.

Owns every name and default of the configuration.  An unknown `CT_`-less name cannot be told from the system's own, so
what is refused is a malformed value, an inconsistent pair and, in production, a missing, default or weak secret.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

DEVELOPMENT_BOT_TOKEN = "42:development-only-token"
MINIMUM_SECRET_LENGTH = 32


class SettingsError(ValueError):
    """The environment cannot be used; the message names the variable and what to do."""


def _stakes(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _setting(default: Any, *, low: int | None = None, high: int | None = None, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"low": low, "high": high})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Units are in the names: `_s` seconds, `_bps` hundredths of a per cent; money is whole Stars."""

    env: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = _setting(8000, low=1, high=65535)
    data_dir: Path = Path(".chance-tap")
    bot_token: str = _setting(DEVELOPMENT_BOT_TOKEN, secret=True)
    telegram_api_url: str = "https://api.telegram.org"
    init_data_max_age_s: int = _setting(86400, low=1)
    jwt_secret: str = _setting("", secret=True)
    jwt_life_s: int = _setting(3600, low=10, high=86400)
    database_url: str = _setting("", secret=True)
    redis_url: str = _setting("", secret=True)
    queue_redis_url: str = _setting("", secret=True)
    demo_stars: int = _setting(1000, low=0, high=1_000_000)
    demo_opponents: int = _setting(9, low=0, high=1000)
    stakes: tuple[int, ...] = (20, 50, 100, 200, 300, 500)
    capacity: int = _setting(10, low=2, high=50)
    min_players: int = _setting(2, low=2, high=50)
    wait_s: int = _setting(60, low=1, high=3600)
    countdown_s: int = _setting(3, low=0, high=60)
    game_s: int = _setting(60, low=1, high=3600)
    house_fee_bps: int = _setting(0, low=0, high=5000)
    hero_wait_s: int = _setting(300, low=1, high=86400)
    hero_target: int = _setting(200, low=1, high=100_000)
    hero_capacity: int = _setting(50, low=2, high=500)
    hero_max_fee: int = _setting(10_000, low=1)
    bonus_goal: int = _setting(1_000_000, low=1)
    bonus_s: int = _setting(86400, low=1)
    bonus_stars_per_usd: int = _setting(77, low=1)
    bonus_budget_stars: int = _setting(0, low=0)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def is_production(self) -> bool:
        return self.env == "production"


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read `Settings` from the environment.

    Raises:
        SettingsError: naming the variable, when a value is malformed, out of range, or unfit for production.
    """
    values: dict[str, Any] = {}
    for f in fields(Settings):
        name = f.name.upper()
        raw = environ.get(name)
        if raw is None or raw == "":
            continue
        values[f.name] = _parse(name, raw, f.name)
        low, high = f.metadata.get("low"), f.metadata.get("high")
        if isinstance(values[f.name], int):
            if low is not None and values[f.name] < low:
                raise SettingsError(f"{name} is {raw}: it must be at least {low}.")
            if high is not None and values[f.name] > high:
                raise SettingsError(f"{name} is {raw}: it must be at most {high}.")
    settings = Settings(**values)
    _check(settings)
    return settings


_CHOICES = {"env": ("development", "production"), "log_level": ("debug", "info", "warning", "error")}


def _parse(name: str, raw: str, attribute: str) -> Any:
    default = getattr(Settings, attribute, None) if attribute in ("",) else _DEFAULTS[attribute]
    if attribute in _CHOICES:
        if raw not in _CHOICES[attribute]:
            raise SettingsError(f"{name} is {raw!r}: it must be one of {', '.join(_CHOICES[attribute])}.")
        return raw
    if isinstance(default, int):
        if not re.fullmatch(r"[0-9]{1,12}", raw):
            raise SettingsError(f"{name} is {raw!r}: it must be a whole number.")
        return int(raw)
    if isinstance(default, tuple):
        if not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", raw):
            raise SettingsError(f"{name} is {raw!r}: it must be whole numbers separated by commas.")
        return _stakes(raw)
    if isinstance(default, Path):
        return Path(raw)
    return raw


_DEFAULTS: dict[str, Any] = {f.name: f.default for f in fields(Settings)}


def _check(s: Settings) -> None:
    if any(stake <= 0 or stake > 1_000_000 for stake in s.stakes) or len(set(s.stakes)) != len(s.stakes):
        raise SettingsError("STAKES must be different whole numbers from 1 to 1000000.")
    if s.min_players > s.capacity:
        raise SettingsError(f"MIN_PLAYERS is {s.min_players}: it must not exceed CAPACITY ({s.capacity}).")
    if not s.is_production:
        return
    for name in ("jwt_secret", "database_url", "redis_url"):
        if not getattr(s, name):
            raise SettingsError(f"{name.upper()} is not set: production needs it.")
    if any(len(secret) < MINIMUM_SECRET_LENGTH for secret in s.jwt_secret.split(",")):
        raise SettingsError(f"JWT_SECRET is too short: production needs at least {MINIMUM_SECRET_LENGTH} characters.")
    if s.bot_token == DEVELOPMENT_BOT_TOKEN:
        raise SettingsError("BOT_TOKEN is the development token: production needs the bot's own.")
    if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]{30,}", s.bot_token):
        raise SettingsError("BOT_TOKEN is malformed: it looks like 123456:ABC….")
