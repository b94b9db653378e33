"""From where an account was logged in to lately.  Neither is readable in a key.  Decides nothing."""

from typing import Final

from persistence.redis import keys
from persistence.redis.router import Router

KEEP_S: Final = 90 * 86_400


class KnownNetworks:
    """Every method raises StoreUnavailable when Redis does not answer."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def remember(self, account: str, network: str) -> None:
        """The account was logged in to from there."""
        slot, key = keys.known_network(account, network)
        await self._router.execute(slot, "SET", key, "1", "EX", KEEP_S)

    async def knows(self, account: str, network: str) -> bool:
        slot, key = keys.known_network(account, network)
        return bool(await self._router.execute(slot, "EXISTS", key))
