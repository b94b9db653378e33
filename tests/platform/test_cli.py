"""The command line: exit codes, and one line for what the caller must put right."""

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from chance_tap.settings import Settings
from cli.embedded.valkey import EmbeddedValkey
from cli.main import main
from cli.tree import COMMANDS
from tests.platform.test_settings import PRODUCTION


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in Settings.__dataclass_fields__:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return monkeypatch


def test_every_command_of_the_house_is_there_and_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    parts = {"play", "gateway", "worker", "migrate", "simulate", "ws-echo"}
    assert set(COMMANDS) == parts | {
        "audit",
        "doctor",
        "drain",
        "verify",
        "replay",
        "leaderboard",
        "room",
        "payments",
        "bonus",
        "chain",
        "user",
        "withdrawals",
        "money",
        "bot",
        "appeals",
        "wallet-apps",
    }
    for name in COMMANDS:
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        assert f"chance-tap {name}" in capsys.readouterr().out


def test_an_unknown_command_is_refused() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["dance"])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PORT", "x", "chance-tap audit: PORT is 'x': it must be a whole number.\n"),
        ("ENV", "production", "chance-tap audit: JWT_SECRET is not set: production needs it.\n"),
        ("DATABASE_URL", "", "chance-tap audit: DATABASE_URL is not set, and no `play` runs with DATA_DIR"),
    ],
)
def test_what_the_caller_must_put_right_is_one_line(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, message: str
) -> None:
    environment.setenv(name, value)
    assert main(["audit"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(message)
    assert said.count("\n") == 1


def test_in_production_the_parts_need_their_stores(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in PRODUCTION.items():
        environment.setenv(name, value)
    for missing in ("REDIS_URL", "DATABASE_URL"):
        environment.setenv(missing, "")
        assert main(["worker"]) == 2
        assert capsys.readouterr().err == f"chance-tap worker: {missing} is not set: production needs it.\n"


def test_stores_that_are_away_or_unfit_are_one_line(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    database_url: str,
    make_valkey: Callable[..., EmbeddedValkey],
) -> None:
    environment.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    environment.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert main(["audit"]) == 2
    assert capsys.readouterr().err == "chance-tap audit: postgres does not answer.\n"

    environment.setenv("DATABASE_URL", database_url)
    evicting = make_valkey()
    with redis.Redis.from_url(evicting.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    environment.setenv("REDIS_URL", evicting.url)
    assert main(["audit"]) == 2
    assert "set maxmemory-policy noeviction" in capsys.readouterr().err


def test_migrate_and_doctor_agree(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str, redis_url: str
) -> None:
    environment.setenv("DATABASE_URL", database_url)
    environment.setenv("REDIS_URL", redis_url)
    assert main(["migrate"]) == 0
    assert capsys.readouterr().out == "Nothing to do.\n"
    main(["doctor", "--json"])
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    for name in ("settings", "postgres", "roles", "migrations", "redis", "redis memory", "redis durability", "disk"):
        assert checks[name]["todo"] == "", checks[name]
    assert main(["audit"]) == 0

    other = "INSERT INTO migrations._yoyo_migration (migration_hash, migration_id) VALUES ('h', '9999.other')"
    with psycopg.connect(database_url) as database:
        database.execute(other.encode())
    assert main(["migrate"]) == 2
    assert capsys.readouterr().err == (
        "chance-tap migrate: The database was made by another version of Chance Tap: it has 9999.other, which this"
        " version has not. Use the version that made it, or another database.\n"
    )
    main(["doctor"])
    assert "TO DO migrations: 9999.other is unknown here" in capsys.readouterr().out
    with psycopg.connect(database_url) as database:
        database.execute("DELETE FROM migrations._yoyo_migration WHERE migration_id = '9999.other'")

    assert main(["migrate", "--rollback"]) == 0
    environment.setenv("REDIS_URL", "")
    capsys.readouterr()
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "TO DO migrations: 0 applied" in said
    assert "run `chance-tap migrate`" in said
    assert "TO DO redis: no address - set REDIS_URL, or start `make play`" in said
