"""Which part of the gateway deals with a frame: everything that clients say but their taps in a room.

Owns whose frame it may be: nobody speaks for another, nobody before `welcome`.  Must never look into a frame beyond
that.
"""

from gateway.live import metrics
from gateway.live.bonus import BonusLanes
from gateway.live.client import Client
from gateway.live.hub import Hub
from gateway.live.progress import encode_frame
from gateway.live.reactions import Reactions
from gateway.live.sessions import Sessions
from gateway.schemas.messages import BonusTaps, ClientFrame, Enter, Hello, Ping, Pong, Reaction, Taps
from gateway.ws.frames import CloseCode
from persistence.errors import ErrorCode


class Dispatcher:
    """One a gateway."""

    def __init__(self, hub: Hub, sessions: Sessions, reactions: Reactions, bonus: BonusLanes) -> None:
        self._hub = hub
        self._sessions = sessions
        self._reactions = reactions
        self._bonus = bonus

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
            client.send(encode_frame(Pong(t=frame.t, server_time_ms=self._hub.context.live.now_ms())))
        else:
            client.refuse(ErrorCode.CONFLICT, name)

    def _handle_early(self, client: Client, frame: ClientFrame, early: list[ClientFrame]) -> None:
        if client.user_id is None:
            if isinstance(frame, Hello):
                self._sessions.hello(client, frame)
            else:
                client.close(CloseCode.NO_HELLO, "the first frame must be hello")
        elif len(early) < client.endpoint.limits.frame_burst:
            early.append(frame)
        else:
            client.close(CloseCode.TOO_MANY_FRAMES, "too many frames before welcome")

    def _enter(self, client: Client, room_id: str) -> None:
        try:
            room = self._hub.room(room_id)
        except ValueError:
            client.refuse(ErrorCode.NOT_FOUND, "enter", details={"room_id": room_id})
        else:
            client.enter(room)
