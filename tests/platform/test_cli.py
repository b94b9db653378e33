"""The command line: exit codes, and one line for what the caller must put right."""

import importlib.metadata
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from chance_tap.settings import Settings
from cli import surroundings
from cli.commands.output import print_list
from cli.embedded.valkey import EmbeddedValkey
from cli.main import main
from cli.progress import progress_bar
from cli.tree import COMMANDS
from tests.platform.test_settings import PRODUCTION

PROJECT = Path(__file__).resolve().parents[2]


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
        "debts",
        "bot",
        "appeals",
        "reviews",
        "wallet-apps",
    }
    for name in COMMANDS:
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        assert f"chance-tap {name}" in capsys.readouterr().out


HEAVY = {"gateway", "workers", "bot", "persistence", "aiogram", "psycopg", "redis", "starlette", "uvicorn", "rich"}


@pytest.mark.parametrize(
    ("words", "needs_not"),
    [
        (["--help"], HEAVY | {"cli.commands", "cli.play", "cli.embedded", "cli.simulate", "pydantic", "structlog"}),
        (["verify", "--help"], HEAVY - {"persistence"}),
        (["play", "--help"], {"gateway", "workers", "bot", "aiogram", "starlette", "uvicorn", "rich"}),
        (["audit", "--help"], {"gateway", "workers", "bot", "aiogram", "starlette", "uvicorn"}),
        (["payments", "--help"], {"gateway", "workers", "starlette", "uvicorn"}),
    ],
)
def test_a_command_loads_nothing_of_the_others(words: list[str], needs_not: set[str]) -> None:
    loaded = f"import sys; from cli.main import main\ntry: main({words})\nfinally: print(*sys.modules, file=sys.stderr)"
    argv = [sys.executable, "-c", loaded]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: chance-tap")
    assert {name for name in done.stderr.split() if any(f"{name}.".startswith(f"{no}.") for no in needs_not)} == set()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "chance-tap: Missing command: `chance-tap --help` lists them."),
        (["dance"], "chance-tap: No such command 'dance'."),
        (["audt"], "chance-tap: No such command 'audt'. Did you mean 'audit'?"),
        (["--hepl"], "chance-tap: No such option: --hepl. Did you mean --help?"),
        (["audit", "--jsn"], "chance-tap audit: No such option: --jsn. Did you mean --json?"),
        (["audit", "--json=1"], "chance-tap audit: Option '--json' does not take a value."),
        (["room", "shwo", "x"], "chance-tap room: No such command 'shwo'. Did you mean 'show'?"),
        (["bonus", "refuse"], "chance-tap bonus refuse: Missing argument 'RUN'."),
        (["payments", "list", "--state", "piad"], "chance-tap payments list: Invalid value for '--state': 'piad' is"),
        (["user", "ban", "1", "--reason", " "], "chance-tap user ban: Invalid value for '--reason': 1 to 500 char"),
        (["money", "--whole", "--as-read"], "chance-tap money: --whole is not allowed with --as-read."),
        (
            ["chain", "assign", "1", "--user", "1", "--payment", "x"],
            "chance-tap chain assign: --user is not allowed wi",
        ),
    ],
)
def test_words_that_are_not_understood_are_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(said)
    assert err.count("\n") == 1


@pytest.mark.parametrize("words", [["--lim", "x"], ["--lim=x"], ["--limit=x"]])
def test_the_beginning_of_an_option_is_enough(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["appeals", "list", *words])
    assert capsys.readouterr().err.startswith("chance-tap appeals list: Invalid value for '--limit': ")


@pytest.mark.parametrize("words", [["--s", "1"], ["--opponents-", "1"], ["--", "--seed"]])
def test_but_not_where_two_begin_so(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["simulate", *words])


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"chance-tap {importlib.metadata.version('chance-tap')}\n"


def test_words_come_before_settings(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    environment.setenv("STARS_MINN", "1")
    with pytest.raises(SystemExit, match="0"):
        main(["audit", "-h"])
    with pytest.raises(SystemExit, match="2"):
        main(["audit", "--jsn"])
    assert "--jsn" in capsys.readouterr().err
    for name in ("audit", "verify", "ws-echo"):
        assert main([name, *(["x"] if name == "verify" else [])]) == 2
        assert capsys.readouterr().err == f"chance-tap {name}: STARS_MINN is not a setting. Did you mean STARS_MIN?\n"


def test_the_shell_is_told_how_a_line_goes_on(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("_CHANCE_TAP_COMPLETE", "complete_bash")
    for line, further in (("wal", ["wallet-apps"]), ("room ", ["show", "refund"]), ("audit --re", ["--repair"])):
        environment.setenv("COMP_WORDS", f"chance-tap {line}")
        environment.setenv("COMP_CWORD", str(len(f"chance-tap {line}.".split()) - 1))
        with pytest.raises(SystemExit, match="0"):
            main([])
        assert capsys.readouterr().out.split() == further


def test_tables_are_for_terminals(environment: pytest.MonkeyPatch) -> None:
    def shown(*, terminal: bool) -> str:
        class Stream(io.StringIO):
            def isatty(self) -> bool:
                return terminal

        environment.setattr("sys.stdout", stream := Stream())
        line, cells = "{0[0]}: {0[1]}".format, list[object]
        print_list([("one", 1), ("two", 20)], line=line, columns=("NAME", "N"), cells=cells, nothing="none")
        print_list([], line=line, columns=("NAME", "N"), cells=cells, nothing="none")
        return stream.getvalue()

    environment.setenv("TERM", "xterm-256color")
    environment.delenv("NO_COLOR", raising=False)
    assert shown(terminal=False) == "one: 1\ntwo: 20\nnone\n"
    assert "\x1b[" in shown(terminal=True)
    rows = [line.split() for line in re.sub(r"\x1b\[[0-9;]*m", "", shown(terminal=True)).splitlines()]
    assert ["two", "20"] in rows
    assert rows[-1] == ["none"]
    environment.setenv("COLUMNS", "8")
    assert shown(terminal=True) == "one: 1\ntwo: 20\nnone\n"  # too narrow for a whole table
    environment.delenv("COLUMNS")
    environment.setenv("NO_COLOR", "1")
    assert re.search(r"\x1b\[[0-9;]*3[0-9]m", shown(terminal=True)) is None


def test_a_bar_is_for_terminals(environment: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    environment.setenv("TERM", "xterm-256color")
    for stream, drawn in ((io.StringIO(), False), (Terminal(), True)):
        with progress_bar("counting", stream) as progress:
            progress(1, 2)
        assert ("counting" in stream.getvalue()) is drawn


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


def test_the_doctor_finds_what_others_left(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        environment.delenv(name)
    found = {
        "ALL_PROXY": "socks5://127.0.0.1:9", "SSL_CERT_FILE": "/none", "PGOPTIONS": "-c x=y", "PGSSLMODE": "require",
        "PGSERVICE": "none", "BOT_SERVICE_HOST": "10.0.0.1", "WEB_CONCURRENCY": "4", "NO_PROXY": "", "no_proxy": "",
    }  # fmt: skip
    for name, value in found.items():
        environment.setenv(name, value)
    environment.setattr(surroundings, "left_out", [])
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert "ok    environment: meant for others, not heard: PGOPTIONS, PGSERVICE, PGSSLMODE, WEB_CONCURRENCY" in said
    assert "ok    way outside: ALL_PROXY cannot be used, and nobody is asked that way" in said
    assert "ok    way outside: SSL_CERT_FILE cannot be used, and nobody is asked that way" in said
    assert "ok    way outside: nobody outside has to be asked" in said

    # With somebody to ask.
    for name, value in found.items():
        environment.setenv(name, value)
    environment.setenv("BOT_TOKEN", PRODUCTION["BOT_TOKEN"])
    environment.setenv("DATABASE_URL", "postgresql://a:b@127.0.0.1:1/x?connect_timeout=1")
    environment.setenv("PGPASSFILE", "/none")
    main(["doctor"])
    said = capsys.readouterr().out.splitlines()
    assert "ok    environment of postgres: heard beside DATABASE_URL: PGPASSFILE" in said
    assert [line for line in said if line.startswith("TO DO way outside")] == [
        "TO DO way outside: ALL_PROXY is socks5://127.0.0.1:9: SOCKS is not spoken here, and Telegram would be asked"
        " through it - Set it to an http:// proxy, or name api.telegram.org in NO_PROXY",
        "TO DO way outside: SSL_CERT_FILE is '/none': No such file or directory, and the certificate of Telegram is"
        " held against it - Unset it, or name what holds certificates",
    ]
    environment.delenv("SSL_CERT_FILE", raising=False)
    environment.setenv("ALL_PROXY", "http://127.0.0.1:9")
    main(["doctor"])
    assert (
        "TO DO way outside: ALL_PROXY (http://127.0.0.1:9) does not answer (Connection refused): it is the way to"
        " Telegram, tried until it does - look at the network, or correct what names it"
    ) in capsys.readouterr().out.splitlines()


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
