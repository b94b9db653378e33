"""The way to services that are not ours: proxies and certificates, looked at before anything starts."""

import asyncio
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import certifi
import httpx
import pytest
from aiogram.methods import GetMe

from chance_tap.proxies import proxy_of
from chance_tap.settings import Settings, SettingsError
from cli.outside import Service, asked_by, put_in_order, silent
from persistence.errors import TelegramUnavailable
from persistence.telegram import ask, make_bot
from persistence.tls import authorities

TELEGRAM = Service("Telegram", "https://api.telegram.org")
PRICE = Service("the price of TON", "http://prices.example:8080/ton")
STAND_IN = Service("Telegram", "http://127.0.0.7:8081")
QUEUE = Service("the queue", "rediss://:x@cache.example:6379/0")
TOKEN = "7000000001:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQ1"
SOCKS = "SOCKS is not spoken here, and Telegram would be asked through it."


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"ALL_PROXY": "socks5://127.0.0.1:1080"}, f"ALL_PROXY is socks5://127.0.0.1:1080: {SOCKS}"),
        ({"all_proxy": "socks5h://127.0.0.1:1080"}, f"all_proxy is socks5h://127.0.0.1:1080: {SOCKS}"),
        ({"HTTPS_PROXY": "socks4://me:secret@proxy:1"}, f"HTTPS_PROXY is socks4://proxy:1: {SOCKS}"),
        ({"https_proxy": "http://proxy:http"}, "https_proxy is http://proxy:http: it is no address, and Telegram"),
        ({"HTTPS_PROXY": "http://"}, "HTTPS_PROXY is http://: it is no address"),
        ({"HTTPS_PROXY": "http://пример:80"}, "it is no address"),
        ({"HTTPS_PROXY": "ftp://proxy:21"}, "HTTPS_PROXY is ftp://proxy:21: it is no http:// address"),
        ({"HTTPS_PROXY": "http://[::1"}, "it is no address"),
        ({"SSL_CERT_FILE": "/no/such/file"}, "SSL_CERT_FILE is '/no/such/file': No such file or directory, and the"),
        ({"SSL_CERT_FILE": "/proc/cpuinfo"}, "SSL_CERT_FILE is '/proc/cpuinfo': it holds no certificates"),
        ({"SSL_CERT_FILE": ""}, "SSL_CERT_FILE is '': empty"),
        ({"SSL_CERT_DIR": "/no/such/folder"}, "SSL_CERT_DIR is '/no/such/folder': it is no folder"),
        ({"SSL_CERT_DIR": "/proc/self/fd"}, "it has no certificates by their hashes"),
        ({"REQUESTS_CA_BUNDLE": "/etc"}, "REQUESTS_CA_BUNDLE is '/etc': "),
    ],
)
def test_what_must_go_that_way_says_what_is_wrong(environ: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(says)) as refused:
        put_in_order(dict(environ), [TELEGRAM])
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
    # Who asks nobody, or only on this machine, or whom NO_PROXY names, does not stumble over it.
    for asked in ([], [STAND_IN]):
        ours = dict(environ)
        put_in_order(ours, asked)
        assert not set(environ) & set(ours)


@pytest.mark.parametrize(
    "not_through", ["api.telegram.org", ".telegram.org", "telegram.org:443", "x, *.telegram.org", "*"]
)
def test_no_proxy_names_the_way_out(not_through: str) -> None:
    environ = {"ALL_PROXY": "socks5://127.0.0.1:1080", "NO_PROXY": not_through}
    put_in_order(environ, [TELEGRAM])
    assert "ALL_PROXY" not in environ
    environ["HTTPS_PROXY"] = "http://proxy:3128"
    assert proxy_of(TELEGRAM.url, environ) is None
    assert proxy_of("https://telegram.example", environ) == (None if not_through == "*" else "HTTPS_PROXY")


@pytest.mark.parametrize(
    ("environ", "url", "name"),
    [
        ({"HTTPS_PROXY": "http://a:1"}, "https://api.telegram.org", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://a:1"}, "http://prices.example", None),
        ({"HTTP_PROXY": "http://a:1", "ALL_PROXY": "http://b:1"}, "https://api.telegram.org", "ALL_PROXY"),
        ({"HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:1"}, "https://api.telegram.org", "https_proxy"),
        ({"HTTPS_PROXY": "http://a:1", "https_proxy": ""}, "https://api.telegram.org", None),
        ({"ALL_PROXY": "http://a:1"}, "https://localhost:8443", None),
        ({"ALL_PROXY": "http://a:1"}, "http://127.9.9.9", None),
        ({"ALL_PROXY": "http://a:1"}, "http://[::1]:80", None),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "10.0.0.0/8"}, "http://10.3.2.1", None),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "fd00::/8"}, "http://[fd00::1]", None),
        ({"ALL_PROXY": "http://a:1"}, "rediss://cache.example", None),
    ],
)
def test_the_way_by_the_rules_of_most_programs(environ: dict[str, str], url: str, name: str | None) -> None:
    assert proxy_of(url, environ) == name


@pytest.mark.parametrize(
    "no_proxy", ["", "fd00::/8,10.0.0.0/8", "[::1]", "a b,,ex.example", "http://x/", "*", "127.0.0.1"]
)
async def test_nobody_here_is_asked_through_a_proxy(no_proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By any client, whatever stands in NO_PROXY already."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    monkeypatch.setenv("no_proxy", no_proxy)
    put_in_order(os.environ, [STAND_IN], own_host="127.0.0.8")
    async with httpx.AsyncClient(verify=authorities()) as client:
        for url in (STAND_IN.url, "http://127.0.0.8", "http://localhost", "https://[::1]", "http://127.0.0.1:80"):
            assert client._transport_for_url(httpx.URL(url)) is client._transport, url


class Proxy(asyncio.Protocol):
    """Writes down what it is asked, and refuses."""

    def __init__(self, asked: list[bytes]) -> None:
        self.asked = asked

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.asked.append(data)
        self.transport.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()


async def test_telegram_is_asked_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    server = await asyncio.get_running_loop().create_server(lambda: Proxy(asked), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HTTPS_PROXY", f"me:secret@127.0.0.1:{port}")
    bot = make_bot(Settings(bot_token=TOKEN))
    with pytest.raises(TelegramUnavailable):
        await ask(bot, GetMe())
    await bot.session.close()
    server.close()
    assert asked[0].startswith(b"CONNECT api.telegram.org:443 ")
    assert b"Proxy-Authorization: Basic bWU6c2VjcmV0" in asked[0]
    assert TOKEN.encode() not in b"".join(asked)


def test_who_is_asked_by_whom() -> None:
    bare = Settings()
    assert [asked_by(part, bare) for part in ("gateway", "worker", "bot", "play")] == [[]] * 4
    full = Settings(
        bot_token=TOKEN, sentry_dsn="https://k@sentry.example/1", ton_wallet_address="0:" + "5f" * 32,
        ton_rate_url=PRICE.url, smtp_url="smtp://mail.example", queue_redis_url=QUEUE.url,
    )  # fmt: skip
    names = {part: [service.name for service in asked_by(part, full)] for part in ("gateway", "bot", "audit", "play")}
    assert names == {
        "gateway": ["Telegram", "toncenter", "the price of TON", "the queue", "Sentry"],
        "bot": ["Telegram", "the queue", "Sentry"],
        "audit": [],
        "play": ["Telegram", "toncenter", "the price of TON", "the mail server", "the queue", "Sentry"],
    }


def test_a_good_file_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "0a775a30.0").write_bytes(Path(certifi.where()).read_bytes())
    environ = {"SSL_CERT_FILE": certifi.where(), "SSL_CERT_DIR": f"/none:{tmp_path}"}
    put_in_order(environ, [TELEGRAM, QUEUE])
    assert set(environ) == {"SSL_CERT_FILE", "SSL_CERT_DIR"}
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    authorities.cache_clear()
    assert authorities().get_ca_certs()


@contextmanager
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_proxy_or_a_service_that_is_not_there_is_one_line_each() -> None:
    with listening() as port:
        there = Service("toncenter", f"http://127.0.0.1:{port}")
        assert silent({}, [there]) == []
        assert silent({"HTTPS_PROXY": f"http://127.0.0.1:{port}"}, [TELEGRAM, there]) == []
    dead = {"HTTPS_PROXY": f"http://me:secret@127.0.0.1:{port}"}
    assert silent(dead, [TELEGRAM, Service("Sentry", "https://k@sentry.example/1"), there, QUEUE]) == [
        f"HTTPS_PROXY (http://127.0.0.1:{port}) does not answer (Connection refused):"
        " it is the way to Telegram and Sentry, tried until it does.",
        "127.0.0.1 does not answer (Connection refused): it is the way to toncenter, tried until it does.",
    ]
