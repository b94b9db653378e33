"""All sockets of this gateway: by user, by room, and the two streams of events that reach them.

Owns the rooms that somebody here follows, and the subscription to their channels and to the users' events.  Keeps
nothing that cannot be read again, and never looks into a taps frame.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import structlog

from chance_tap.settings import Settings
from gateway.auth.tokens import Tokens
from gateway.live import metrics
from gateway.live.bonus import BonusLanes
from gateway.live.client import Client
from gateway.live.flush_schedule import SLOT_S, PhaseRing
from gateway.live.observations import Observations
from gateway.live.presence import Presence
from gateway.live.progress import encode_frame
from gateway.live.reactions import Reactions
from gateway.live.room import Room
from gateway.live.sessions import Sessions
from gateway.live.taps import TapBuffer
from gateway.live.user_events import frame_of
from gateway.proxies import TrustedProxies
from gateway.schemas.messages import BonusTaps, ClientFrame, Enter, Hello, Ping, Pong, Reaction, Taps
from gateway.texts import from_accept_language
from gateway.ws.connection import Connection, Edge, Limits, SocketEndpoint, Visitor
from gateway.ws.frames import CloseCode
from persistence.bonus_runs import BonusRuns
from persistence.errors import ErrorCode
from persistence.postgres.pool import Database
from persistence.redis import keys, user_events
from persistence.redis.store import RedisStore
from persistence.redis.user_events import AccountChanged, Banned, Entered, SessionsEnded, Settled

log = structlog.get_logger(__name__)

PATH: Final = "/api/v1/ws"
MAX_SOCKETS_A_USER: Final = 3
LAST_TAPS_S: Final = 1.0  # how long the end waits for frames that were received to be counted
# Frames of the protocol whose games this gateway does not serve.
_ABSENT: Final = frozenset(("clicker_taps",))


class GameEndpoint(SocketEndpoint):
    """Makes a `Client` of every socket."""

    def __init__(self, hub: "Hub", limits: Limits) -> None:
        super().__init__(limits, PATH, TrustedProxies(hub.settings.trusted_proxies))
        self._hub = hub
        self._made = 0

    @property
    def shutdown_code(self) -> int:
        return CloseCode.DRAINING

    def make(self, edge: Edge, visitor: Visitor) -> Connection:
        self._made += 1
        metrics.sockets.inc()
        language = from_accept_language(visitor.accept_language)
        return Client(self._hub, edge, self._made, language, self._hub.observations.origin(visitor))


class Hub:
    """Needs the running event loop.  `start` before the first socket, `stop` after the last."""

    def __init__(
        self,
        live: RedisStore,
        db: Database,
        settings: Settings,
        tokens: Tokens,
        limits: Limits | None = None,
        on_account: Callable[[str], None] = lambda _user_id: None,
    ) -> None:
        self.live = live
        self.settings = settings
        self.endpoint = GameEndpoint(self, limits or Limits())
        self.clock = self.endpoint.clock
        self.ring = PhaseRing()
        self.observations = Observations(live, settings.jwt_secret.split(",")[0])
        self.users: dict[str, tuple[Client, ...]] = {}
        self.rooms: dict[str, Room] = {}
        self.busy: set[TapBuffer] = set()  # those with frames that no script has answered yet
        self._by_channel: dict[bytes, Room] = {}
        self._presence = Presence(live, self.users)
        self._sessions = Sessions(self, db, tokens)
        self._reactions = Reactions(self)
        self._bonus = BonusLanes(self, db, BonusRuns(live, db, settings))
        self.subscriber = live.subscriber(self._on_message, self._on_resync)
        self._on_account = on_account
        self._tasks: set[asyncio.Task[Any]] = set()
        self._name = secrets.token_hex(6)

    async def start(self) -> None:
        """Follow the users' events.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        await asyncio.gather(*map(self.subscriber.subscribe, keys.USER_EVENTS_CHANNELS))
        self.spawn(self._presence.keep_saying())

    async def stop(self) -> None:
        """Send everybody elsewhere (4001), count what they sent, and let go of everything."""
        for clients in list(self.users.values()):
            for client in clients:
                client.close(CloseCode.DRAINING, "the gateway is leaving")
        until = self.clock() + LAST_TAPS_S
        while self.busy and self.clock() < until:  # noqa: ASYNC110 - as the drain's
            await asyncio.sleep(SLOT_S)
        for room in list(self.rooms.values()):
            room.close()
        self.ring.stop()
        self.observations.stop()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.subscriber.close()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something to its end, or to the hub's."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task of the hub failed", exc_info=error)

    # Sockets.

    def clients(self) -> list[Client]:
        """Every socket, those included that have not said who they are."""
        known = [client for clients in self.users.values() for client in clients]
        return known + [client for client in self.endpoint.silent if isinstance(client, Client)]

    def register(self, client: Client) -> None:
        """The client has said who it is.  Of too many sockets of one user the oldest goes."""
        assert client.user_id is not None
        others = self.users.get(client.user_id, ())
        self.users[client.user_id] = (*others, client)
        if not others:
            self._presence.came(client.user_id)
        if len(others) >= MAX_SOCKETS_A_USER:
            others[0].close(CloseCode.REPLACED, "too many sockets")

    def detach(self, client: Client) -> None:
        """The client is of no more use."""
        metrics.sockets.dec()
        self.observations.forget(client)
        if client.entering is not None:
            client.entering.leave(client)
        if client.room is not None:
            client.room.leave(client)
        if client.user_id is not None:
            left = tuple(other for other in self.users.get(client.user_id, ()) if other is not client)
            if left:
                self.users[client.user_id] = left
            elif self.users.pop(client.user_id, None) is not None:
                self._presence.left(client.user_id)

    def close_user(self, user_id: str, code: CloseCode) -> None:
        for client in self.users.get(user_id, ()):
            client.close(code, code.name.lower())

    def end_sessions(self, user_id: str, first_epoch: int) -> None:
        """Close the sockets whose tokens are of an earlier epoch of the account's sessions."""
        for client in self.users.get(user_id, ()):
            if client.epoch < first_epoch:
                client.close(CloseCode.TOKEN_REFUSED, "the session was ended")

    # Frames, except taps on their fast road.

    def handle(self, client: Client, frame: ClientFrame) -> None:
        """Deal with a frame that is valid in itself."""
        if client.early is not None:
            self._handle_early(client, frame, client.early)
            return
        name = str(frame.__struct_config__.tag)
        if frame.user_id not in (None, client.user_id) or frame.telegram_id not in (None, client.telegram_id):
            metrics.foreign_frames.inc()
            client.refuse(ErrorCode.FORBIDDEN, name, frame.seq if isinstance(frame, Taps | BonusTaps) else None)
        elif isinstance(frame, Taps):
            if client.organizes:
                metrics.organizer_taps.inc()
            client.refuse(ErrorCode.FORBIDDEN if client.organizes else ErrorCode.NOT_FOUND, name, frame.seq)
        elif isinstance(frame, Enter):
            self._enter(client, frame.room_id)
        elif isinstance(frame, BonusTaps):
            self._bonus.take(client, frame)
        elif isinstance(frame, Reaction):
            self._reactions.take(client, frame)
        elif isinstance(frame, Ping):
            client.send(encode_frame(Pong(t=frame.t, server_time_ms=self.live.now_ms())))
        else:
            client.refuse(ErrorCode.CONFLICT, name)

    def _handle_early(self, client: Client, frame: ClientFrame, early: list[ClientFrame]) -> None:
        if client.user_id is None:
            if isinstance(frame, Hello):
                self._sessions.hello(client, frame)
            else:
                client.close(CloseCode.NO_HELLO, "the first frame must be hello")
        elif len(early) < self.endpoint.limits.frame_burst:
            early.append(frame)
        else:
            client.close(CloseCode.TOO_MANY_FRAMES, "too many frames before welcome")

    def code_for_unreadable(self, kind: str) -> ErrorCode:
        """What to say to a frame that could not be read as any of ours."""
        return ErrorCode.NOT_FOUND if kind in _ABSENT else ErrorCode.INVALID_REQUEST

    def _enter(self, client: Client, room_id: str) -> None:
        room = self.rooms.get(room_id)
        if room is None:
            try:
                channel = keys.room(room_id).channel
            except ValueError:
                client.refuse(ErrorCode.NOT_FOUND, "enter", details={"room_id": room_id})
                return
            room = self.rooms[room_id] = self._by_channel[channel] = Room(self, room_id, channel)
        if client.entering is not None and client.entering is not room:
            client.entering.leave(client)
        room.enter(client)

    # What rooms report.

    def entered(self, client: Client, room: Room) -> None:
        """The client is about to get the room's snapshot.  A user follows a room on one socket: the latest."""
        if client.room is not None and client.room is not room:
            client.room.leave(client)
        client.room = room
        client.snapshot_ms = self.live.now_ms()
        if client.entering is not room:
            return
        client.entering = None
        client.confirmed = False
        if not client.organizes:
            self.observations.entered(client, room.id)
        user_id = client.user_id or ""
        for other in self.users.get(user_id, ()):
            if other is not client and other.room is room:
                other.close(CloseCode.REPLACED, "entered elsewhere")
        self.live.user_events.publish(user_id, Entered(room.id, self._socket(client)))

    def room_emptied(self, room: Room) -> None:
        """Nobody here follows it any more."""
        if self.rooms.get(room.id) is room:
            del self.rooms[room.id]
            del self._by_channel[room.channel]
            self.subscriber.unsubscribe(room.channel)

    def count_taps(self, frames: int) -> None:
        metrics.tap_frames.inc(frames)

    def count_sent(self, frames: int) -> None:
        metrics.event_frames.inc(frames)

    def count_refusal(self, code: ErrorCode) -> None:
        metrics.refusals.labels(code.value).inc()

    # What Redis sends.

    def _on_message(self, channel: bytes, payload: bytes) -> None:
        room = self._by_channel.get(channel)
        if room is not None:
            room.on_message(payload)
        elif channel in _USER_EVENTS:
            self._on_user_event(payload)

    def _on_resync(self, channels: Sequence[bytes]) -> None:
        """Something may have been missed on these channels."""
        for channel in channels:
            room = self._by_channel.get(channel)
            if room is not None:
                room.resync()

    def _on_user_event(self, payload: bytes) -> None:
        try:
            told = user_events.decode(payload)
        except user_events.UnreadableEvent as error:
            metrics.unreadable_user_events.inc()
            log.warning("a user event could not be read", problem=str(error))
            return
        user_id, event = told.user_id, told.event
        if isinstance(event, Banned | SessionsEnded | AccountChanged):
            self._on_account(user_id)
        clients = self.users.get(user_id, ())
        if not clients:
            return
        match event:
            case Banned():
                self.close_user(user_id, CloseCode.BANNED)
            case SessionsEnded():
                self.end_sessions(user_id, event.first_epoch)
            case AccountChanged():
                pass
            case Entered():
                self._entered_elsewhere(clients, event)
            case _:
                frame = frame_of(event)
                for client in clients:
                    # A result is not for a socket that follows another room by now; its snapshot has what concerns it.
                    elsewhere = (
                        isinstance(event, Settled) and client.room is not None and client.room.id != event.room_id
                    )
                    if client.early is None and not elsewhere:
                        client.send(frame)

    def _entered_elsewhere(self, clients: tuple[Client, ...], entered: Entered) -> None:
        """Events come to all gateways in one order, so of two that enter at once all agree who was last."""
        for client in clients:
            if client.room is None or client.room.id != entered.room_id:
                continue
            if self._socket(client) == entered.socket:
                client.confirmed = True
            elif client.confirmed:
                client.close(CloseCode.REPLACED, "entered elsewhere")

    def _socket(self, client: Client) -> str:
        return f"{self._name}:{client.number}"


_USER_EVENTS: Final = frozenset(keys.USER_EVENTS_CHANNELS)
