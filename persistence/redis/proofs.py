"""Payloads for wallets to sign: each made for one user, good for a while, and taken once.

A payload that carries its own proof of origin could be used twice; so it is kept here and gone when it is taken.
"""

import re
import secrets
from typing import Final

from persistence.redis import keys
from persistence.redis.router import Router

_PAYLOAD: Final = re.compile(r"[0-9a-f]{64}")


class ProofPayloads:
    """Every method raises StoreUnavailable when Redis does not answer."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def make(self, user_id: int, life_s: int) -> str:
        """A new payload for a wallet of that user."""
        payload = secrets.token_hex(32)
        slot, key = keys.proof(user_id, payload)
        await self._router.execute(slot, "SET", key, "1", "EX", life_s)
        return payload

    async def take(self, user_id: int, payload: str) -> bool:
        """Whether it was made for that user, is still good and was never taken before.  It is gone from now on."""
        if _PAYLOAD.fullmatch(payload) is None:
            return False
        slot, key = keys.proof(user_id, payload)
        return await self._router.execute(slot, "GETDEL", key) is not None
