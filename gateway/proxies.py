"""Whom a request comes from: the peer of the connection or, behind balancers of ours, whom they say.

Owns the reading of `X-Forwarded-For`, and who is believed at all.  Each proxy adds at the end whom it was asked by, so
the list is read from there: as far as our own proxies go it is true, and the first address that is none of them is the
client's.  What stands before that was written by the client itself and must never be believed; nor must anything, where
the peer is no proxy of ours.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.types import Scope

Address = IPv4Address | IPv6Address
_HEADER: Final = b"x-forwarded-for"


class TrustedProxies:
    """`networks`: where our balancers are; with none nobody is believed."""

    def __init__(self, networks: tuple[str, ...] = ()) -> None:
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(each) for each in networks]

    def client(self, peer: str, forwarded_for: str) -> str:
        """The client's address, where `peer` is whom the connection comes from."""
        address = _parse(peer)
        if address is None:
            return peer
        for hop in reversed(forwarded_for.split(",")):
            named = _parse(hop.strip())
            # What cannot be read was not written by a proxy of ours.
            if named is None or not self._trusts(address):
                break
            address = named
        return str(address)

    def client_of(self, scope: Scope) -> str:
        """The same of an ASGI request."""
        client = scope.get("client")
        if not client:
            return ""
        # A proxy may add a line of its own instead of adding to the last one.
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER]
        return self.client(client[0], ",".join(lines))

    def trusts_peer_of(self, scope: Scope) -> bool:
        """Whether an ASGI request comes from a proxy of ours, so that its headers can be believed."""
        client = scope.get("client")
        address = _parse(client[0]) if client else None
        return address is not None and self._trusts(address)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def _parse(text: str) -> Address | None:
    """An address, also with a port, also of IPv4 in IPv6's clothes; None: it is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
