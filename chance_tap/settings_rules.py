"""What settings may not say together, and what production and development refuse.

Owns no setting: a rule that one value alone breaks stands with its field, in `settings`.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from chance_tap import weak_secrets
from chance_tap.settings import DEVELOPMENT_BOT_TOKEN, Settings, SettingsError

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


def check(s: Settings) -> None:
    """Raises SettingsError, naming the first setting that does not fit to the others or to production."""
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
