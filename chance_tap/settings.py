"""Settings: every name, form, range and default of the configuration.

`environment` reads them, `settings_rules` holds them against each other and against what production needs.
"""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

DEVELOPMENT_BOT_TOKEN = "42:development-only-token"  # noqa: S105 - public on purpose: it signs demo logins only

TON_CONNECT_MANIFEST = "/tonconnect-manifest.json"
"""Where every gateway serves the manifest of TON Connect."""
_HOST = r"[0-9A-Za-z.:_-]{1,253}"


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
    ton_label: Literal["TON", "GRAM"] = _choice("TON", "GRAM")
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


def secrets_of(settings: Settings) -> frozenset[str]:
    """Every secret that the settings hold, and each of several in one."""
    values = {str(getattr(settings, f.name)) for f in fields(settings) if not f.repr}
    return frozenset(values | {part for value in values for part in value.split(",")} - {""})
