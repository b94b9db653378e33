"""The services that are not ours, and the way to them that the environment says: proxies and certificates.

Owns which process asks whom, and whether that can work.  Every client of ours reads the environment by its own rules
(httpx, aiohttp, urllib3), so it is put in order once, before they do.  Must never keep a process from its start that
asks nobody through what is wrong.
"""

import re
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from chance_tap.proxies import NAMES, is_here, plain, proxy_of, split, unusable, without_proxy
from chance_tap.settings import Settings, SettingsError

PATIENCE_S: Final = 1.5
_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_HERE: Final = ("localhost", "127.0.0.1", "::1")
_PORTS: Final = {"http": 80, "https": 443}
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Service:
    """Somebody who is asked.  Through a proxy goes what speaks HTTP."""

    name: str
    url: str

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        return self.parts.hostname or ""

    @property
    def is_http(self) -> bool:
        return self.parts.scheme in _PORTS

    @property
    def has_certificate(self) -> bool:
        return self.parts.scheme in ("https", "wss", "rediss", "smtp", "smtps") and not is_here(self.host)


def asked_by(command: str, settings: Settings) -> list[Service]:
    """Whom a command has to ask, by its settings; not what a player may want, and can be told to try later."""
    parts = {"gateway", "worker", "bot"}
    if command not in parts | {"play", "chain", "money", "payments", "doctor"}:
        return []
    asked = []
    chain = settings.ton_deposits or settings.withdrawals_ton == "on"
    if settings.has_bot and command != "chain":
        asked.append(Service("Telegram", settings.telegram_api_url))
    if chain and command not in ("bot", "payments"):
        from persistence.ton.toncenter import URLS  # here: it loads httpx

        asked.append(Service("toncenter", settings.toncenter_url or URLS[settings.ton_network]))
        if settings.ton_rate_url:
            asked.append(Service("the price of TON", settings.ton_rate_url))
    if settings.smtp_url.startswith("smtp") and command in ("worker", "play", "doctor"):
        asked.append(Service("the mail server", settings.smtp_url))
    for name, url in (("Redis", settings.redis_url), ("the queue", settings.queue_redis_url)):
        if url.startswith("rediss:"):
            asked.append(Service(name, url))
    if settings.sentry_dsn and command in parts | {"play", "doctor"}:
        asked.append(Service("Sentry", settings.sentry_dsn))
    return asked


def put_in_order(environ: MutableMapping[str, str], asked: Sequence[Service], *, own_host: str = "") -> None:
    """What cannot be used is taken out, so that no client stumbles over it, and nothing on this machine is asked
    through a proxy.

    Raises:
        SettingsError: something is to be asked that way; in one line, with the variable.
    """
    if (wrong := next(problems(environ, asked), None)) is not None:
        raise SettingsError(wrong)
    for name in unusable_names(environ):
        del environ[name]
    if any(name.lower() in NAMES for name in environ):
        hosts = without_proxy(environ)
        if hosts != ["*"]:
            hosts = [*_HERE, *filter(is_here, [*(service.host for service in asked), own_host]), *hosts]
        environ["no_proxy"] = environ["NO_PROXY"] = plain(hosts)


def unusable_names(environ: Mapping[str, str]) -> list[str]:
    """Variables of proxies and certificates that nobody can be asked by."""
    proxies = [name for name in environ if name.lower() in NAMES and environ[name] and unusable(environ[name])]
    return proxies + [name for name in _CERTIFICATES if name in environ and no_certificates(name, environ[name])]


def problems(environ: Mapping[str, str], asked: Iterable[Service]) -> Iterator[str]:
    """What is in the way of whom, a line each."""
    asked = list(asked)
    by_proxy: dict[str, list[Service]] = {}
    for service in asked:
        if (name := proxy_of(service.url, environ)) is not None:
            by_proxy.setdefault(name, []).append(service)
    for name, services in by_proxy.items():
        if why := unusable(environ[name]):
            hosts = ",".join(dict.fromkeys(service.host for service in services))
            yield (
                f"{name} is {_shown(environ[name])}: {why}, and {_listed(services)} would be asked through it."
                f" Set it to an http:// proxy, or name {hosts} in NO_PROXY."
            )
    services = [service for service in asked if service.has_certificate]
    for name in _CERTIFICATES:
        if services and name in environ and (why := no_certificates(name, environ[name])):
            yield (
                f"{name} is {environ[name]!r}: {why}, and the certificate of {_listed(services)} is held against it."
                " Unset it, or name what holds certificates."
            )


def silent(environ: Mapping[str, str], asked: Iterable[Service]) -> list[str]:
    """Which proxies and services do not take a connection now, a line each; looked at all at once."""
    ways: dict[tuple[str, str, int], list[str]] = {}
    for service in asked:
        if not service.is_http:
            continue
        name = proxy_of(service.url, environ)
        url = split(environ[name]) if name else service.parts
        shown = f"{name} ({_shown(environ[name])})" if name else service.host
        ways.setdefault((shown, url.hostname or "", url.port or _PORTS[url.scheme]), []).append(service.name)
    outcomes: dict[tuple[str, str, int], str] = {}

    def look(way: tuple[str, str, int]) -> None:
        try:
            with socket.create_connection(way[1:], PATIENCE_S):
                outcomes[way] = ""
        except (OSError, UnicodeError) as error:
            outcomes[way] = getattr(error, "strerror", None) or "no answer"

    threads = [threading.Thread(target=look, args=(way,), daemon=True) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    return [
        f"{way[0]} does not answer ({why}): it is the way to {' and '.join(dict.fromkeys(names))}, tried until it does."
        for way, names in ways.items()
        if (why := outcomes.get(way, "no answer yet"))
    ]


def no_certificates(name: str, value: str) -> str:
    """Why there is nothing to hold a certificate against; empty: there is."""
    if not value:
        return "empty"
    if name == "SSL_CERT_DIR":
        folders = [folder for folder in map(Path, value.split(":")) if folder.is_dir()]
        hashed = any(_HASHED.fullmatch(entry.name) for folder in folders for entry in folder.iterdir())
        return "" if hashed else "it has no certificates by their hashes" if folders else "it is no folder"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(value)
    except ssl.SSLError:
        return "it holds no certificates"
    except OSError as error:
        return error.strerror or "it cannot be read"
    return ""


def _shown(value: str) -> str:
    """Without the login that a proxy may want."""
    scheme, between, rest = value.rpartition("://")
    return f"{scheme}{between}{rest.rpartition('@')[2]}"


def _listed(services: Sequence[Service]) -> str:
    return " and ".join(dict.fromkeys(service.name for service in services))
