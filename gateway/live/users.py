"""The sockets of this gateway by the user that they speak for.

Owns how many one user may have, and says who has any: to Redis, so that the bot leaves them in peace.
"""

from collections.abc import Iterator
from typing import Final

from gateway.live.client import Client
from gateway.live.presence import Presence
from gateway.ws.frames import CloseCode
from persistence.redis.store import RedisStore

MAX_SOCKETS_A_USER: Final = 3


class UserSockets:
    """Those that have said hello."""

    def __init__(self, live: RedisStore) -> None:
        self._sockets: dict[str, tuple[Client, ...]] = {}
        self.presence = Presence(live, self._sockets)

    def __bool__(self) -> bool:
        return bool(self._sockets)

    def __iter__(self) -> Iterator[Client]:
        """Every socket; they may be closed meanwhile."""
        return iter([client for clients in self._sockets.values() for client in clients])

    def of(self, user_id: str) -> tuple[Client, ...]:
        """The user's sockets, the oldest first."""
        return self._sockets.get(user_id, ())

    def add(self, client: Client) -> None:
        """The client has said who it is.  Of too many sockets of one user the oldest goes."""
        assert client.user_id is not None
        others = self.of(client.user_id)
        self._sockets[client.user_id] = (*others, client)
        if not others:
            self.presence.came(client.user_id)
        if len(others) >= MAX_SOCKETS_A_USER:
            others[0].close(CloseCode.REPLACED, "too many sockets")

    def remove(self, client: Client) -> None:
        """The client is gone, whether it had said who it is or not."""
        if client.user_id is None:
            return
        left = tuple(other for other in self.of(client.user_id) if other is not client)
        if left:
            self._sockets[client.user_id] = left
        elif self._sockets.pop(client.user_id, None) is not None:
            self.presence.left(client.user_id)

    def close(self, user_id: str, code: CloseCode) -> None:
        """Close every socket of the user."""
        for client in self.of(user_id):
            client.close(code, code.name.lower())

    def end_sessions(self, user_id: str, first_epoch: int) -> None:
        """Close the sockets whose tokens are of an earlier epoch of the account's sessions."""
        for client in self.of(user_id):
            if client.epoch < first_epoch:
                client.close(CloseCode.TOKEN_REFUSED, "the session was ended")
