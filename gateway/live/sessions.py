"""From `hello` to `welcome`.

Owns which account a socket speaks for.  The token is checked at once; bans and the room to return to come from
Postgres, in one query for all who said hello meanwhile.  While Postgres is away sockets are let in and looked up
later: running games go on, and nothing that moves money relies on this check.
"""

import asyncio
from typing import Final

import structlog

from gateway.auth.tokens import Tokens
from gateway.live.client import Client
from gateway.live.context import Context
from gateway.live.progress import encode_frame
from gateway.live.users import UserSockets
from gateway.schemas.messages import Hello, Welcome
from gateway.texts import supported
from gateway.ws.frames import CloseCode
from persistence.errors import GameError, StoreUnavailable
from persistence.postgres import users
from persistence.postgres.pool import Database

log = structlog.get_logger(__name__)

MAX_BATCH: Final = 500
_RETRY_S: Final = 1.1


class Sessions:
    """Checks those who say hello."""

    def __init__(self, context: Context, users: UserSockets, db: Database, tokens: Tokens) -> None:
        self._context = context
        self._users = users
        self._db = db
        self._tokens = tokens
        self._asking: list[Client] = []
        self._task: asyncio.Task[None] | None = None
        self._unchecked: set[str] = set()  # let in while Postgres was away
        self._checking: asyncio.Task[None] | None = None

    def hello(self, client: Client, frame: Hello) -> None:
        """Bind the socket to the token's account, or close it (4501)."""
        try:
            claims = self._tokens.verify(frame.token)
        except GameError as error:
            client.close(CloseCode.TOKEN_REFUSED, error.code.value)
            return
        if frame.user_id not in (None, claims.user_id) or frame.telegram_id not in (None, claims.telegram_id):
            client.close(CloseCode.TOKEN_REFUSED, "the ids are not the token's")
            return
        client.user_id = claims.user_id
        client.telegram_id = claims.telegram_id
        client.epoch = claims.epoch
        client.settle_in()
        self._users.add(client)
        self._asking.append(client)
        if self._task is None:
            self._task = self._context.spawn(self._welcome())

    async def _welcome(self) -> None:
        try:
            while self._asking:
                batch, self._asking = self._asking[:MAX_BATCH], self._asking[MAX_BATCH:]
                wanted = {client.user_id for client in batch if client.user_id is not None and not client.is_closing}
                known = await self._look_up(wanted)
                for client in batch:
                    if client.user_id is not None and not client.is_closing:
                        self._answer(client, client.user_id, known)
        finally:
            self._task = None

    def _answer(self, client: Client, user_id: str, known: dict[int, users.Hello] | None) -> None:
        room_id = None
        if known is None:
            self._check_later(user_id)
        elif (account := known.get(int(user_id))) is None:
            client.close(CloseCode.TOKEN_REFUSED, "there is no such account")
            return
        elif account.banned:
            client.close(CloseCode.BANNED, "banned")
            return
        elif client.epoch < account.session_epoch:
            client.close(CloseCode.TOKEN_REFUSED, "the session was ended")
            return
        else:
            room_id = account.room_id
            client.language = supported(account.language) or client.language
        heartbeat_ms = int(client.endpoint.limits.heartbeat_s * 1000)
        welcome = Welcome(
            user_id=user_id,
            server_time_ms=self._context.live.now_ms(),
            heartbeat_ms=heartbeat_ms,
            room_id=room_id,
        )
        client.welcome(encode_frame(welcome))

    async def _look_up(self, user_ids: set[str]) -> dict[int, users.Hello] | None:
        """None when Postgres does not answer."""
        if not user_ids:
            return {}
        try:
            return await users.hello(self._db, [int(user_id) for user_id in user_ids])
        except StoreUnavailable:
            return None
        except Exception:
            log.exception("accounts could not be looked up")
            return None

    def _check_later(self, user_id: str) -> None:
        self._unchecked.add(user_id)
        if self._checking is None:
            self._checking = self._context.spawn(self._check())

    async def _check(self) -> None:
        try:
            while self._unchecked:
                await asyncio.sleep(_RETRY_S)
                batch = set(list(self._unchecked)[:MAX_BATCH])
                known = await self._look_up(batch)
                if known is None:
                    continue
                self._unchecked -= batch
                for user_id in batch:
                    account = known.get(int(user_id))
                    if account is None:
                        self._users.close(user_id, CloseCode.TOKEN_REFUSED)
                    elif account.banned:
                        self._users.close(user_id, CloseCode.BANNED)
                    else:
                        self._users.end_sessions(user_id, account.session_epoch)
        finally:
            self._checking = None
