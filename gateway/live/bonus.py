"""Taps of bonus runs: frames in, one script call at a time for each player, the run back to the player's sockets.

Owns the order of a player's frames, and asking Postgres for a run that Redis does not know.  Never looks into a frame:
the script applies every rule to each one.
"""

from functools import partial
from typing import Final

from gateway.live import metrics
from gateway.live.context import Context
from gateway.live.progress import encode_frame
from gateway.live.socket import Socket
from gateway.live.users import UserSockets
from gateway.rate_limits import Rate
from gateway.schemas.bonus import bonus_frame
from gateway.schemas.messages import BonusTaps
from gateway.ws.connection import Mergeable
from persistence.bonus_runs import BonusRuns
from persistence.errors import ErrorCode, GameError
from persistence.postgres import bonus
from persistence.postgres.pool import Database
from persistence.redis.bonus import BonusFrame, LiveRun, TapsReply
from persistence.redis.codes import TapStatus

Batch = list[tuple[Socket, BonusTaps]]

NAME: Final = "bonus_taps"
MAX_WAITING: Final = 300
RESTORES_PER_S: Final = 1.0
RESTORES_BURST: Final = 5


class _State:
    """A run as a slow reader gets it, who needs the latest only."""

    __slots__ = ("_frame",)

    def __init__(self, run: LiveRun) -> None:
        self._frame = encode_frame(bonus_frame(run))

    def merge(self, later: Mergeable) -> Mergeable | None:
        return later if isinstance(later, _State) else None

    def encode(self) -> bytes:
        return self._frame


class BonusLanes:
    """One lane a player: what comes while a call is under way goes together in the next."""

    def __init__(self, context: Context, users: UserSockets, db: Database, runs: BonusRuns) -> None:
        self._context = context
        self._users = users
        self._db = db
        self._runs = runs
        self._lanes: dict[str, Batch] = {}
        self._restores = Rate(per_s=RESTORES_PER_S, burst=RESTORES_BURST)

    def take(self, socket: Socket, frame: BonusTaps) -> None:
        """Pass a frame on, now or behind those that are under way."""
        user_id = socket.user_id or ""
        waiting = self._lanes.get(user_id)
        if waiting is None:
            self._lanes[user_id] = []
            self._send(user_id, [(socket, frame)])
        elif len(waiting) < MAX_WAITING:
            waiting.append((socket, frame))
        else:
            socket.refuse(ErrorCode.TEMPORARILY_UNAVAILABLE, NAME, frame.seq)

    def _send(self, user_id: str, batch: Batch, *, restored: bool = False) -> None:
        frames = [
            BonusFrame(frame.count, frame.timestamp, -1 if frame.seq is None else frame.seq) for _, frame in batch
        ]
        metrics.bonus_frames.inc(len(frames))
        self._context.live.bonus.taps(user_id, frames, partial(self._done, user_id, batch, restored))

    def _done(self, user_id: str, batch: Batch, restored: bool, reply: TapsReply | Exception | None) -> None:
        if isinstance(reply, TapsReply):
            self._answer(user_id, batch, reply)
            self._next(user_id)
        elif reply is not None:
            # Whether they counted is unknown: sent again, those that did are duplicates.
            self._refuse(user_id, batch, ErrorCode.TEMPORARILY_UNAVAILABLE)
        elif restored:
            self._refuse(user_id, batch, ErrorCode.NOT_FOUND)
        else:
            self._context.spawn(self._restore(user_id, batch))

    def _answer(self, user_id: str, batch: Batch, reply: TapsReply) -> None:
        for (socket, frame), status in zip(batch, reply.statuses, strict=True):
            error = TapStatus(status).error
            if error is not None:
                socket.refuse(error, NAME, frame.seq)
        state = _State(reply.run)
        for socket in self._users.of(user_id):
            if socket.is_welcome:
                socket.send_mergeable(state)

    def _next(self, user_id: str) -> None:
        waiting = self._lanes.pop(user_id)
        if waiting:
            self._lanes[user_id] = []
            self._send(user_id, waiting)

    async def _restore(self, user_id: str, batch: Batch) -> None:
        """Load the run into Redis, as it is in Postgres and also when it is over, and apply the frames then."""
        code: ErrorCode | None = ErrorCode.INTERNAL
        try:
            self._restores.take(user_id)
            run = await bonus.latest(self._db, int(user_id))
            if run is None:
                code = ErrorCode.NOT_FOUND
            else:
                await self._runs.restore(run)
                code = None
        except GameError as error:
            code = error.code
        finally:
            if code is None:
                self._send(user_id, batch, restored=True)
            else:
                self._refuse(user_id, batch, code)

    def _refuse(self, user_id: str, batch: Batch, code: ErrorCode) -> None:
        """Refuse frames and what waits behind them: counted first, it would make those that are sent again repeats."""
        for socket, frame in [*batch, *self._lanes.pop(user_id)]:
            socket.refuse(code, NAME, frame.seq)
