"""Settings, read once from the environment.

Owns every name and default of the configuration.  A malformed value, an inconsistent pair, a name that looks like one
of ours but is none and, in production, a missing, default or weak secret stop the start with one line.
"""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from chance_tap import weak_secrets

DEVELOPMENT_BOT_TOKEN = "42:development-only-token"  # noqa: S105 - public on purpose: it signs demo logins only

# The environment also belongs to the system and to other programs, so an unknown name is refused only where it begins
# like ours.  General words (DATABASE_, REDIS_, LOG_ …) are not here: a platform sets such names by itself.
_OUR_BEGINNINGS = (
    "BONUS_", "BOT_", "CAPACITY", "COUNTDOWN_", "DEMO_", "DRAIN_", "GAME_", "HERO_", "HOUSE_", "INIT_DATA_", "JWT_",
    "MAIL_", "METRICS_", "MIN_PLAYERS", "MINI_APP_", "PUBLIC_URL", "QUEUE_REDIS", "RECORD_", "SMTP_", "STAKE", "STARS_",
    "TELEGRAM_", "TONCENTER_", "TON_", "TRUSTED_", "WAIT_", "WEB_APP_", "WITHDRAWAL",
)  # fmt: skip
TON_CONNECT_MANIFEST = "/tonconnect-manifest.json"
"""Where every gateway serves the manifest of TON Connect."""
_HOST = r"[0-9A-Za-z.:_-]{1,253}"
_HTTPS = (
    "telegram_api_url", "toncenter_url", "ton_rate_url", "ton_connect_manifest_url", "public_url", "sentry_dsn",
)  # fmt: skip
"""Addresses that production speaks to, or is found at, by https alone."""
_AT_MOST = (
    ("init_data_max_age_s", 7 * 86400, "who has seen init data can log in with it for so long"),
    ("stars_late_s", 30 * 86400, "an order would be paid when nobody remembers it"),
    ("ton_late_s", 7 * 86400, "an old price would be the player's to choose"),
    ("ton_stars_per_usd", 1000, "Stars would be given away"),
    ("bonus_stars_per_usd", 1000, "Stars would be given away"),
)
"""What a slip of the finger makes of a setting in production."""
_LEAST_NANOTON_PER_STAR = 10_000
_NEAR = 0.85  # so alike that a name of ours was meant: CAPACTIY, MIN_PLAYER, COUNTDOWN


class SettingsError(ValueError):
    """The environment cannot be used; the message names the variable and what to do."""


def _setting(
    default: Any,
    *,
    low: int | None = None,
    high: int | None = None,
    pattern: str = "",
    form: str = "",
    secret: bool = False,
    words: tuple[str, ...] = (),
) -> Any:
    """A field with its bounds, or with the pattern that its text must match and what to call that; or its `words`."""
    metadata = {"low": low, "high": high, "pattern": pattern, "form": form, "words": words}
    return field(default=default, repr=not secret, metadata=metadata)


def _choice(*words: str) -> Any:
    return _setting(words[0], pattern="|".join(words), form="one of " + ", ".join(words), words=words)


def _redis_url() -> Any:
    return _setting("", pattern=r"rediss?://\S+", form="an address like redis://host:6379/0", secret=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Units are in the names: `_s` seconds, `_bps` hundredths of a per cent; money is whole Stars.

    `metrics_port` 0 is the part's own (`telemetry.metrics`).
    """

    env: Literal["development", "production"] = _choice("development", "production")
    host: str = _setting("127.0.0.1", pattern=_HOST, form="an address or a host name")
    port: int = _setting(8000, low=1, high=65535)
    metrics_host: str = _setting("127.0.0.1", pattern=_HOST, form="an address or a host name")
    metrics_port: int = _setting(0, low=1, high=65535)
    data_dir: Path = Path(".chance-tap")
    bot_token: str = _setting(DEVELOPMENT_BOT_TOKEN, pattern=r"[0-9]+:\S+", form="like 123456:ABC…", secret=True)
    telegram_api_url: str = _setting("https://api.telegram.org", pattern=r"https?://\S+", form="an http address")
    telegram_webhook_secret: str = _setting(
        "", pattern=r"[A-Za-z0-9_-]{1,256}", form="1 to 256 letters, digits, _ and -", secret=True
    )
    bot_username: str = _setting("", pattern=r"[A-Za-z0-9_]{3,64}", form="the bot's user name, without @")
    mini_app_url: str = _setting("", pattern=r"https://[^\s?#]+", form="an https address without ? and #")
    support_contact: str = _setting("", pattern=r"\S{1,100}", form="a user name or an address, without spaces")
    sentry_dsn: str = _setting("", pattern=r"https?://\S+", form="an http address", secret=True)
    init_data_max_age_s: int = _setting(86400, low=1)
    init_data_fresh_s: int = _setting(600, low=1, high=86400)
    jwt_secret: str = _setting("", pattern=r"[^,\s]+(,[^,\s]+)*", form="secrets separated by commas", secret=True)
    jwt_life_s: int = _setting(3600, low=10, high=86400)
    jwt_login_life_s: int = _setting(30 * 86400, low=60, high=366 * 86400)
    database_url: str = _setting(
        "", pattern=r"postgres(ql)?://\S+", form="an address like postgresql://user:password@host/name", secret=True
    )
    redis_url: str = _redis_url()
    queue_redis_url: str = _redis_url()
    drain_notice_s: int = _setting(3, low=0, high=300)
    drain_s: int = _setting(5, low=0, high=300)
    demo_stars: int = _setting(1000, low=0, high=1_000_000)
    demo_opponents: int = _setting(9, low=0, high=1000)
    stakes: tuple[int, ...] = _setting(
        (20, 50, 100, 200, 300, 500), pattern=r"[0-9]{1,9}(,[0-9]{1,9})*", form="whole numbers separated by commas"
    )
    capacity: int = _setting(10, low=1, high=50)
    min_players: int = _setting(2, low=1, high=50)
    wait_s: int = _setting(60, low=1, high=3600)
    countdown_s: int = _setting(3, low=0, high=60)
    game_s: int = _setting(60, low=1, high=3600)
    house_fee_bps: int = _setting(0, low=0, high=5000)
    hero_wait_s: int = _setting(300, low=1, high=86400)
    hero_target: int = _setting(200, low=1, high=100_000)
    hero_capacity: int = _setting(50, low=2, high=500)
    hero_max_fee: int = _setting(10_000, low=1, high=1_000_000)
    bonus_goal: int = _setting(1_000_000, low=1)
    bonus_s: int = _setting(86400, low=1)
    bonus_stars_per_usd: int = _setting(77, low=1)
    bonus_budget_stars: int = _setting(1_000_000, low=0)
    bonus_approval_stars: int = _setting(10_000, low=0)
    stars_deposits: Literal["off", "on"] = _choice("off", "on")
    stars_min: int = _setting(1, low=1, high=100_000)
    stars_max: int = _setting(10_000, low=1, high=100_000)
    stars_invoice_s: int = _setting(900, low=1, high=86400)
    stars_late_s: int = _setting(86400, low=0)
    stars_reconcile_s: int = _setting(300, low=1, high=86400)
    record_signing_key: str = _setting("", pattern=r"[0-9a-f]{64}", form="64 hex digits", secret=True)
    ton_network: Literal["mainnet", "testnet"] = _choice("mainnet", "testnet")
    ton_label: Literal["GRAM", "TON"] = _choice("GRAM", "TON")
    ton_wallet_address: str = _setting("", pattern=r"-?[0-9]+:[0-9a-fA-F]{64}|[\w+/-]{48}", form="a TON address")
    toncenter_url: str = _setting("", pattern=r"https?://\S+", form="an http address")
    toncenter_api_key: str = _setting("", pattern=r"[!-~]+", form="the key that toncenter gave you", secret=True)
    toncenter_per_s: int = _setting(1, low=1, high=1000)
    ton_poll_ms: int = _setting(3000, low=10, high=600_000)
    ton_nanoton_per_star: int = _setting(0, low=0, high=1_000_000_000_000)
    ton_rate_url: str = _setting("", pattern=r"https?://\S+", form="an http address")
    ton_rate_path: str = _setting(
        "rates.TON.prices.USD", pattern=r"[\w-]+(\.[\w-]+)*", form="names with dots between, like rates.TON.prices.USD"
    )
    ton_rate_max_age_s: int = _setting(300, low=1, high=86400)
    ton_stars_per_usd: int = _setting(77, low=1, high=1_000_000)
    ton_min_usd_cents: int = _setting(10, low=1)
    ton_max_usd_cents: int = _setting(10_000, low=1)
    ton_spread_bps: int = _setting(200, low=0, high=5000)
    ton_min_stars: int = _setting(10, low=1, high=1_000_000)
    ton_max_stars: int = _setting(100_000, low=1, high=1_000_000)
    ton_quote_s: int = _setting(900, low=1, high=86400)
    ton_late_s: int = _setting(3600, low=0)
    ton_reconcile_s: int = _setting(300, low=1, high=86400)
    ton_dust_nanoton: int = _setting(10_000_000, low=0)
    ton_connect_domains: tuple[str, ...] = _setting(
        (), pattern=r"[a-z0-9.:-]{1,128}(,[a-z0-9.:-]{1,128})*", form="domains separated by commas"
    )
    ton_connect_manifest_url: str = _setting("", pattern=r"https?://\S+", form="an http address")
    ton_proof_s: int = _setting(900, low=10, high=3600)
    trusted_proxies: tuple[str, ...] = _setting(
        ("127.0.0.1", "::1"), pattern=r"none|[0-9a-fA-F.:/]+(,[0-9a-fA-F.:/]+)*", form="addresses or networks, or none"
    )
    public_url: str = _setting("", pattern=r"https?://[^\s/?#]+(/[^\s?#]*)?", form="an http address")
    web_app_origin: str = _setting(
        "",
        pattern=r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https://\*\.[a-z0-9-]+\.pages\.dev",
        form="like https://play.example, or https://*.project.pages.dev for previews",
    )
    smtp_url: str = _setting(
        "",
        pattern=r"(smtps?|smtp\+plain)://\S+|folder:/\S*",
        form="an address like smtp://user:password@host:587",
        secret=True,
    )
    mail_from: str = _setting(
        "Chance Tap <no-reply@localhost>",
        pattern=r"[^\r\n<>@]*<[!-;=?-~]+@[!-;=?-~]+>|[!-;=?-~]+@[!-;=?-~]+",
        form="an address like Chance Tap <mail@example.com>",
    )
    ton_payout_key: str = _setting("", pattern=r"[0-9a-f]{64}", form="64 hex digits", secret=True)
    ton_payout_subwallet: int = _setting(4269, low=0, high=2**32 - 1)
    ton_payout_timeout_s: int = _setting(3600, low=120, high=86400)
    withdrawals_ton: Literal["off", "on"] = _choice("off", "on")
    withdrawals_premium: Literal["off", "on"] = _choice("off", "on")
    withdrawal_hold_s: int = _setting(86400, low=0, high=90 * 86400)
    withdrawal_min_stars: int = _setting(100, low=1, high=1_000_000)
    withdrawal_max_stars: int = _setting(10_000, low=1, high=1_000_000)
    withdrawal_approval_stars: int = _setting(0, low=0)
    withdrawal_account_day_stars: int = _setting(10_000, low=0)
    withdrawal_house_day_stars: int = _setting(100_000, low=0)
    log_level: Literal["info", "debug", "warning", "error"] = _choice("info", "debug", "warning", "error")

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def ton_deposits(self) -> bool:
        """Whether TON is taken: there is an address to pay to."""
        return bool(self.ton_wallet_address)

    @property
    def has_bot(self) -> bool:
        """Whether there is a bot to talk through: the development token has none."""
        return self.bot_token != DEVELOPMENT_BOT_TOKEN

    @property
    def home_url(self) -> str:
        """Where people find the game: for links, without a slash at the end."""
        return (self.public_url or self.mini_app_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def wallet_manifest_url(self) -> str:
        """The manifest that wallets are sent to from the chat; empty where there is none that they can reach."""
        own = self.home_url + TON_CONNECT_MANIFEST
        return self.ton_connect_manifest_url or (own if own.startswith("https://") else "")


_FIELDS: dict[str, Field[Any]] = {f.name.upper(): f for f in fields(Settings)}
_NO_OTHERS = [name for name in _FIELDS if name.startswith(_OUR_BEGINNINGS)]


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read `Settings` from the environment; an empty value counts as absent.

    Raises:
        SettingsError: naming the variable, when it is unknown, malformed, out of range, or unfit for production.
    """
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
    _check(settings)
    return settings


def secrets_of(settings: Settings) -> frozenset[str]:
    """Every secret that the settings hold, and each of several in one."""
    values = {str(getattr(settings, f.name)) for f in fields(settings) if not f.repr}
    return frozenset(values | {part for value in values for part in value.split(",")} - {""})


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


def _check(s: Settings) -> None:
    if any(not 1 <= stake <= 1_000_000 for stake in s.stakes) or len(set(s.stakes)) != len(s.stakes):
        raise SettingsError("STAKES must be different whole numbers from 1 to 1000000.")
    if s.min_players > s.capacity:
        raise SettingsError(f"MIN_PLAYERS is {s.min_players}: it must not exceed CAPACITY ({s.capacity}).")
    for network in s.trusted_proxies:
        try:
            ip_network(network)
        except ValueError:
            raise SettingsError(f"TRUSTED_PROXIES has {network!r}: it is no address and no network.") from None
    if s.stars_min > s.stars_max:
        raise SettingsError(f"STARS_MIN is {s.stars_min}: it must not exceed STARS_MAX ({s.stars_max}).")
    if s.stars_deposits == "on" and not s.has_bot:
        raise SettingsError("STARS_DEPOSITS is on: it needs a bot of its own in BOT_TOKEN.")
    if s.ton_min_stars > s.ton_max_stars:
        raise SettingsError(f"TON_MIN_STARS is {s.ton_min_stars}: it must not exceed TON_MAX_STARS.")
    if s.ton_deposits and bool(s.ton_nanoton_per_star) == bool(s.ton_rate_url):
        raise SettingsError("TON_WALLET_ADDRESS is set: it needs TON_NANOTON_PER_STAR or else TON_RATE_URL.")
    if s.withdrawal_min_stars > s.withdrawal_max_stars:
        raise SettingsError(
            f"WITHDRAWAL_MIN_STARS is {s.withdrawal_min_stars}: it must not exceed"
            f" {s.withdrawal_max_stars} (WITHDRAWAL_MAX_STARS)."
        )
    if s.withdrawals_premium == "on" and not s.has_bot:
        raise SettingsError("WITHDRAWALS_PREMIUM is on: it needs a bot of its own in BOT_TOKEN.")
    if s.withdrawals_ton == "on":
        if not s.ton_payout_key:
            raise SettingsError("WITHDRAWALS_TON is on: it needs the key of a wallet in TON_PAYOUT_KEY.")
        if bool(s.ton_nanoton_per_star) == bool(s.ton_rate_url):
            raise SettingsError("WITHDRAWALS_TON is on: it needs TON_NANOTON_PER_STAR or else TON_RATE_URL.")
    if s.is_production:
        _check_production(s)
    else:
        _check_development(s)


def _check_development(s: Settings) -> None:
    """Real money does not meet development's defaults: demo Stars, kept secrets, a bonus.

    Real is what moves at Telegram or on the main chain.  A server on this machine in their place is a stand-in, and a
    bot alone moves nothing.
    """
    real_bot = s.has_bot and not _on_this_machine(s.telegram_api_url)
    real_chain = s.ton_network == "mainnet" and not _on_this_machine(s.toncenter_url)
    for name, real, stand_in in (
        ("STARS_DEPOSITS", real_bot and s.stars_deposits == "on", "TELEGRAM_API_URL"),
        ("WITHDRAWALS_PREMIUM", real_bot and s.withdrawals_premium == "on", "TELEGRAM_API_URL"),
        ("WITHDRAWALS_TON", real_chain and s.withdrawals_ton == "on", "TONCENTER_URL"),
        ("TON_WALLET_ADDRESS", real_bot and real_chain and s.ton_deposits, "TONCENTER_URL"),
    ):
        if real:
            other = ", or TON_NETWORK=testnet" if stand_in == "TONCENTER_URL" else ""
            raise SettingsError(
                f"{name} moves real money, and ENV is development: set ENV=production"
                f" (or {stand_in} to a stand-in on this machine{other})."
            )


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_production(s: Settings) -> None:
    _check_secrets(s)
    _check_stores(s)
    _check_ways(s)
    if network := weak_secrets.too_wide(s.trusted_proxies):
        raise SettingsError(
            f"TRUSTED_PROXIES has {network}: whoever asks could give any address as its own; name your balancers only."
        )
    for name, most, why in _AT_MOST:
        if getattr(s, name) > most:
            raise SettingsError(f"{name.upper()} is {getattr(s, name)}: production takes at most {most}, since {why}.")
    if 0 < s.ton_nanoton_per_star < _LEAST_NANOTON_PER_STAR:
        raise SettingsError(
            f"TON_NANOTON_PER_STAR is {s.ton_nanoton_per_star}: production takes at least {_LEAST_NANOTON_PER_STAR},"
            " since Stars would be given away."
        )
    if s.ton_network == "testnet" and s.ton_deposits and s.withdrawals_premium == "on":
        raise SettingsError(
            "TON_NETWORK is testnet and WITHDRAWALS_PREMIUM is on: coins that cost nothing would buy gifts."
        )


def _check_secrets(s: Settings) -> None:
    if not s.jwt_secret:
        raise SettingsError("JWT_SECRET is not set: production needs it.")
    for name, secrets in (
        ("JWT_SECRET", s.jwt_secret.split(",")),
        ("TELEGRAM_WEBHOOK_SECRET", [s.telegram_webhook_secret]),
    ):
        if any(secret and weak_secrets.is_weak_secret(secret) for secret in secrets):
            raise SettingsError(
                f"{name} is too weak: production needs at least {weak_secrets.MINIMUM_SECRET_LENGTH} random characters."
            )
    for name in ("record_signing_key", "ton_payout_key"):
        if (key := getattr(s, name)) and weak_secrets.is_weak_key(key):
            raise SettingsError(f"{name.upper()} is too weak: production needs 64 random hex digits.")
    if s.bot_token == DEVELOPMENT_BOT_TOKEN:
        raise SettingsError("BOT_TOKEN is the development token: production needs the bot's own.")
    if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]{30,}", s.bot_token):
        raise SettingsError("BOT_TOKEN is malformed: it looks like 123456:ABC….")
    if weak_secrets.is_weak_key(s.bot_token.partition(":")[2]):
        raise SettingsError("BOT_TOKEN is too weak: production needs the token that Telegram gave for the bot.")
    if (pair := weak_secrets.shared(_each_secret(s))) is not None:
        one, other = pair
        if one == other:
            raise SettingsError(f"{one} has the same secret twice: production needs different ones.")
        raise SettingsError(f"{other} has the same secret as {one}: production needs one of its own for each.")


def _each_secret(s: Settings) -> Iterator[tuple[str, str]]:
    """Every secret with the name of its setting.  The queue may be in the same Redis as all else."""
    for secret in s.jwt_secret.split(","):
        yield "JWT_SECRET", secret
    yield "BOT_TOKEN", s.bot_token.partition(":")[2]
    for name in ("telegram_webhook_secret", "record_signing_key", "ton_payout_key", "toncenter_api_key"):
        if secret := getattr(s, name):
            yield name.upper(), secret.lower() if secret in (s.record_signing_key, s.ton_payout_key) else secret
    for name in ("database_url", "redis_url", "queue_redis_url", "smtp_url"):
        for password in set(weak_secrets.passwords_of(getattr(s, name))):
            if name != "queue_redis_url" or password not in weak_secrets.passwords_of(s.redis_url):
                yield name.upper(), password


def _check_stores(s: Settings) -> None:
    """A store on this machine may do without a password: nothing leaves it, and who is in has all secrets anyway."""
    for name in ("database_url", "redis_url", "queue_redis_url", "smtp_url"):
        url = getattr(s, name)
        passwords = weak_secrets.passwords_of(url)
        if any(weak_secrets.is_weak_password(password, names=weak_secrets.names_of(url)) for password in passwords):
            raise SettingsError(
                f"{name.upper()} has a default or weak password: production needs one of at least"
                f" {weak_secrets.MINIMUM_PASSWORD_LENGTH} random characters."
            )
        if url and name != "smtp_url" and not passwords and not weak_secrets.is_local(url):
            if name == "database_url" and weak_secrets.logs_in_otherwise(url):
                continue
            raise SettingsError(f"{name.upper()} has no password: production needs one for a store on another machine.")


def _check_ways(s: Settings) -> None:
    """Nothing that matters goes through a network in the open."""
    for name in _HTTPS:
        url = getattr(s, name)
        if url.startswith("http:") and not weak_secrets.is_local(url):
            raise SettingsError(f"{name.upper()} is not https: production needs it to be, but on this machine.")
    if s.web_app_origin.startswith("http:"):
        raise SettingsError("WEB_APP_ORIGIN is not https: production needs it to be.")
    if "*" in s.web_app_origin:
        raise SettingsError("WEB_APP_ORIGIN is a pattern: production lets in one origin.")
    if s.smtp_url.startswith("folder:"):
        raise SettingsError("SMTP_URL is a folder: it is for development only.")
    if s.smtp_url.startswith("smtp+plain:") and not weak_secrets.is_local(s.smtp_url):
        raise SettingsError("SMTP_URL is without TLS: production needs smtp:// or smtps://, but on this machine.")
    if s.smtp_url and not s.home_url.startswith("https://"):
        raise SettingsError("PUBLIC_URL is not set to an https address: links in e-mails need it.")
    if s.smtp_url and s.mail_from.rstrip(">").endswith("@localhost"):
        raise SettingsError("MAIL_FROM is not set: e-mails need an address to come from.")
