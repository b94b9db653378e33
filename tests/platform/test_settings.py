"""Settings: what is accepted, and the one line that says why something is not."""

import re

import pytest

from chance_tap.settings import Settings, SettingsError, load_settings

PRODUCTION = {
    "ENV": "production",
    "JWT_SECRET": "kJ8-2hf0sPq_1mZx7Vb4Rt6Yu9Wn3Ec5",
    "DATABASE_URL": "postgresql://ct_gateway:s3cret@db/chance_tap",
    "REDIS_URL": "redis://cache:6379/0",
    "BOT_TOKEN": "123456:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQ1",
}


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"JWT_SECRET": ""}, "JWT_SECRET is not set"),
        ({"JWT_SECRET": "short"}, "JWT_SECRET is too weak"),
        ({"JWT_SECRET": "a" * 64}, "JWT_SECRET is too weak"),
        ({"JWT_SECRET": PRODUCTION["JWT_SECRET"] + ",weak"}, "JWT_SECRET is too weak"),
        ({"DATABASE_URL": "postgresql://postgres:postgres@db/x"}, "DATABASE_URL has a default password"),
        ({"BOT_TOKEN": ""}, "BOT_TOKEN is the development token"),
        ({"BOT_TOKEN": "1:short"}, "BOT_TOKEN is malformed"),
        ({"WEB_APP_ORIGIN": "http://play.example"}, "WEB_APP_ORIGIN is not https"),
        ({"WEB_APP_ORIGIN": "https://*.game.pages.dev"}, "WEB_APP_ORIGIN is a pattern"),
        ({"DEMO_STARS": "5"}, "DEMO_STARS is set: it is for development only."),
    ],
)
def test_production_refuses(change: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(PRODUCTION | change)


def test_secrets_are_not_shown() -> None:
    shown = repr(load_settings(PRODUCTION))
    for name in ("JWT_SECRET", "BOT_TOKEN", "DATABASE_URL"):
        assert PRODUCTION[name] not in shown
        with pytest.raises(SettingsError) as refused:
            load_settings(PRODUCTION | {name: "top secret, with blanks"})
        assert "top secret" not in str(refused.value)
