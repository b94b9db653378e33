"""Settings: what is accepted, and the one line that says why something is not."""

import base64
import dataclasses
import random
import re

import pytest

from chance_tap import weak_secrets
from chance_tap.environment import load_settings
from chance_tap.settings import Settings, SettingsError

STRONG = "kJ8-2hf0sPq_1mZx7Vb4Rt6Yu9Wn3Ec5"
KEY = "9b1d3f0c7a52e846d0f3b6917c2ea58443fd09b7e61c8a25f7d03be9421c6a5e"
PRODUCTION = {
    "ENV": "production",
    "JWT_SECRET": STRONG,
    "DATABASE_URL": "postgresql://ct_gateway:kV3-uQx9@db/chance_tap",
    "REDIS_URL": "redis://:zT7_mPw2@cache:6379/0",
    "BOT_TOKEN": "123456:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQ1",
}
MAIL = {
    "SMTP_URL": "smtp://user:9hTq-xWz2@mail.example:587",
    "PUBLIC_URL": "https://play.example",
    "MAIL_FROM": "Chance Tap <mail@play.example>",
}
DEPOSITS = {"TON_WALLET_ADDRESS": "0:" + "5f" * 32, "TON_NANOTON_PER_STAR": "3000000"}


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = load_settings({})
    assert settings == Settings()
    assert (settings.port, settings.wait_s, settings.game_s, settings.capacity) == (8000, 60, 60, 10)
    assert settings.stakes == (20, 50, 100, 200, 300, 500)


def test_values_are_parsed_and_the_system_s_own_names_left_alone() -> None:
    settings = load_settings(
        {"PORT": "9000", "STAKES": "5,7", "DEMO_STARS": "", "HOSTNAME": "h", "REDIS_PORT": "tcp://1", "LOG_FORMAT": "x"}
    )
    assert (settings.port, settings.stakes, settings.demo_stars) == (9000, (5, 7), 1000)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"PORT": "eighty"}, "PORT is 'eighty': it must be a whole number."),
        ({"STARS_DEPOSITS": "on"}, "STARS_DEPOSITS is on: it needs a bot of its own in BOT_TOKEN."),
        ({"STARS_DEPOSITS": "yes"}, "STARS_DEPOSITS is 'yes': it must be one of off, on."),
        ({"STARS_MIN": "20", "STARS_MAX": "19"}, "STARS_MIN is 20: it must not exceed STARS_MAX (19)."),
        ({"STARS_MAXIMUM": "19"}, "STARS_MAXIMUM is not a setting. Did you mean STARS_MAX?"),
        ({"PORT": "0"}, "PORT is 0: it must be at least 1."),
        ({"PORT": "70000"}, "PORT is 70000: it must be at most 65535."),
        ({"WAIT_S": "-1"}, "WAIT_S is '-1'"),
        ({"GAME_S": "1e3"}, "GAME_S is '1e3'"),
        ({"WEB_APP_ORIGIN": "https://play.example/"}, "it must be like https://play.example, or"),
        ({"WEB_APP_ORIGIN": "https://*.pages.dev"}, "it must be like https://play.example, or"),
        ({"ENV": "test"}, "ENV is 'test': it must be one of development, production."),
        ({"STAKES": "20,,50"}, "STAKES is '20,,50'"),
        ({"STAKES": "20,20"}, "STAKES must be different"),
        ({"STAKES": "0"}, "STAKES must be different whole numbers from 1"),
        ({"MIN_PLAYERS": "5", "CAPACITY": "4"}, "MIN_PLAYERS is 5: it must not exceed CAPACITY (4)."),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL is malformed"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL is malformed"),
        ({"BOT_TOKEN": "nonsense"}, "BOT_TOKEN is malformed"),
        ({"STAKE": "20"}, "STAKE is not a setting. Did you mean STAKES?"),
        ({"HERO_TARGETS": "1"}, "HERO_TARGETS is not a setting. Did you mean HERO_TARGET?"),
        ({"DEMO_STAR": "1"}, "Did you mean DEMO_STARS?"),
        ({"JWT_KEY_FILE": "x"}, "JWT_KEY_FILE is not a setting."),
        ({"CAPACTIY": "3"}, "CAPACTIY is not a setting. Did you mean CAPACITY?"),
        ({"MIN_PLAYER": "3"}, "Did you mean MIN_PLAYERS?"),
        ({"COUNTDOWN": "3"}, "Did you mean COUNTDOWN_S?"),
    ],
)
def test_what_is_wrong_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        load_settings(environ)


def test_production_needs_what_it_says() -> None:
    settings = load_settings(PRODUCTION)
    assert settings.is_production
    assert (settings.demo_stars, settings.demo_opponents) == (0, 0)
    # `play` embeds the stores that have no address, in production too.
    assert not load_settings(PRODUCTION | {"DATABASE_URL": "", "REDIS_URL": ""}).database_url


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"JWT_SECRET": ""}, "JWT_SECRET is not set"),
    ({"JWT_SECRET": "short"}, "JWT_SECRET is too weak"),
    ({"JWT_SECRET": "a" * 64}, "JWT_SECRET is too weak"),
    ({"JWT_SECRET": STRONG + ",weak"}, "JWT_SECRET is too weak"),
    ({"JWT_SECRET": "kJ8-2hf0sPq_" * 4}, "JWT_SECRET is too weak"),
    ({"JWT_SECRET": "abcdefghijklmnopqrstuvwxyz0123456789"}, "JWT_SECRET is too weak"),
    ({"JWT_SECRET": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaabcdefghijk"}, "JWT_SECRET is too weak"),
    ({"JWT_SECRET": f"{STRONG},{STRONG}"}, "JWT_SECRET has the same secret twice"),
    ({"TELEGRAM_WEBHOOK_SECRET": "hook"}, "TELEGRAM_WEBHOOK_SECRET is too weak"),
    ({"TELEGRAM_WEBHOOK_SECRET": STRONG}, "TELEGRAM_WEBHOOK_SECRET has the same secret as JWT_SECRET"),
    ({"RECORD_SIGNING_KEY": "1" * 64}, "RECORD_SIGNING_KEY is too weak"),
    ({"RECORD_SIGNING_KEY": "0123456789abcdef" * 4}, "RECORD_SIGNING_KEY is too weak"),
    ({"TON_PAYOUT_KEY": "1" * 64}, "TON_PAYOUT_KEY is too weak"),
    ({"TON_PAYOUT_KEY": "12" * 32}, "TON_PAYOUT_KEY is too weak"),
    (
        {"TON_PAYOUT_KEY": KEY, "RECORD_SIGNING_KEY": KEY},
        "TON_PAYOUT_KEY has the same secret as RECORD_SIGNING_KEY",
    ),
    ({"TONCENTER_API_KEY": STRONG}, "TONCENTER_API_KEY has the same secret"),
    ({"BOT_TOKEN": ""}, "BOT_TOKEN is the development token"),
    ({"BOT_TOKEN": "1:short"}, "BOT_TOKEN is malformed"),
    ({"BOT_TOKEN": "123456:" + "b" * 35}, "BOT_TOKEN is too weak"),
    ({"DATABASE_URL": "postgresql://postgres:postgres@db/x"}, "DATABASE_URL has a default or weak password"),
    ({"DATABASE_URL": "postgresql://ct_gateway:ct_gateway@db/x"}, "DATABASE_URL has a default or weak password"),
    ({"DATABASE_URL": "postgresql://u@db/x?password=P%61ssw0rd1!"}, "DATABASE_URL has a default or weak password"),
    (
        {"DATABASE_URL": "postgresql://u@127.0.0.1/x?password=changeme"},
        "DATABASE_URL has a default or weak password",
    ),
    ({"DATABASE_URL": "postgresql://ct_gateway@db/x"}, "DATABASE_URL has no password"),
    ({"DATABASE_URL": "postgresql://u@/x?host=10.0.0.7"}, "DATABASE_URL has no password"),
    ({"DATABASE_URL": "postgresql://u@127.0.0.1,db2/x"}, "DATABASE_URL has no password"),
    ({"DATABASE_URL": f"postgresql://u:{STRONG}@db/x"}, "DATABASE_URL has the same secret as JWT_SECRET"),
    ({"REDIS_URL": "redis://cache:6379/0"}, "REDIS_URL has no password"),
    ({"REDIS_URL": "redis://:foobared@cache:6379/0"}, "REDIS_URL has a default or weak password"),
    ({"REDIS_URL": "redis://cache:6379/0?password=redis"}, "REDIS_URL has a default or weak password"),
    ({"REDIS_URL": "redis://:12345678@127.0.0.1:6379/0"}, "REDIS_URL has a default or weak password"),
    ({"REDIS_URL": "redis://:kV3-uQx9@cache:6379/0"}, "REDIS_URL has the same secret as DATABASE_URL"),
    ({"QUEUE_REDIS_URL": "redis://queue:6379/0"}, "QUEUE_REDIS_URL has no password"),
    ({"QUEUE_REDIS_URL": "redis://:qu@queue:6379/0"}, "QUEUE_REDIS_URL has a default or weak password"),
    ({"TELEGRAM_API_URL": "http://api.telegram.org"}, "TELEGRAM_API_URL is not https"),
    ({"TELEGRAM_API_URL": "http://127.0.0.1.example.org"}, "TELEGRAM_API_URL is not https"),
    ({"TONCENTER_URL": "http://toncenter.com/api/v3"}, "TONCENTER_URL is not https"),
    ({"TON_RATE_URL": "http://rates.example/ton"}, "TON_RATE_URL is not https"),
    ({"TON_CONNECT_MANIFEST_URL": "http://play.example/m.json"}, "TON_CONNECT_MANIFEST_URL is not https"),
    ({"PUBLIC_URL": "http://play.example"}, "PUBLIC_URL is not https"),
    ({"SENTRY_DSN": "http://key@sentry.example/1"}, "SENTRY_DSN is not https"),
    ({"WEB_APP_ORIGIN": "http://play.example"}, "WEB_APP_ORIGIN is not https"),
    ({"WEB_APP_ORIGIN": "https://*.game.pages.dev"}, "WEB_APP_ORIGIN is a pattern"),
    ({"SMTP_URL": "folder:/tmp/mail"}, "SMTP_URL is a folder"),
    (MAIL | {"SMTP_URL": "smtp+plain://relay:25"}, "SMTP_URL is without TLS"),
    (MAIL | {"SMTP_URL": "smtp://u:password@mail.example:587"}, "SMTP_URL has a default or weak password"),
    (MAIL | {"MAIL_FROM": "no-reply@localhost"}, "MAIL_FROM is not set"),
    (MAIL | {"PUBLIC_URL": ""}, "PUBLIC_URL is not set to an https address"),
    ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "TRUSTED_PROXIES has 0.0.0.0/0"),
    ({"TRUSTED_PROXIES": "127.0.0.1,::/0"}, "TRUSTED_PROXIES has ::/0"),
    ({"TRUSTED_PROXIES": "0.0.0.0/1,128.0.0.0/1"}, "TRUSTED_PROXIES has 0.0.0.0/0"),
    ({"TRUSTED_PROXIES": ",".join(f"{n}.0.0.0/8" for n in range(256))}, "TRUSTED_PROXIES has 0.0.0.0/0"),
    ({"TRUSTED_PROXIES": "::ffff:0.0.0.0/96"}, "TRUSTED_PROXIES has 0.0.0.0/0"),
    ({"TRUSTED_PROXIES": "::/1,8000::/1"}, "TRUSTED_PROXIES has ::/0"),
    ({"TRUSTED_PROXIES": "2000::/3"}, "TRUSTED_PROXIES has 2000::/3"),
    (
        {"INIT_DATA_MAX_AGE_S": "999999999999"},
        "INIT_DATA_MAX_AGE_S is 999999999999: production takes at most 604800",
    ),
    ({"STARS_LATE_S": "999999999999"}, "STARS_LATE_S is 999999999999"),
    ({"TON_LATE_S": "999999999999"}, "TON_LATE_S is 999999999999"),
    ({"TON_STARS_PER_USD": "77000"}, "TON_STARS_PER_USD is 77000"),
    ({"BONUS_STARS_PER_USD": "77000"}, "BONUS_STARS_PER_USD is 77000"),
    (DEPOSITS | {"TON_NANOTON_PER_STAR": "1"}, "TON_NANOTON_PER_STAR is 1: production takes at least"),
    (DEPOSITS | {"TON_NETWORK": "testnet", "WITHDRAWALS_PREMIUM": "on"}, "TON_NETWORK is testnet"),
    ({"DEMO_STARS": "5"}, "DEMO_STARS is set: it is for development only."),
    ({"DEMO_OPPONENTS": "5"}, "DEMO_OPPONENTS is set: it is for development only."),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_production_refuses(change: dict[str, str], message: str) -> None:
    """Each in one line that names the setting and not the secret; development takes what is no nonsense."""
    with pytest.raises(SettingsError) as refused:
        load_settings(PRODUCTION | change)
    line = str(refused.value)
    assert line.startswith(message)
    assert "\n" not in line
    assert not any(secret in line for secret in (STRONG, KEY, "foobared", "changeme", "kV3-uQx9"))


def test_every_secret_has_a_case() -> None:
    """A new one needs a look at what would be foolish in it."""
    tried = {name for change, message in REFUSED for name in change if message.startswith(name)}
    secrets = {field.name.upper() for field in dataclasses.fields(Settings) if not field.repr}
    assert secrets - tried == set(), "say in REFUSED which values of these production refuses"


@pytest.mark.parametrize(
    "change",
    [
        {"REDIS_URL": "redis://127.0.0.1:6379/0", "QUEUE_REDIS_URL": "redis://[::1]:6379/0"},
        {"REDIS_URL": "redis://localhost/0"},
        {"REDIS_URL": "rediss://:zT7_mPw2@cache/0", "QUEUE_REDIS_URL": "redis://:zT7_mPw2@cache/1"},
        {"DATABASE_URL": "postgresql://ct_gateway@/chance_tap?host=/run/postgresql"},
        {"DATABASE_URL": "postgresql://ct_gateway@127.0.0.1:5432,[::1]:5433/chance_tap"},
        {"DATABASE_URL": "postgresql://ct_gateway@[::1]:5433,127.0.0.1:5432/chance_tap"},
        {"DATABASE_URL": "postgresql://ct_gateway@db/chance_tap?sslmode=verify-full&sslcert=/etc/ct/client.pem"},
        {"TELEGRAM_API_URL": "http://127.0.0.1:8081", "TONCENTER_URL": "http://localhost:8082"},
        {"TRUSTED_PROXIES": "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7,2400:cb00::/32,173.245.48.0/20"},
        {"TRUSTED_PROXIES": "none"},
        {"PUBLIC_URL": "http://127.0.0.1:8000"},
        {"INIT_DATA_MAX_AGE_S": "604800"},
        MAIL,
        MAIL | {"SMTP_URL": "smtp+plain://127.0.0.1:25"},
        {"JWT_SECRET": f"{STRONG},Zy5-q0Kc_w8Tn2Rb7Lh4Vf9Sx1Md6Gp3"},
        {"RECORD_SIGNING_KEY": KEY, "TON_PAYOUT_KEY": KEY[::-1]},
    ],
)
def test_production_takes_what_is_reasonable(change: dict[str, str]) -> None:
    assert load_settings(PRODUCTION | change).is_production


def test_what_is_drawn_at_random_is_never_weak() -> None:
    """Ways in which people make secrets; a start that fails once in a thousand would be worse than a weak one."""
    rng = random.Random(7)
    for _ in range(2000):
        raw = rng.randbytes(32)
        assert not weak_secrets.is_weak_secret(raw[:16].hex())
        assert not weak_secrets.is_weak_secret(base64.urlsafe_b64encode(raw[:24]).decode())
        assert not weak_secrets.is_weak_key(raw.hex())
        for password in (raw[:8].hex(), base64.b64encode(raw[:12]).decode()):
            assert not weak_secrets.is_weak_password(password, names=("ct_gateway", "db"))


def test_secrets_are_not_shown() -> None:
    shown = repr(load_settings(PRODUCTION))
    for name in ("JWT_SECRET", "BOT_TOKEN", "DATABASE_URL"):
        assert PRODUCTION[name] not in shown
        with pytest.raises(SettingsError) as refused:
            load_settings(PRODUCTION | {name: "top secret, with blanks"})
        assert "top secret" not in str(refused.value)


REAL_BOT = {"BOT_TOKEN": "123456:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQ1"}
WALLET = {"TON_WALLET_ADDRESS": "0:" + "5f" * 32, "TON_NANOTON_PER_STAR": "3000000"}
PAYING = {"WITHDRAWALS_TON": "on", "TON_PAYOUT_KEY": "3c" * 32, "TON_NANOTON_PER_STAR": "3000000"}


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        (REAL_BOT | {"STARS_DEPOSITS": "on"}, "STARS_DEPOSITS"),
        (REAL_BOT | {"WITHDRAWALS_PREMIUM": "on"}, "WITHDRAWALS_PREMIUM"),
        (REAL_BOT | WALLET, "TON_WALLET_ADDRESS"),
        (PAYING, "WITHDRAWALS_TON"),
        (REAL_BOT | PAYING | {"STARS_DEPOSITS": "on", "WITHDRAWALS_PREMIUM": "on"}, "STARS_DEPOSITS"),
        (REAL_BOT | {"STARS_DEPOSITS": "on", "TELEGRAM_API_URL": "http://bot-api.internal:8081"}, "STARS_DEPOSITS"),
        (PAYING | {"TONCENTER_URL": "https://toncenter.example"}, "WITHDRAWALS_TON"),
    ],
)
def test_real_money_does_not_start_with_developments_defaults(environ: dict[str, str], named: str) -> None:
    for env in ({}, {"ENV": "development"}):
        with pytest.raises(SettingsError) as refused:
            load_settings(environ | env)
        assert str(refused.value).startswith(f"{named} moves real money, and ENV is development: set ENV=production")
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "environ",
    [
        REAL_BOT,
        REAL_BOT | {"STARS_DEPOSITS": "on", "WITHDRAWALS_PREMIUM": "on", "TELEGRAM_API_URL": "http://127.0.0.1:9"},
        REAL_BOT | WALLET | PAYING | {"TON_NETWORK": "testnet"},
        REAL_BOT | WALLET | PAYING | {"TONCENTER_URL": "http://localhost:9"},
        WALLET,
    ],
)
def test_a_bot_alone_the_test_network_and_stand_ins_are_no_real_money(environ: dict[str, str]) -> None:
    assert not load_settings(environ).is_production


def test_in_production_real_money_is_what_it_is_for() -> None:
    key = {"TON_PAYOUT_KEY": "9f0c5ab27de4816330fa7b91c2d85e46a7130bce94f2685dd17e3a60b8c9245f"}
    assert load_settings(PRODUCTION | WALLET | PAYING | key | {"STARS_DEPOSITS": "on"}).withdrawals_ton == "on"
