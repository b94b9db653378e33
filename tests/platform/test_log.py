"""Logs are one JSON object a line, without secrets, from both kinds of loggers."""

import json
import subprocess
import sys

_PROGRAM = """
import logging, structlog
from chance_tap.telemetry import log
log.configure("info", part="gateway")
structlog.get_logger().info("started", url="redis://:hidden@host:1/0", jwt_secret="hidden", port=8000)
logging.getLogger("uvicorn").warning("cannot reach %s", "postgresql://user:hidden@host/db")
structlog.get_logger().debug("not shown")
"""


def test_lines_are_json_and_hold_no_secret() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["event"], first["port"], first["part"], first["level"]) == ("started", 8000, "gateway", "info")
    assert second["event"] == "cannot reach postgresql://user:***@host/db"
    assert "hidden" not in done.stdout
