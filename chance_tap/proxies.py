"""Which proxy the environment names for an address, by the rules that most programs share.

Owns the names and their order: HTTPS_PROXY or HTTP_PROXY by the address, else ALL_PROXY; small letters before capitals.
This machine is never asked through a proxy, nor is what NO_PROXY names.
"""

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

NAMES: Final = ("http_proxy", "https_proxy", "all_proxy")
_SCHEMES: Final = ("http", "https")
# What every client understands: some end with a traceback over a network of IPv6.
_FIT: Final = re.compile(r"[0-9A-Za-z_.*-]+(:[0-9]+)?(/[0-9]+)?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")


def proxy_of(url: str, environ: Mapping[str, str]) -> str | None:
    """The name of the variable that says through what an address is asked; None: straight."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in _SCHEMES or is_here(host) or any(_is_of(host, each) for each in without_proxy(environ)):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        told = name if name in environ else name.upper()
        if environ.get(told):
            return told
    return None


def unusable(proxy: str) -> str:
    """Why a proxy cannot be used; empty: it can."""
    try:
        parts = split(proxy)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return "it is no address"
    if parts.scheme.startswith("socks"):
        return "SOCKS is not spoken here"
    if not parts.hostname or not has_port or re.search(r"[^!-~]", proxy):
        return "it is no address"
    return "" if parts.scheme in _SCHEMES else "it is no http:// address"


def split(proxy: str) -> SplitResult:
    """The parts of a proxy's address, which may lack its scheme; raises ValueError as `urlsplit`."""
    return urlsplit(proxy if "://" in proxy else f"http://{proxy}")


def without_proxy(environ: Mapping[str, str]) -> list[str]:
    """The hosts, domains and networks of NO_PROXY; `*` alone is all of them."""
    told = environ["no_proxy"] if "no_proxy" in environ else environ.get("NO_PROXY", "")
    hosts = [part.strip().lower().removeprefix("[").removesuffix("]") for part in told.split(",")]
    return ["*"] if "*" in hosts else [host.removeprefix("*") for host in hosts if host]


def plain(hosts: Iterable[str]) -> str:
    """A NO_PROXY of them that no client stumbles over."""
    return ",".join(dict.fromkeys(host for host in hosts if _FIT.fullmatch(host)))


def is_here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        address = ip_address(host)
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _is_of(host: str, named: str) -> bool:
    domain = named.lstrip(".").partition(":")[0] if named.count(":") < 2 else named
    if named == "*" or host == domain or host.endswith(f".{domain}"):
        return True
    try:
        return ip_address(host) in ip_network(named)
    except ValueError:
        return False
