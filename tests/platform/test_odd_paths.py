"""Names of folders that are no text, or of two lines: stores are understood, lines stay lines, logs are kept."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from chance_tap.telemetry import log
from cli.machine import on_one_line
from cli.main import main
from persistence.redis.shard import parse_info


@pytest.mark.parametrize("name", [b"\xff\xe9 data", b"\xcf\xf0\xee", b"\xed\xa0\x80", "данные".encode()])
def test_a_server_in_any_folder_is_understood(name: bytes) -> None:
    said = b"# Server\r\nserver_mode:standalone\r\nconfig_file:/srv/%b/valkey.conf\r\nrole:master\r\n" % name
    told = parse_info(said)
    assert (told["server_mode"], told["role"]) == ("standalone", "master")
    assert told["config_file"].endswith("/valkey.conf")


@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x1b", "\x85", "\u2028", "\x00"])
def test_a_line_stays_one(end: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown = on_one_line(f"/srv/two{end}lines è пространство \udcff")
    assert shown.splitlines() == [shown]
    assert shown.isprintable() or "\udcff" in shown
    assert "è пространство" in shown
    if end == "\x00":
        return  # the environment cannot hold it
    monkeypatch.setenv("DATA_DIR", f"/proc/two{end}lines")
    assert main(["play"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    handlers, level = logging.root.handlers[:], logging.root.level
    stream = io.StringIO()
    log.configure("info", stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.captureWarnings(False)
    logging.root.handlers[:], logging.root.level = handlers, level


@pytest.mark.parametrize("value", ["/srv/\udcff\udce9", "cut \ud83d", 2**70, {"deep": ["\udc00"]}])
def test_a_line_of_the_log_is_kept_whatever_it_holds(lines: io.StringIO, value: object) -> None:
    structlog.get_logger().info("found", what=value, jwt_secret="hidden")
    (line,) = lines.getvalue().splitlines()
    found = json.loads(line)
    assert (found["event"], found["what"], found["jwt_secret"]) == ("found", value, "***")
