"""/auth/link and /auth/unlink: add a second log-in method to an account, and take one away, never the last.

Whoever changes the methods proves one that the account has, by its password or by fresh init data of its own Telegram,
and one that is added too: a session alone is not enough, since it may be stolen.  The change ends every other session
and is told through the method that was there before, by which it can be taken back (`/auth/object`, a button in the
chat).  Two accounts become one only where one of them never did anything.
"""

import time

from gateway.auth.emails import normalised
from gateway.auth.login import log_in
from gateway.auth.passwords import check_new
from gateway.errors import invalid
from gateway.rate_limits import WAYS_IN
from gateway.rest.endpoint import Call, Endpoint
from gateway.routes.email import VERIFY_LIFE_S, ask_mail, end_sessions
from gateway.routes.session import open_session
from gateway.schemas.accounts import Link, Linked, Unlink
from gateway.schemas.rest import Session
from persistence.errors import ErrorCode, GameError
from persistence.postgres import logins


async def link(call: Call) -> Linked:
    """Add Telegram at once, or an e-mail log-in by mail; an address whose password is right is joined at once."""
    body: Link = call.body
    if body.init_data is not None and body.email is None and body.password is None:
        return await _link_telegram(call, body, body.init_data)
    if body.init_data is None and body.email is not None and body.password is not None:
        return await _link_email(call, body, body.email, body.password)
    raise invalid("body", "must hold init_data, or email and password")


async def unlink(call: Call) -> Session:
    """Take one of two log-in methods away; every session of before is ended."""
    body: Unlink = call.body
    services = call.services
    methods = await logins.login_methods(services.db, call.user_id)
    if methods is None or methods.email is None or methods.telegram_id is None:
        raise GameError(ErrorCode.CONFLICT)
    await _prove(call, methods, init_data=body.init_data, password=body.password, prefix="")
    unlinked = await logins.unlink(services.db, call.user_id, body.way, _objection(call))
    if unlinked.status == "limit_reached":
        raise GameError(ErrorCode.LIMIT_REACHED, {"limit": "new_way", "until_ms": unlinked.until_ms})
    if unlinked.status != "ok":
        raise GameError(ErrorCode(unlinked.status))
    end_sessions(call, call.user_id, unlinked.epoch)
    return await open_session(call, call.user_id)


async def _link_telegram(call: Call, body: Link, init_data: str) -> Linked:
    services = call.services
    player = services.fresh_init_data(init_data, time.time())
    services.rates.login.take(str(player.telegram_id))
    await _prove_own(call, body)
    status, user_id = await logins.link_telegram(services.db, call.user_id, player.telegram_id, _objection(call))
    if status != "ok":
        raise GameError(ErrorCode(status))
    await log_in(services.db, services.settings, player)  # brings the name and the photo
    return await _linked(call, user_id)


async def _link_email(call: Call, body: Link, address: str, password: str) -> Linked:
    """The same work whether the address is unknown, or known with another password."""
    services = call.services
    email = normalised(address)
    methods = await _prove_own(call, body)
    if methods.email is not None:
        raise GameError(ErrorCode.CONFLICT)
    tries = await services.login_throttle.password(email, call.address)
    login = await logins.email_login(services.db, email)
    if await services.passwords.verify(login.password_hash if login else None, password, call.network):
        await services.login_throttle.give_back(tries)
        status, user_id = await logins.link_email(services.db, call.user_id, email, _objection(call))
        if status != "ok":
            raise GameError(ErrorCode(status))
        return await _linked(call, user_id)
    check_new(password, email)
    await ask_mail(call, "link", email, VERIFY_LIFE_S, password=password, user_id=call.user_id)
    return Linked(status="accepted", session=None)


async def _prove_own(call: Call, body: Link) -> logins.LoginMethods:
    methods = await logins.login_methods(call.services.db, call.user_id)
    if methods is None:
        raise GameError(ErrorCode.UNAUTHORIZED)
    await _prove(call, methods, init_data=body.own_init_data, password=body.own_password, prefix="own_")
    return methods


async def _prove(
    call: Call, methods: logins.LoginMethods, *, init_data: str | None, password: str | None, prefix: str
) -> None:
    """Let only pass who has a log-in method of the account, and not just a session.

    Raises:
        GameError: invalid_request, when no proof is given that the account could have; init_data_invalid,
            init_data_expired, forbidden (another Telegram account), bad_credentials.
    """
    services = call.services
    if methods.telegram_id is not None and init_data is not None:
        if services.fresh_init_data(init_data, time.time()).telegram_id != methods.telegram_id:
            raise GameError(ErrorCode.FORBIDDEN)
    elif methods.email is not None and password is not None:
        tries = await services.login_throttle.password(methods.email, call.address)
        if not await services.passwords.verify(methods.password_hash, password, call.network):
            raise GameError(ErrorCode.BAD_CREDENTIALS)
        await services.login_throttle.give_back(tries)
    else:
        raise invalid(prefix + ("password" if methods.telegram_id is None else "init_data"), "missing")


def _objection(call: Call) -> logins.Objection:
    return logins.Objection(*call.services.mail_tokens.make())


async def _linked(call: Call, user_id: int) -> Linked:
    """The sessions of both accounts are over: the caller gets one of who the user is now."""
    services = call.services
    services.accounts.forget(call.claims.user_id)
    session = await open_session(call, user_id)
    end_sessions(call, user_id, services.tokens.verify(session.token).epoch)
    if call.user_id != user_id:
        end_sessions(call, call.user_id, call.claims.epoch + 1)
    return Linked(status="linked", session=session)


_PROOFS = (ErrorCode.INIT_DATA_INVALID, ErrorCode.INIT_DATA_EXPIRED, ErrorCode.BAD_CREDENTIALS)

ENDPOINTS = [
    Endpoint(
        method="POST",
        path="/api/v1/auth/link",
        handler=link,
        lasting=WAYS_IN,
        summary="Add Telegram or an e-mail log-in to the account",
        body=Link,
        answer=Linked,
        codes=(*_PROOFS, ErrorCode.CONFLICT),
    ),
    Endpoint(
        method="POST",
        path="/api/v1/auth/unlink",
        handler=unlink,
        lasting=WAYS_IN,
        summary="Take a way in away, never the last one",
        body=Unlink,
        answer=Session,
        codes=(*_PROOFS, ErrorCode.CONFLICT, ErrorCode.LIMIT_REACHED),
    ),
]
