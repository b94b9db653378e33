"""Whose app is open, by the word of the gateways that hold their sockets.

A hint: a gateway that dies leaves its word until it lapses, and one of two gateways with the same player may take it
back for a while.  It decides only whether the bot says something too.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from persistence.redis import keys
from persistence.redis.connection import ignore_reply
from persistence.redis.router import Router
from persistence.redis.scripts import ScriptSet

HOLDS_MS: Final = 45_000
_AT_ONCE: Final = 500


class PresenceCommands:
    """Users are spread over the partitions by their number."""

    def __init__(self, router: Router, scripts: ScriptSet) -> None:
        self._router = router
        self._present = scripts["presence"]

    def say(self, user_ids: Iterable[str], *, present: bool = True) -> None:
        """These have their app open, for the next while, or have closed it; without waiting for an answer."""
        for number, users in _by_partition(user_ids).items():
            at = keys.presence(number)
            for start in range(0, len(users), _AT_ONCE):
                words = (HOLDS_MS if present else 0, *users[start : start + _AT_ONCE])
                self._router.run(at.slot, self._present, at[1:], words, ignore_reply)

    async def present(self, user_ids: Iterable[str], now_ms: int) -> set[str]:
        """Those of these users whose app is open.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        found: set[str] = set()
        groups = _by_partition(user_ids)
        requests = []
        for number, users in groups.items():
            at = keys.presence(number)
            requests.append(self._router.execute(at.slot, "ZMSCORE", at.presence, *users))
        for users, scores in zip(groups.values(), await asyncio.gather(*requests), strict=True):
            pairs = zip(users, scores, strict=True)
            found.update(user for user, score in pairs if score is not None and float(score) > now_ms)
        return found


def _by_partition(user_ids: Iterable[str]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = defaultdict(list)
    for user_id in user_ids:
        groups[int(user_id) % keys.PARTITIONS].append(user_id)
    return groups
