"""/auth: from Telegram's init data to a token, and from a token to the next."""

import time

from gateway.auth.login import log_in
from gateway.rest.body import check_claimed
from gateway.rest.endpoint import Call, Endpoint, admit, authenticate, bearer_token
from gateway.routes.session import open_session
from gateway.schemas.rest import Renewal, Session, TelegramLogin
from persistence.errors import ErrorCode, GameError


async def log_in_with_telegram(call: Call) -> Session:
    """Whoever shows valid init data gets in, however often the address failed: it may be a whole mobile network's."""
    services = call.services
    body: TelegramLogin = call.body
    try:
        player = services.init_data(body.init_data, time.time())
    except GameError:
        services.rates.failed_login.take(call.address)
        raise
    if body.telegram_id not in (None, str(player.telegram_id)):
        raise GameError(ErrorCode.FORBIDDEN)
    services.rates.login.take(str(player.telegram_id))
    account = await log_in(services.db, services.settings, player)
    if body.user_id not in (None, str(account.user_id)):
        raise GameError(ErrorCode.FORBIDDEN)
    services.accounts.forget(str(account.user_id))
    return await open_session(call, account.user_id)


async def refresh(call: Call) -> Session:
    """A new token for one that still holds, whether it comes in the header or in the body; a log-in can be renewed for
    so long and no longer."""
    body: Renewal = call.body or Renewal()
    authenticate(call, bearer_token(call) or body.token)
    await admit(call)
    check_claimed(body, call.claims.user_id, call.claims.telegram_id)
    return await open_session(call, call.user_id, since_s=call.claims.since_s)


ENDPOINTS = [
    Endpoint(
        method="POST",
        path="/api/v1/auth/telegram",
        handler=log_in_with_telegram,
        summary="Log in with the Mini App's init data",
        body=TelegramLogin,
        answer=Session,
        with_token=False,
        codes=(
            ErrorCode.INIT_DATA_INVALID,
            ErrorCode.INIT_DATA_EXPIRED,
            ErrorCode.FORBIDDEN,
            ErrorCode.BANNED,
            ErrorCode.RATE_LIMITED,
        ),
    ),
    Endpoint(
        method="POST",
        path="/api/v1/auth/refresh",
        handler=refresh,
        summary="Renew an unexpired token",
        body=Renewal,
        body_optional=True,
        answer=Session,
        with_token=False,
        codes=(
            ErrorCode.UNAUTHORIZED,
            ErrorCode.TOKEN_EXPIRED,
            ErrorCode.FORBIDDEN,
            ErrorCode.BANNED,
            ErrorCode.RATE_LIMITED,
        ),
    ),
]
