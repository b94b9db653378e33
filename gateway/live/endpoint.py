"""The game's address: what becomes of a socket that arrives there.

Owns the making of clients, and puts together the parts that deal with their frames.
"""

from typing import Final

from chance_tap.settings import Settings
from gateway.auth.tokens import Tokens
from gateway.live.bonus import BonusLanes
from gateway.live.client import Client
from gateway.live.dispatcher import Dispatcher
from gateway.live.hub import Hub
from gateway.live.reactions import Reactions
from gateway.live.sessions import Sessions
from gateway.proxies import TrustedProxies
from gateway.texts import from_accept_language
from gateway.ws.connection import Connection, Edge, Limits, SocketEndpoint, Visitor
from gateway.ws.frames import CloseCode
from persistence.bonus_runs import BonusRuns
from persistence.postgres.pool import Database

PATH: Final = "/api/v1/ws"


class GameEndpoint(SocketEndpoint):
    """Makes a `Client` of every socket.  Needs the running event loop."""

    def __init__(
        self, hub: Hub, db: Database, settings: Settings, tokens: Tokens, limits: Limits | None = None
    ) -> None:
        super().__init__(limits or Limits(), PATH, TrustedProxies(settings.trusted_proxies))
        self._hub = hub
        self._context = context = hub.context
        self._reactions = Reactions(context)
        dispatcher = Dispatcher(
            hub,
            Sessions(context, hub.users, db, tokens),
            self._reactions,
            BonusLanes(context, hub.users, db, BonusRuns(context.live, db, settings)),
        )
        self._dispatch = dispatcher.handle
        self._made = 0

    @property
    def shutdown_code(self) -> int:
        return CloseCode.DRAINING

    def make(self, edge: Edge, visitor: Visitor) -> Connection:
        self._made += 1
        return Client(
            self,
            edge,
            self._made,
            from_accept_language(visitor.accept_language),
            self._context.observations.origin(visitor),
            context=self._context,
            registry=self._hub,
            dispatch=self._dispatch,
        )

    def clients(self) -> list[Client]:
        """Every socket, those included that have not said who they are."""
        return [*self._hub.users, *(client for client in self.silent if isinstance(client, Client))]
