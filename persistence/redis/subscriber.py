"""Sharded subscriptions that come back by themselves.

Owns one connection a shard.  A subscription is good only once the server has acknowledged it.  After any loss (a
connection cut, a silent server, a slot that moved) the channel is subscribed again and `on_resync` names it: events
were missed, so the state must be read again.  Never interprets a message.
"""

import asyncio
import contextlib
import random
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

import hiredis

from persistence.errors import StoreUnavailable
from persistence.redis.connection import BACKOFF_S, PROBE_S, TIMEOUT_S, Access, Address, Arguments, Reply, login, pack
from persistence.redis.keys import slot_of_key
from persistence.redis.router import Router

OnMessage = Callable[[bytes, bytes], None]
OnResync = Callable[[Sequence[bytes]], None]

RETRY_S = 0.1


class _Channel:
    __slots__ = ("acked", "feed", "missed")

    def __init__(self, feed: "_Feed", acked: "asyncio.Future[None]") -> None:
        self.feed = feed
        self.acked = acked
        self.missed = False


class _Feed(asyncio.Protocol):
    """The subscriber's connection to one shard."""

    def __init__(self, owner: "Subscriber", address: Address, access: Access) -> None:
        self.address = address
        self.channels: set[bytes] = set()
        self._owner = owner
        self._access = access
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._expected: deque[tuple[bytes, bytes]] = deque()
        self._heard = 0.0
        self._lost = asyncio.Event()
        self._task = self._loop.create_task(self._keep_open(), name=f"subscriber {address.host}:{address.port}")

    def subscribe(self, channel: bytes) -> None:
        self.channels.add(channel)
        self._send(b"ssubscribe", channel)

    def unsubscribe(self, channel: bytes) -> None:
        self.channels.discard(channel)
        self._send(b"sunsubscribe", channel)

    def let_go(self, channel: bytes) -> None:
        """The channel is another feed's now.  The last one takes the connection along."""
        self.channels.discard(channel)
        if not self.channels:
            self._abort()

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if self._transport is not None:
            self._abort()
            await self._lost.wait()

    def _send(self, word: bytes, channel: bytes) -> None:
        if self._transport is not None:
            self._expected.append((word, channel))
            self._transport.write(pack((word, channel)))

    async def _keep_open(self) -> None:
        attempt = 0
        context = ssl.create_default_context() if self._access.tls else None
        while attempt == 0 or self.channels:
            await asyncio.sleep(BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)] * random.uniform(0.5, 1.5))  # noqa: S311
            attempt += 1
            self._lost.clear()
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    await self._loop.create_connection(lambda: self, self.address.host, self.address.port, ssl=context)
            except (OSError, TimeoutError):
                self._owner.lost(self)
                continue
            try:
                while not self._lost.is_set():
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(PROBE_S):
                            await self._lost.wait()
                    if self._expected and self._loop.time() - self._heard > TIMEOUT_S:
                        self._abort()
                    elif not self._expected:
                        attempt = 1
                        self._ping()
            finally:
                self._abort()
            self._owner.lost(self)
        self._owner.ended(self)

    def _ping(self) -> None:
        if self._transport is not None:
            self._heard = self._loop.time()
            self._expected.append((b"pong", b""))
            self._transport.write(pack((b"PING",)))

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = self._transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from it
        self._reader = hiredis.Reader()
        self._heard = self._loop.time()
        commands: list[Arguments] = login(self._access)
        self._expected = deque((b"login", b"") for _ in commands)
        for command in commands:
            stream.write(pack(command))
        for channel in self.channels:
            self._send(b"ssubscribe", channel)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        self._expected.clear()
        self._lost.set()

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        resynced: list[bytes] = []
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                self._take(reply, resynced)
        except (hiredis.ProtocolError, IndexError):
            self._abort()
        if resynced:
            self._owner.on_resync(resynced)

    def _take(self, reply: Reply, resynced: list[bytes]) -> None:
        if isinstance(reply, list):
            if reply[0] == b"smessage":
                self._owner.on_message(reply[1], reply[2])
                return
            if reply[0] == b"sunsubscribe" and (not self._expected or self._expected[0] != (reply[0], reply[1])):
                self._owner.strayed(self, reply[1])  # the slot left this server
                return
        word, channel = self._expected.popleft()
        if isinstance(reply, hiredis.ReplyError):
            if word == b"login":
                self._abort()
            elif word == b"ssubscribe":
                self._owner.refused(self, channel, str(reply))
        elif word == b"ssubscribe" and self._owner.acknowledged(self, channel):
            resynced.append(channel)


class Subscriber:
    """`on_message(channel, payload)` and `on_resync(channels)` are called from the event loop and must not block."""

    def __init__(self, router: Router, on_message: OnMessage, on_resync: OnResync) -> None:
        self.on_message = on_message
        self.on_resync = on_resync
        self._router = router
        self._loop = asyncio.get_running_loop()
        self._channels: dict[bytes, _Channel] = {}
        self._feeds: dict[Address, _Feed] = {}
        router.watch(self._follow_owners)

    @property
    def whole(self) -> bool:
        """True while every channel is followed and none is being subscribed anew."""
        return all(state.acked.done() and not state.missed for state in self._channels.values())

    async def subscribe(self, channel: bytes) -> None:
        """Follow a channel; returns once the server has acknowledged it.

        Raises:
            StoreUnavailable: when it did not in time; the channel is not followed then.
        """
        state = self._channels.get(channel)
        if state is None:
            feed = self._feed_of(channel)
            state = self._channels[channel] = _Channel(feed, self._loop.create_future())
            feed.subscribe(channel)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await asyncio.shield(state.acked)
        except TimeoutError as error:
            if self._channels.get(channel) is state and not state.acked.done():
                self.unsubscribe(channel)
            raise StoreUnavailable("redis") from error

    def unsubscribe(self, channel: bytes) -> None:
        """Stop following; messages already on their way may still come."""
        state = self._channels.pop(channel, None)
        if state is not None:
            state.feed.unsubscribe(channel)
            state.acked.cancel()

    async def close(self) -> None:
        for state in self._channels.values():
            state.acked.cancel()
        self._channels.clear()
        feeds = list(self._feeds.values())
        for feed in feeds:
            feed.channels.clear()
            await feed.close()

    def acknowledged(self, feed: _Feed, channel: bytes) -> bool:
        """The server follows the channel.  True if messages were missed before."""
        state = self._channels.get(channel)
        if state is None or state.feed is not feed:
            return False
        missed, state.missed = state.missed, False
        if not state.acked.done():
            state.acked.set_result(None)
        return missed

    def lost(self, feed: _Feed) -> None:
        """The connection is gone, and with it what was published since."""
        self._router.refresh()
        for channel in list(feed.channels):
            self._miss(channel)
            self._rehome(channel)

    def ended(self, feed: _Feed) -> None:
        """A feed without channels stopped."""
        if self._feeds.get(feed.address) is feed:
            del self._feeds[feed.address]

    def strayed(self, feed: _Feed, channel: bytes) -> None:
        """The server dropped a subscription by itself: its slot moved."""
        self._router.refresh()
        state = self._channels.get(channel)
        if state is not None and state.feed is feed:
            self._miss(channel)
            self._retry_later(feed, channel)

    def _follow_owners(self) -> None:
        """Slots have new owners; the old ones may still talk to those who listen, but nobody publishes there."""
        for channel in list(self._channels):
            if self._rehome(channel):
                self._miss(channel)

    def refused(self, feed: _Feed, channel: bytes, error: str) -> None:
        """A subscription was answered with an error."""
        words = error.split()
        if words[0] == "MOVED":
            self._router.moved(slot_of_key(channel), self._router.shard_at(words[2], self._router.known(feed.address)))
            self._rehome(channel)
        else:
            self._retry_later(feed, channel)

    def _retry_later(self, feed: _Feed, channel: bytes) -> None:
        def retry() -> None:
            state = self._channels.get(channel)
            if state is not None and state.feed is feed and not self._rehome(channel):
                feed.subscribe(channel)

        self._loop.call_later(RETRY_S, retry)

    def _miss(self, channel: bytes) -> None:
        state = self._channels.get(channel)
        if state is not None and state.acked.done():
            state.missed = True

    def _rehome(self, channel: bytes) -> bool:
        """Move a channel to the shard that owns its slot now.  False if that is the same as before."""
        state = self._channels.get(channel)
        if state is None:
            return False
        feed = self._feed_of(channel)
        if feed is state.feed:
            return False
        # No word to the old server: whether it has dropped the channel by itself cannot be told from its answers.
        state.feed.let_go(channel)
        state.feed = feed
        feed.subscribe(channel)
        return True

    def _feed_of(self, channel: bytes) -> _Feed:
        address = self._router.owner(slot_of_key(channel)).address
        feed = self._feeds.get(address)
        if feed is None:
            feed = self._feeds[address] = _Feed(self, address, self._router.access)
        return feed
