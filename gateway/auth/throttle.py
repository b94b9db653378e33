"""How often somebody may try to log in, and how many mails may be caused: limits that all gateways share.

Wrong passwords are counted for the account together with the address first, so that a stranger who guesses does not
lock the owner out; then for the account and for the address with more room (a mobile network is one address).  What
is asked for an unknown account counts the same.  While Redis is away the limits are open, and a metric says so.
"""

from ipaddress import IPv6Address, ip_address
from typing import Final

from gateway import metrics
from gateway.auth.emails import mailbox
from gateway.errors import RateLimited
from persistence.errors import StoreUnavailable
from persistence.redis.rate_limits import RateLimitCommands, SharedRateLimit

WRONG_HERE: Final = SharedRateLimit("password-here", interval_s=30, burst=10)
WRONG_ACCOUNT: Final = SharedRateLimit("password", interval_s=10, burst=60)
WRONG_ADDRESS: Final = SharedRateLimit("password-from", interval_s=1, burst=200)
TOKEN_ADDRESS: Final = SharedRateLimit("token-from", interval_s=2, burst=60)
MAIL_TO: Final = SharedRateLimit("mail-to", interval_s=900, burst=4)
MAIL_FROM: Final = SharedRateLimit("mail-from", interval_s=20, burst=30)

Limit = tuple[SharedRateLimit, str]


class LoginThrottle:
    """Each method raises RateLimited when it is too much."""

    def __init__(self, rates: RateLimitCommands) -> None:
        self._rates = rates

    async def password(self, account: str, address: str) -> list[Limit]:
        """Count a try at an account's password; give it back when it was right."""
        network = network_of(address)
        limits = [(WRONG_HERE, f"{account} {network}"), (WRONG_ACCOUNT, account), (WRONG_ADDRESS, network)]
        await self._take(limits)
        return limits

    async def token(self, address: str) -> list[Limit]:
        """Count a try at a mailed token; give it back when it was right."""
        limits = [(TOKEN_ADDRESS, network_of(address))]
        await self._take(limits)
        return limits

    async def mail(self, email: str, address: str) -> None:
        """Count a mail that somebody makes us send."""
        await self._take([(MAIL_FROM, network_of(address)), (MAIL_TO, mailbox(email))])

    async def give_back(self, limits: list[Limit]) -> None:
        """The try was right."""
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
                    await self.give_back(taken)
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
