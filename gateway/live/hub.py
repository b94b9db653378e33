"""The registry of this gateway's sockets and of the rooms that they follow, and where what Redis publishes arrives.

Owns the rooms, and the subscription to their channels and to those of the events about users.  Keeps nothing that
cannot be read again, and never looks into a frame.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from gateway.live.client import Client
from gateway.live.context import Context
from gateway.live.room import Room
from gateway.live.user_events import UserEventRouter
from gateway.live.users import UserSockets
from gateway.ws.frames import CloseCode
from persistence.redis import keys
from persistence.redis.store import RedisStore
from persistence.redis.user_events import Entered

_USER_EVENTS: Final = frozenset(keys.USER_EVENTS_CHANNELS)


class Hub:
    """Needs the running event loop.  `start` before the first socket, `stop` after the last.

    `secret` is the same on all gateways.  `on_account` gets the id of every user whose account changed.
    """

    def __init__(
        self, live: RedisStore, secret: str, on_account: Callable[[str], None] = lambda _user_id: None
    ) -> None:
        self.context = Context(live, live.subscriber(self._on_message, self._on_resync), secret)
        self.users = UserSockets(live)
        self.rooms: dict[str, Room] = {}
        self._by_channel: dict[bytes, Room] = {}
        self._user_events = UserEventRouter(self.users, on_account)

    async def start(self) -> None:
        """Follow the events about users.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        await asyncio.gather(*map(self.context.subscriber.subscribe, keys.USER_EVENTS_CHANNELS))
        self.context.spawn(self.users.presence.keep_announcing())

    async def stop(self) -> None:
        """Send everybody elsewhere (4001), count what they sent, and let go of everything."""
        for client in self.users:
            client.close(CloseCode.DRAINING, "the gateway is leaving")
        await self.context.settle_taps()
        for room in list(self.rooms.values()):
            room.close()
        await self.context.stop()

    def room(self, room_id: str) -> Room:
        """The room of this id, which need not exist; it is forgotten again when nobody follows it.

        Raises:
            ValueError: this is no room's id.
        """
        room = self.rooms.get(room_id)
        if room is None:
            channel = keys.room(room_id).channel
            room = self.rooms[room_id] = self._by_channel[channel] = Room(self.context, room_id, channel, self._forget)
        return room

    def _forget(self, room: Room) -> None:
        if self.rooms.get(room.id) is room:
            del self.rooms[room.id]
            del self._by_channel[room.channel]
            self.context.subscriber.unsubscribe(room.channel)

    # What clients report.

    def entered(self, client: Client, room: Room) -> None:
        """A user follows a room on one socket, the latest: others of this gateway go now, those of the other gateways
        when they hear of it."""
        assert client.user_id is not None
        if not client.organizes:
            self.context.observations.entered(client, room.id)
        for other in self.users.of(client.user_id):
            if other is not client and other.room is room:
                other.close(CloseCode.REPLACED, "entered elsewhere")
        self.context.live.user_events.publish(client.user_id, Entered(room.id, client.name))

    def ended(self, client: Client) -> None:
        """The client is of no more use."""
        if client.entering is not None:
            client.entering.leave(client)
        if client.room is not None:
            client.room.leave(client)
        self.users.remove(client)

    # What Redis sends.

    def _on_message(self, channel: bytes, payload: bytes) -> None:
        room = self._by_channel.get(channel)
        if room is not None:
            room.on_message(payload)
        elif channel in _USER_EVENTS:
            self._user_events.on_message(payload)

    def _on_resync(self, channels: Sequence[bytes]) -> None:
        """Something may have been missed on these channels."""
        for channel in channels:
            room = self._by_channel.get(channel)
            if room is not None:
                room.resync()
