"""What a wallet's connection from a chat has to remember, for a while.  Decides nothing."""

from typing import Final

from persistence.redis import keys
from persistence.redis.router import Router

KEEP_S: Final = 3600


class WalletSessions:
    """Values by user and name.  Every method raises StoreUnavailable when Redis does not answer."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def keep(self, user_id: int, name: str, value: str, *, for_s: int = KEEP_S) -> None:
        slot, key = keys.wallet_session(user_id, name)
        await self._router.execute(slot, "SET", key, value, "EX", for_s)

    async def get(self, user_id: int, name: str) -> str | None:
        slot, key = keys.wallet_session(user_id, name)
        value: bytes | None = await self._router.execute(slot, "GET", key)
        return None if value is None else value.decode()

    async def take(self, user_id: int, name: str) -> str | None:
        """The value, which is forgotten by this: of several who ask one gets it."""
        slot, key = keys.wallet_session(user_id, name)
        value: bytes | None = await self._router.execute(slot, "GETDEL", key)
        return None if value is None else value.decode()

    async def forget(self, user_id: int, name: str) -> None:
        slot, key = keys.wallet_session(user_id, name)
        await self._router.execute(slot, "DEL", key)
