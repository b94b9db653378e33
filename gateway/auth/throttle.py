"""How often somebody may try to log in, and how many mails may be caused: limits that all gateways share.

Wrong passwords are counted for the account together with the address first, so that a stranger who guesses does not
lock the owner out; then for the account and for the address with more room (a mobile network is one address).  A
network from which the account was logged in to lately is not counted with all others, whose guesses could use up what
the account has: it has an allowance of its own.  What is asked for an unknown account counts the same.  While Redis is
away the limits are open, and a metric says so.
"""

from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from gateway import metrics
from gateway.auth.emails import mailbox
from gateway.auth.passwords import Passwords
from persistence.errors import RateLimited, StoreUnavailable
from persistence.redis.known_networks import KnownNetworks
from persistence.redis.rate_limits import RateLimitCommands, SharedRateLimit

WRONG_HERE: Final = SharedRateLimit("password-here", interval_s=30, burst=10)
WRONG_ACCOUNT: Final = SharedRateLimit("password", interval_s=10, burst=60)
WRONG_KNOWN: Final = SharedRateLimit("password-known", interval_s=30, burst=20)
WRONG_ADDRESS: Final = SharedRateLimit("password-from", interval_s=1, burst=200)
TOKEN_ADDRESS: Final = SharedRateLimit("token-from", interval_s=2, burst=60)
MAIL_TO: Final = SharedRateLimit("mail-to", interval_s=900, burst=4)
MAIL_FROM: Final = SharedRateLimit("mail-from", interval_s=20, burst=30)

Limit = tuple[SharedRateLimit, str]


@dataclass(slots=True)
class Tries:
    """What a try was counted against, to be given back when it was right; and, of a password, whose and from where."""

    limits: list[Limit] = field(default_factory=list)
    login: tuple[str, str] | None = None


class LoginThrottle:
    """Each method raises RateLimited when it is too much."""

    def __init__(self, rates: RateLimitCommands, known: KnownNetworks, passwords: Passwords) -> None:
        self._rates = rates
        self._known = known
        self._passwords = passwords

    async def password(self, account: str, address: str, owner: str | None = None) -> Tries:
        """Count a try at an account's password; give it back when it was right.  `owner`: whose account it is, where
        that is not its name.

        Raises:
            RateLimited: too many were wrong.
            GameError: temporarily_unavailable, when the password could not be looked at; nothing is counted then.
        """
        network, prefix = network_of(address), prefix_of(address)
        self._passwords.require_room(network)
        known = await self._knows(account, prefix)
        of_account = (WRONG_KNOWN, f"{account} {prefix}") if known else (WRONG_ACCOUNT, account)
        tries = Tries([(WRONG_HERE, f"{account} {network}"), of_account, (WRONG_ADDRESS, network)])
        tries.login = (owner or account, address)
        await self._take(tries.limits)
        return tries

    async def token(self, address: str) -> Tries:
        """Count a try at a mailed token; give it back when it was right."""
        tries = Tries([(TOKEN_ADDRESS, network_of(address))])
        await self._take(tries.limits)
        return tries

    async def mail(self, email: str, address: str) -> None:
        """Count a mail that somebody makes us send."""
        await self._take([(MAIL_FROM, network_of(address)), (MAIL_TO, mailbox(email))])

    async def give_back(self, tries: Tries) -> None:
        """The try was right: it does not count, and its network is known to the account from now on."""
        await self._give_back(tries.limits)
        if tries.login is not None:
            await self.remember(*tries.login)

    async def remember(self, account: str, address: str) -> None:
        """Somebody at that address has shown to be the account's owner."""
        try:
            await self._known.remember(account, prefix_of(address))
        except StoreUnavailable:
            metrics.open_limits.inc()

    async def _knows(self, account: str, prefix: str) -> bool:
        try:
            return await self._known.knows(account, prefix)
        except StoreUnavailable:
            return False

    async def _give_back(self, limits: list[Limit]) -> None:
        try:
            for rate, caller in limits:
                await self._rates.give_back(rate, caller)
        except StoreUnavailable:
            metrics.open_limits.inc()

    async def _take(self, limits: list[Limit]) -> None:
        taken: list[Limit] = []
        try:
            for rate, caller in limits:
                wait_s = await self._rates.take(rate, caller)
                if wait_s > 0:
                    await self._give_back(taken)
                    raise RateLimited(wait_s)
                taken.append((rate, caller))
        except StoreUnavailable:
            metrics.open_limits.inc()


def network_of(address: str) -> str:
    """The address as far as one subscriber has it: the first 64 bits of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)


def prefix_of(address: str) -> str:
    """The addresses among which a subscriber's changes: the first 24 bits of IPv4, the first 48 of IPv6."""
    network = network_of(address)
    try:
        parsed = ip_address(network)
    except ValueError:
        return network
    return str(ip_network((parsed, 48 if isinstance(parsed, IPv6Address) else 24), strict=False))
