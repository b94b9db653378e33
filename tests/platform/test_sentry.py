"""Sentry hears of errors with their traceback, and of nothing that is secret or personal."""

import gzip
import json
import logging
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import sentry_sdk
import structlog

from chance_tap.settings import Settings
from chance_tap.telemetry import log, sentry

TOKEN = "7000000001:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQ1"
OTHER_TOKEN = "7000000002:ZZbbCCddEEffGGhhIIjjKKllMMnnOOppQQ1"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiMSJ9.c2lnbmF0dXJl"
INIT_DATA = "query_id=AAH&user=%7B%22id%22%3A7%7D&auth_date=1&hash=" + "ab" * 32
FIELD = "t0ken-in-a-field"
SECRETS = (TOKEN, OTHER_TOKEN, JWT, "ab" * 32, "%22id%22%3A7", "a-jwt-secret-of-the-settings", "p4ssw0rd-of-postgres")


@pytest.fixture
def received() -> Iterator[tuple[str, list[str]]]:
    bodies: list[str] = []

    class Peer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                raw = gzip.decompress(raw)
            bodies.append(raw.decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Peer)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://key@127.0.0.1:{server.server_port}/1", bodies
    server.shutdown()
    server.server_close()


@pytest.fixture
def clean_up() -> Iterator[None]:
    handlers, level = list(logging.root.handlers), logging.root.level
    yield
    sentry_sdk.get_client().close(timeout=2)
    # Not `init()`: it would wrap Starlette and aiohttp for the rest of this process, and read what is theirs to read.
    sentry_sdk.get_global_scope().set_client(None)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def test_errors_arrive_without_secrets(received: tuple[str, list[str]], clean_up: None) -> None:
    dsn, bodies = received
    settings = Settings(
        sentry_dsn=dsn,
        bot_token=TOKEN,
        jwt_secret="a-jwt-secret-of-the-settings,another-secret",
        database_url="postgresql://ct_gateway:p4ssw0rd-of-postgres@db/chance_tap",
    )
    log.configure("info", part="test")
    sentry.configure(settings, part="gateway")

    def fail(init_data: str) -> None:
        inner = JWT
        raise ValueError(f"cannot read {init_data} of {inner}: {TOKEN} {OTHER_TOKEN} {settings.database_url}")

    structlog.get_logger("x").info("nothing to see")
    try:
        fail(INIT_DATA)
    except ValueError:
        structlog.get_logger("x").exception("it failed", user_id=7, token=FIELD, url=settings.database_url)
    structlog.get_logger("x").error("a finding", rule="balance", secret=settings.jwt_secret)
    logging.getLogger("library").error("with %s", JWT)
    sentry_sdk.flush(5)

    events = [
        json.loads(line) for body in bodies for line in body.splitlines() if '"event_id"' in line and "level" in line
    ]
    assert len(events) == 3
    whole = "\n".join(bodies)
    assert "ValueError" in whole
    assert "in fail" in whole or '"function":"fail"' in whole
    assert '"user_id":7' in whole.replace(" ", "")
    for secret in (*SECRETS, FIELD, "another-secret"):
        assert secret not in whole, secret


def test_without_a_dsn_nothing_is_set_up(clean_up: None) -> None:
    before: list[Callable[..., object] | logging.Handler] = list(logging.root.handlers)
    sentry.configure(Settings(), part="gateway")
    assert list(logging.root.handlers) == before
