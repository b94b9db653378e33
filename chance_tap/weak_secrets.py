"""Which secrets are none, and which addresses would give them away: what production refuses.

Pure: it is handed texts and answers; must never print or raise what it was handed.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from itertools import pairwise
from typing import Final, NamedTuple
from urllib.parse import parse_qs, unquote

MINIMUM_SECRET_LENGTH: Final = 32
MINIMUM_SECRET_VARIETY: Final = 10  # different characters: `aaaa…` is long and no secret
MINIMUM_BITS: Final = 80.0  # Shannon's, of its own letters: `ababab…cd` is long and varied, and no secret
MINIMUM_PASSWORD_LENGTH: Final = 8
MINIMUM_PASSWORD_VARIETY: Final = 5

# Of what is tried first, with what our own examples and images of servers have.
_COMMON: Final = frozenset(
    """
    admin administrator chance chancetap changeit changeme changethis database default dragon example foobar foobared
    guest iloveyou letmein master monkey pass password passwort postgres postgresql public qwerty qwertyuiop redis
    replaceme root sample secret superuser supersecret temp test testing tester user username valkey welcome
    yourpassword
    """.split()  # noqa: SIM905 - to be read
)
_NOT_A_LETTER: Final = re.compile(r"[^a-z]")
_AROUND: Final = re.compile(r"^[^a-z]+|[^a-z]+$")
_DIGITS_AS_LETTERS: Final = str.maketrans("013457$@", "oleastsa")
_ADDRESS: Final = re.compile(r"(?:[^:/?#]+:)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?")
_LOCAL: Final = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|::1")

# The widest network that is somebody's own: 10.0.0.0/8.  IPv6 has more room; what is private there is wider.
_WIDEST_V4: Final = 8
_WIDEST_V6: Final = 16
_PRIVATE_V6: Final = (IPv6Network("fc00::/7"), IPv6Network("fe80::/10"))
_V4_IN_V6: Final = IPv6Network("::ffff:0:0/96")


def is_weak_secret(secret: str) -> bool:
    """Whether a text that nobody has to remember is too short, of few characters, repeated or in a row."""
    return (
        len(secret) < MINIMUM_SECRET_LENGTH
        or len(set(secret)) < MINIMUM_SECRET_VARIETY
        or _bits(secret) < MINIMUM_BITS
        or _repeats(secret)
        or _runs(secret)
    )


def is_weak_key(digits: str) -> bool:
    """Whether a key of 64 hex digits was typed, and not drawn."""
    return len(set(digits.lower())) < MINIMUM_SECRET_VARIETY or _repeats(digits) or _runs(digits)


def is_weak_password(password: str, *, names: Iterable[str] = ()) -> bool:
    """Whether a password is one of those that are tried first, or nearly; `names` stand beside it in the open."""
    plain = password.lower()
    bare = _AROUND.sub("", plain)
    spelt = {_NOT_A_LETTER.sub("", text) for text in (plain, bare.translate(_DIGITS_AS_LETTERS))}
    return (
        len(password) < MINIMUM_PASSWORD_LENGTH
        or len(set(password)) < MINIMUM_PASSWORD_VARIETY
        or any(word in _COMMON and len(word) * 2 >= len(plain) for word in spelt)
        or plain in {name.lower() for name in names}
        or _repeats(password)
        or _runs(password)
    )


def passwords_of(url: str) -> list[str]:
    """Every password in the address of a store, whichever part of it names one."""
    address = _read(url)
    found = [unquote(address.password)] if address.password else []
    return found + address.query.get("password", [])


def names_of(url: str) -> list[str]:
    """What else the address of a store says: user, host and database."""
    address = _read(url)
    named = [address.user, *map(_host_name, address.hosts), address.path.lstrip("/")]
    asked = (*address.query.get("user", []), *address.query.get("dbname", []))
    return [unquote(name) for name in (*named, *asked) if name]


def logs_in_otherwise(url: str) -> bool:
    """Whether the address of a Postgres names a certificate or a file of passwords."""
    return bool(_read(url).query.keys() & {"sslcert", "passfile", "service"})


def is_local(url: str) -> bool:
    """Whether what is sent to an address stays on this machine."""
    return all(_is_local_host(host) for host in hosts_of(url))


def hosts_of(url: str) -> list[str]:
    """The servers that the address of a store names, as they stand there; a Postgres may have several."""
    address = _read(url)
    return [host for part in (*address.query.get("host", []), *address.hosts) for host in part.split(",") if host]


def _is_local_host(host: str) -> bool:
    return host.startswith("/") or _LOCAL.fullmatch(_host_name(host)) is not None  # "/": a socket in the file system


def _host_name(host: str) -> str:
    """Without port and brackets."""
    name = re.sub(r":[0-9]*$", "", host) if host.count(":") <= 1 or "]" in host else host
    return name.strip("[]").lower()


class _Address(NamedTuple):
    user: str
    password: str
    hosts: list[str]
    path: str
    query: dict[str, list[str]]


def _read(url: str) -> _Address:
    """The parts of an address (RFC 3986, appendix B).  The later ones of Python's own readers refuse several hosts of
    which one is in brackets, as libpq takes them."""
    found = _ADDRESS.match(url)
    netloc, path, query = found.groups("") if found else ("", "", "")
    login, _, hosts = netloc.rpartition("@")
    user, _, password = login.partition(":")
    return _Address(user, password, hosts.split(","), path, parse_qs(query))


def too_wide(networks: Iterable[str]) -> str | None:
    """The network that would let in as good as everybody, of these taken together; None: there is none."""
    parsed = [ip_network(network) for network in networks]
    fours = [network for network in parsed if isinstance(network, IPv4Network)]
    sixes = [network for network in parsed if isinstance(network, IPv6Network)]
    inside = [network for network in sixes if network.subnet_of(_V4_IN_V6)]
    fours += [IPv4Network((int(n.network_address) & 0xFFFFFFFF, n.prefixlen - 96)) for n in inside]
    for four in collapse_addresses(fours):
        if four.prefixlen < _WIDEST_V4:
            return str(four)
    for six in collapse_addresses([network for network in sixes if network not in inside]):
        if six.prefixlen < _WIDEST_V6 and not any(six.subnet_of(private) for private in _PRIVATE_V6):
            return str(six)
    return None


def shared(secrets: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """The first two names that hold the same secret."""
    first: dict[str, str] = {}
    for name, secret in secrets:
        if secret in first:
            return first[secret], name
        first[secret] = name
    return None


def _bits(text: str) -> float:
    """Shannon's entropy of a text's own letters, all together."""
    return -sum(count * math.log2(count / len(text)) for count in Counter(text).values())


def _repeats(text: str) -> bool:
    """Whether it is a shorter text again and again, the last time perhaps cut short."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _runs(text: str) -> bool:
    """Whether over half of it goes on as it began: `abcdef…`, `987654…`, `aaaa…`."""
    steps = list(_steps(text))
    return sum(one == other and abs(one) <= 1 for one, other in pairwise(steps)) > len(text) / 2


def _steps(text: str) -> Iterator[int]:
    return (ord(other) - ord(one) for one, other in pairwise(text))
