"""Reads the settings from the environment, once at the start.

A malformed value, an inconsistent pair, a name that looks like one of ours but is none and, in production, a missing,
default or weak secret stop the start with one line.
"""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from chance_tap import settings_rules
from chance_tap.settings import Settings, SettingsError

# The environment also belongs to the system and to other programs, so an unknown name is refused only where it begins
# like ours.  General words (DATABASE_, REDIS_, LOG_ …) are not here: a platform sets such names by itself.
_OUR_BEGINNINGS = (
    "BONUS_", "BOT_", "CAPACITY", "COUNTDOWN_", "DEMO_", "DRAIN_", "GAME_", "HERO_", "HOUSE_", "INIT_DATA_", "JWT_",
    "MAIL_", "METRICS_", "MIN_PLAYERS", "MINI_APP_", "PUBLIC_URL", "QUEUE_REDIS", "RECORD_", "SMTP_", "STAKE", "STARS_",
    "TELEGRAM_", "TONCENTER_", "TON_", "TRUSTED_", "WAIT_", "WEB_APP_", "WITHDRAWAL",
)  # fmt: skip
# What Docker and Kubernetes write for every service of a network or namespace, whatever it is called.
_ORCHESTRATORS = re.compile(r"\w+(_SERVICE_(HOST|PORT(_\w+)?)|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_LINKED_PORT = re.compile(r"(tcp|udp|sctp)://\S+")
_NEAR = 0.85  # so alike that a name of ours was meant: CAPACTIY, MIN_PLAYER, COUNTDOWN
_FIELDS: dict[str, Field[Any]] = {f.name.upper(): f for f in fields(Settings)}
_NO_OTHERS = [name for name in _FIELDS if name.startswith(_OUR_BEGINNINGS)]


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read `Settings` from the environment; an empty value counts as absent.

    Raises:
        SettingsError: naming the variable, when it is unknown, malformed, out of range, or unfit for production.
    """
    environ = _without_orchestrators(environ)
    for name in environ:
        _refuse_unknown(name)
    values = {f.name: _parse(name, environ[name], f) for name, f in _FIELDS.items() if environ.get(name)}
    if values.get("env") == "production":
        for name in ("demo_stars", "demo_opponents"):
            if values.setdefault(name, 0):
                raise SettingsError(f"{name.upper()} is set: it is for development only.")
        # Off until the operator says how much may be given away, and by whose leave.
        for name in ("bonus_budget_stars", "bonus_approval_stars"):
            values.setdefault(name, 0)
    settings = Settings(**values)
    settings_rules.check(settings)
    return settings


def _without_orchestrators(environ: Mapping[str, str]) -> dict[str, str]:
    """Less what is written for a service that somebody called `bot`, `game` or `metrics`."""
    links = {
        name.removesuffix("_PORT")
        for name, value in environ.items()
        if name.endswith("_PORT") and _LINKED_PORT.fullmatch(value)
    }
    theirs = {f"{link}{end}" for link in links for end in ("_PORT", "_NAME")}
    environments = tuple(f"{link}_ENV_" for link in links)
    return {
        name: value
        for name, value in environ.items()
        if name not in theirs and not name.startswith(environments) and not _ORCHESTRATORS.fullmatch(name)
    }


def _refuse_unknown(name: str) -> None:
    if name in _FIELDS:
        return
    near = difflib.get_close_matches(name, _NO_OTHERS, n=1, cutoff=_NEAR)
    if not near and not name.startswith(_OUR_BEGINNINGS):
        return
    near = near or difflib.get_close_matches(name, _FIELDS, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise SettingsError(f"{name} is not a setting.{hint}")


def _parse(name: str, raw: str, f: Field[Any]) -> Any:
    shown = "malformed" if not f.repr else repr(raw)
    pattern = f.metadata.get("pattern") or (r"[0-9]{1,12}" if isinstance(f.default, int) else "")
    if pattern and not re.fullmatch(pattern, raw):
        near = difflib.get_close_matches(raw, f.metadata["words"], n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise SettingsError(f"{name} is {shown}: it must be {f.metadata['form'] or 'a whole number'}.{hint}")
    if isinstance(f.default, tuple):
        numbers = bool(f.default) and isinstance(f.default[0], int)
        return () if raw == "none" else tuple(int(part) if numbers else part for part in raw.split(","))
    if isinstance(f.default, Path):
        return Path(raw)
    if isinstance(f.default, int):
        low, high = f.metadata["low"], f.metadata["high"]
        if int(raw) < low:
            raise SettingsError(f"{name} is {raw}: it must be at least {low}.")
        if high is not None and int(raw) > high:
            raise SettingsError(f"{name} is {raw}: it must be at most {high}.")
        return int(raw)
    return raw
