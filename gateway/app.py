"""The gateway's Starlette application: routes, and the lifespan that opens and closes what they use.

Nothing is kept here that cannot be lost: every gateway serves every player of every room.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from chance_tap.settings import Settings
from gateway.auth.accounts import Accounts
from gateway.auth.init_data import InitDataCheck
from gateway.auth.passwords import Passwords
from gateway.auth.throttle import LoginThrottle
from gateway.auth.tokens import Tokens
from gateway.cache.leaderboards import Leaderboards
from gateway.cache.tiers import TierBoard
from gateway.errors import error_response
from gateway.lifecycle.drain import Drain
from gateway.lifecycle.farewell import Farewell
from gateway.lifecycle.registration import Registration
from gateway.live.endpoint import GameEndpoint
from gateway.live.hub import Hub
from gateway.proxies import TrustedProxies
from gateway.rate_limits import LastingRates, Rates
from gateway.rest.endpoint import Endpoint, Resource
from gateway.routes import (
    auth,
    bonus,
    development,
    email,
    games,
    hero,
    leaderboard,
    linking,
    manifest,
    notices,
    offers,
    operations,
    payments,
    profile,
    records,
    referrals,
    rooms,
    spending_limits,
    telegram,
    wallet,
    withdrawals,
)
from gateway.security_headers import SecurityHeaders
from gateway.services import Services
from gateway.texts import from_accept_language
from gateway.web_app import WebApp, not_found
from gateway.ws.adapter import websocket_endpoint
from gateway.ws.connection import ENDPOINT_KEY
from persistence import ton
from persistence.accounts.mail_tokens import MailTokens
from persistence.bonus_runs import BonusRuns
from persistence.errors import ErrorCode, GameError
from persistence.payments.stars import StarPayments
from persistence.payments.ton_deposits import TonDeposits
from persistence.payments.wallets import Wallets
from persistence.payments.withdrawals import Withdrawals
from persistence.postgres.access import ROLES, Part
from persistence.postgres.pool import Database
from persistence.postgres.response_writer import ResponseWriter
from persistence.redis.store import RedisStore
from persistence.rooms.seats import Seats
from persistence.ton import exchange_rates
from persistence.ton.toncenter import Toncenter

WEBSOCKET_PATH: Final = "/api/v1/ws"
# Open from the start.  A connection is held while the event loop is busy with others, so with few of them joins wait
# for each other; each further one costs Postgres cache.  Alternating short runs of the joins bench were best at 12.
POSTGRES_CONNECTIONS: Final = 12
ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *hero.ENDPOINTS,
    *rooms.ENDPOINTS,
    *profile.ENDPOINTS,
    *bonus.ENDPOINTS,
    *auth.ENDPOINTS,
    *email.ENDPOINTS,
    *linking.ENDPOINTS,
    *games.ENDPOINTS,
    *leaderboard.ENDPOINTS,
    *records.ENDPOINTS,
    *notices.ENDPOINTS,
    *offers.ENDPOINTS,
    *referrals.ENDPOINTS,
    *payments.ENDPOINTS,
    *wallet.ENDPOINTS,
    *spending_limits.ENDPOINTS,
    *withdrawals.ENDPOINTS,
)


class Opening:
    """The services, opened by who comes first: the server, which says in one line that it cannot, or the lifespan."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        self._services: Services | None = None

    async def open(self) -> Services:
        """Open everything, once.

        Raises:
            StoreUnavailable: a store does not answer.
            UnfitStore: Redis is not configured to keep games safe.
        """
        if self._services is None:
            try:
                self._services = await _open(self._settings, self._stack)
            except BaseException:
                await self.close()
                raise
        return self._services

    def is_leaving(self) -> bool:
        """Whether this gateway takes no more players."""
        return self._services is not None and not self._services.drain.ready

    async def close(self) -> None:
        await self._stack.aclose()


def build_app(settings: Settings) -> Starlette:
    """The application; stores are opened when it starts, not here."""
    offered = [*ENDPOINTS, *(development.ENDPOINTS if development.is_offered(settings) else ())]
    routes: list[BaseRoute] = [Route(r.path, r) for r in _resources(offered)]
    routes += operations.routes(ENDPOINTS)
    routes += telegram.routes()
    routes += manifest.routes(settings)
    routes.append(WebSocketRoute(WEBSOCKET_PATH, websocket_endpoint))

    opening = Opening(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        try:
            services = await opening.open()
            app.state.services = services
            yield {ENDPOINT_KEY: services.sockets}
        finally:
            await opening.close()

    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Farewell, opening.is_leaving),
            Middleware(SecurityHeaders, settings.home_url, TrustedProxies(settings.trusted_proxies)),
            *_cross_origin(settings),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: _refused, Exception: _broken},
    )
    app.state.opening = opening
    app.router.redirect_slashes = False
    app.router.default = WebApp()
    return app


def _cross_origin(settings: Settings) -> list[Middleware]:
    """Lets the page ask from the origin that the operator named, where it lies on another host than the API.

    A `*` stands for one label of a host: the previews of a project.  No cookies are involved.
    """
    if not settings.web_app_origin:
        return []
    return [
        Middleware(
            CORSMiddleware,
            # Held against the whole of the origin.
            allow_origin_regex=re.escape(settings.web_app_origin).replace(r"\*", "[a-z0-9-]+"),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "idempotency-key"],
            expose_headers=["retry-after"],
            max_age=7200,
        )
    ]


def _resources(endpoints: list[Endpoint]) -> list[Resource]:
    by_path: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        by_path.setdefault(endpoint.path, []).append(endpoint)
    return [Resource(group) for group in by_path.values()]


async def _open(settings: Settings, stack: AsyncExitStack) -> Services:
    db = await Database.open(
        settings.database_url,
        min_size=POSTGRES_CONNECTIONS,
        max_size=POSTGRES_CONNECTIONS,
        name="gateway",
        roles=ROLES[Part.GATEWAY],
    )
    stack.push_async_callback(db.close)
    live = await RedisStore.open(settings.redis_url)
    stack.push_async_callback(live.close)
    tokens = Tokens(settings.jwt_secret.split(","), settings.jwt_life_s, login_life_s=settings.jwt_login_life_s)
    accounts = Accounts(db)
    passwords = Passwords()
    stack.callback(passwords.close)
    hub = Hub(live, settings.jwt_secret.split(",")[0], on_account=accounts.forget)
    sockets = GameEndpoint(hub, db, settings, tokens)
    await hub.start()
    stack.push_async_callback(hub.stop)
    drain = Drain(sockets, settings)
    stack.push_async_callback(drain.stop)
    registration = Registration(live, sockets, drain, settings)
    await registration.start()
    stack.push_async_callback(registration.stop)
    bot = None
    if settings.has_bot:
        from persistence.telegram import make_bot  # loads aiogram: only who has a bot pays for that

        bot = make_bot(settings)
        stack.push_async_callback(bot.session.close)
    stars = StarPayments(live, db, bot, settings)
    if settings.ton_deposits or settings.withdrawals_ton == "on":
        ton.load()
    toncenter = Toncenter.from_settings(settings)
    stack.push_async_callback(toncenter.close)
    wallets = Wallets(live, db, toncenter, settings)
    updates = None
    if bot is not None and settings.telegram_webhook_secret:
        from bot.services import Services as BotServices
        from bot.updates import open_updates

        updates = await stack.enter_async_context(open_updates(BotServices(settings, db, live, stars, wallets), bot))
    prices = exchange_rates.from_settings(settings)
    stack.push_async_callback(prices.close)
    return Services(
        settings=settings,
        db=db,
        live=live,
        seats=Seats(live, db, settings),
        bonus=BonusRuns(live, db, settings),
        bot=bot,
        stars=stars,
        ton=TonDeposits(live, db, prices, settings),
        wallets=wallets,
        withdrawals=Withdrawals(live, db, prices, settings),
        responses=ResponseWriter(db),
        sockets=sockets,
        drain=drain,
        tokens=tokens,
        init_data=InitDataCheck(settings.bot_token, settings.init_data_max_age_s),
        fresh_init_data=InitDataCheck(
            settings.bot_token, min(settings.init_data_fresh_s, settings.init_data_max_age_s)
        ),
        passwords=passwords,
        mail_tokens=MailTokens(settings.jwt_secret.split(",")),
        login_throttle=LoginThrottle(live.rate_limits, live.known_networks, passwords),
        accounts=accounts,
        tiers=TierBoard(live.lobby, settings),
        leaderboards=Leaderboards(live.leaderboards, db, live.now_ms),
        rates=Rates(),
        lasting_rates=LastingRates(live.rate_limits),
        proxies=TrustedProxies(settings.trusted_proxies),
        updates=updates,
    )


async def _refused(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses, in our shape."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    if status == 405:
        language = from_accept_language(request.headers.get("accept-language"))
        headers = dict(getattr(error, "headers", None) or {})
        return error_response(GameError(ErrorCode.METHOD_NOT_ALLOWED), language, headers)
    return not_found(request.scope)


async def _broken(request: Request, _error: Exception) -> Response:
    """A bug outside of the endpoints; Starlette raises the exception again, and the server logs it."""
    return error_response(GameError(ErrorCode.INTERNAL), from_accept_language(request.headers.get("accept-language")))
